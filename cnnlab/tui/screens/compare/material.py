"""What the history knows of the runs that are compared, read on a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnlab.analysis.comparison import Comparison, compare
from cnnlab.analysis.curves import RunSeries
from cnnlab.analysis.following import FollowedRun
from cnnlab.events import CheckpointKind
from cnnlab.export.comparison_words import curve_label, labels
from cnnlab.history.queries import Reader
from cnnlab.home import Home


@dataclass(frozen=True)
class Material:
    """A comparison with the names of its groups, and the curves of its runs with theirs."""

    comparison: Comparison
    names: tuple[str, ...]
    series: tuple[RunSeries, ...]
    curve_names: tuple[str, ...]


class Desk:
    """Reads the runs again and again: of their curves only what is new each time.

    Not for several threads at once.
    """

    def __init__(self, home: Home, run_ids: Sequence[str]) -> None:
        self._home = home
        self._followed = {run_id: FollowedRun(run_id) for run_id in run_ids}

    def read(self, checkpoint: CheckpointKind, *, fold: bool) -> Material:
        """The runs as they are now, all of one moment.

        Raises:
            HistoryError: the history cannot be read.
        """
        with Reader(self._home) as reader, reader.moment():
            comparison = compare(reader, list(self._followed), checkpoint, fold=fold)
            names = tuple(labels(comparison))
            series, curve_names = [], []
            for name, group in zip(names, comparison.groups, strict=True):
                for at, run in enumerate(group.runs):
                    followed = self._followed[run.id]
                    followed.refresh(reader)
                    if followed.series is not None:
                        series.append(followed.series)
                        curve_names.append(curve_label(name, group, at))
        return Material(comparison, names, tuple(series), tuple(curve_names))
