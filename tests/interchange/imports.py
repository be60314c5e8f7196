"""Curves brought into a test's home, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnlab.analysis.curves import RunSeries, read_series
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.interchange.readers import ImportOptions, import_runs


@dataclass
class Brought:
    """An imported run with its course, and what a user was told of it and what was beside it."""

    series: RunSeries
    remarks: tuple[str, ...]
    notes: tuple[str, ...]
    beside: tuple[str, ...] = ()

    def epochs(self, *fields: str) -> list[tuple[Any, ...]]:
        """Fields of its epochs."""
        return [tuple(getattr(one, field) for field in fields) for one in self.series.epochs]

    def steps(self) -> list[tuple[float, ...]]:
        """Step, loss, accuracy and lr of its steps."""
        steps = self.series.steps
        columns = (steps.step, steps.loss, steps.accuracy, steps.lr)
        return list(zip(*(column.tolist() for column in columns), strict=True))


def bring(home: Home, path: Path, **options: Any) -> list[Brought]:
    """Imports a file or folder."""
    found = []
    for arrival in import_runs(home, [path], ImportOptions(**options)):
        with Reader(home) as reader:
            series = read_series(reader, arrival.written.id)
            notes = tuple(one.text for one in reader.notes([series.run.id])[series.run.id])
        found.append(Brought(series, arrival.run.remarks, notes, arrival.run.beside))
    return found
