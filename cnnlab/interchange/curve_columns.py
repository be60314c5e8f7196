"""The columns of one CSV table as curves: which of them tell where rows belong, which hold figures.

Rows belong to the steps or epochs that a column tells. Where none does, they are counted: as the
steps of the epochs that are told, or as epochs. What is not read is told by its name.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from cnnlab.amounts import how_many
from cnnlab.interchange.csv_table import RUN, Column, Table, rows_have
from cnnlab.interchange.curve_axes import Axes, Point, Trace, is_a_place
from cnnlab.interchange.curve_names import AXES, Meaning, read_names
from cnnlab.interchange.curve_rows import is_a_time

Places = Sequence[float | None]
"""Where each row belongs; None where nothing tells."""


@dataclass
class TableCurves:
    """What one table tells of a run.

    Attributes:
        file: its name.
        axes: how its curves count.
        epochs: the epoch at each step, where rows tell both.
        rows_are: what rows count as, where no column tells it.
        places: what the columns tell that are no curves, by their names.
        gaps: how many cells of each column that is read hold something that is no finite number.
        blank: names that are known, of columns without a number that fits.
        unread: other names that are not read.
        remarks: what a user should know of how it was read.
    """

    file: str
    traces: list[Trace] = field(default_factory=list)
    axes: Axes = field(default_factory=lambda: Axes(frozenset()))
    epochs: Trace | None = None
    rows_are: Literal["", "steps", "epochs"] = ""
    places: dict[str, str] = field(default_factory=dict)
    gaps: dict[str, int] = field(default_factory=dict)
    blank: dict[str, Meaning] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def of_steps(self) -> list[Trace]:
        """The curves whose x is a step."""
        return [one for one in self.traces if one.name not in self.axes.of_epochs]

    def qualify(self, names: Collection[str]) -> None:
        """Puts the file before names that curves of other tables have, too."""
        called = {name: f"{self.file}: {name}" for name in names}
        self.traces = [replace(one, name=called.get(one.name, one.name)) for one in self.traces]
        of_epochs = frozenset(called.get(name, name) for name in self.axes.of_epochs)
        self.axes = replace(self.axes, of_epochs=of_epochs)
        self.gaps = {called.get(name, name): count for name, count in self.gaps.items()}


def table_curves(table: Table, by_hand: Mapping[str, str]) -> TableCurves:
    """The curves in a table of one run.

    Args:
        by_hand: names of columns by the fields that a user gave them for.
    """
    meanings = read_names(table.columns, by_hand)
    columns = {name: table.columns[name] for name in meanings}
    found = TableCurves(table.path.name, remarks=list(table.remarks))
    times, epochs, steps = (
        _axis(found, quantity, columns, meanings) for quantity in ("time", "epoch", "step")
    )
    curves = _Curves(columns, meanings, times or [None] * table.rows)
    if steps is not None:
        _read_by_steps(found, curves, steps, epochs)
    elif epochs is not None:
        _read_by_epochs(found, curves, epochs)
    else:
        _read_by_rows(found, curves)
    read = {*found.places, *(one.name for one in found.traces)}
    found.gaps = {name: column.gaps for name, column in columns.items() if name in read}
    found.blank = {
        name: meaning
        for name, meaning in meanings.items()
        if name not in read and not any(_fits(meaning, one) for one in columns[name].numbers)
    }
    named = [name for name in table.columns if name and name != RUN]
    found.unread = [name for name in named if name not in read and name not in found.blank]
    return found


def _fits(meaning: Meaning, number: float | None) -> bool:
    """Whether a number can be of what its column tells."""
    if number is None or meaning.quantity not in AXES:
        return number is not None
    return is_a_time(number) if meaning.quantity == "time" else is_a_place(number)


def _axis(
    found: TableCurves,
    quantity: str,
    columns: Mapping[str, Column],
    meanings: Mapping[str, Meaning],
) -> Places | None:
    """The first column that tells where rows belong; None if there is none with numbers."""
    for name, meaning in meanings.items():
        if meaning.quantity != quantity:
            continue
        column = [one if _fits(meaning, one) else None for one in columns[name].numbers]
        known = [one for one in column if one is not None]
        # As steps do that are counted within each epoch.
        if quantity == "step" and any(later < one for one, later in pairwise(known)):
            found.remarks.append(f"{name!r} goes back, so it does not count steps throughout.")
        elif known:
            found.places[name] = quantity
            return column
    return None


@dataclass(frozen=True)
class _Curves:
    """The columns of a table, and the times of its rows; some of the columns hold curves."""

    columns: Mapping[str, Column]
    meanings: Mapping[str, Meaning]
    times: Places

    def names(self) -> list[str]:
        """The names of those that hold curves."""
        return [one for one, meaning in self.meanings.items() if meaning.quantity not in AXES]

    def at(self, places: Places) -> list[Trace]:
        """The curves, points in the order of their places; those without a number left out."""
        traces = []
        for name in self.names():
            column = self.columns[name]
            points = [
                Point(x, value, time)
                for x, value, time in zip(places, column.numbers, self.times, strict=True)
                if x is not None and value is not None
            ]
            points.sort(key=lambda point: point.x)
            if points:
                traces.append(Trace(name, self.meanings[name], points, column.in_percent))
        return traces

    def by_row(self) -> list[Trace]:
        """The curves over the rows, which are counted from 1."""
        return self.at([float(number) for number in range(1, len(self.times) + 1)])

    def lost(self, places: Places) -> int:
        """How many rows have figures, but no place."""
        columns = [self.columns[name].numbers for name in self.names()]
        return sum(
            x is None and any(column[row] is not None for column in columns)
            for row, x in enumerate(places)
        )


def _read_by_steps(
    found: TableCurves, curves: _Curves, steps: Places, epochs: Places | None
) -> None:
    """Takes rows that tell a step, and perhaps its epoch."""
    _tell_lost(found, curves, steps)
    found.traces = _each_for_itself(found, curves.at(steps))
    found.axes = Axes(frozenset(), steps_from=_from_zero(steps))
    if epochs is not None:
        pairs = zip(steps, epochs, strict=True)
        points = [Point(x, epoch) for x, epoch in pairs if x is not None and epoch is not None]
        points.sort(key=lambda point: point.x)
        found.epochs = Trace("epoch", Meaning("epoch"), points) if points else None


def _read_by_epochs(found: TableCurves, curves: _Curves, epochs: Places) -> None:
    """Takes rows that tell an epoch: one for each, or one for each of its steps."""
    _tell_lost(found, curves, epochs)
    traces = _each_for_itself(found, curves.at(epochs))
    numbers = {one.name: curves.columns[one.name].numbers for one in traces}
    single = [one for one in traces if not _is_of_steps(numbers[one.name], epochs)]
    once = {one.name: one for one in _once_an_epoch(found, single)}
    shift = _from_zero(epochs)
    found.traces = list(once.values())
    found.axes = Axes(frozenset(once), epochs_from=shift)
    if len(once) < len(traces):
        by_row = {one.name: one for one in _each_for_itself(found, curves.by_row())}
        found.traces = [once.get(one.name) or by_row[one.name] for one in traces]
        found.rows_are = "steps"
        ends = {
            max(math.ceil(epoch) + shift, 1): row
            for row, epoch in enumerate(epochs, start=1)
            if epoch is not None
        }
        found.axes = replace(found.axes, ends=ends)


def _read_by_rows(found: TableCurves, curves: _Curves) -> None:
    """Takes rows that tell neither: each counts as an epoch."""
    found.traces = _each_for_itself(found, curves.by_row())
    found.axes = Axes(frozenset(one.name for one in found.traces))
    found.rows_are = "epochs"
    if found.traces:
        found.remarks.append("No column tells epochs or steps: each row counts as an epoch.")


def _tell_lost(found: TableCurves, curves: _Curves, places: Places) -> None:
    lost = curves.lost(places)
    if lost:
        found.remarks.append(f"{rows_have(lost)} no epoch or step: left out.")


def _is_of_steps(values: Places, epochs: Places) -> bool:
    """Whether a column has several values an epoch, one after another, in most epochs.

    A training that was resumed repeats few epochs in that way, or begins again with earlier ones.
    """
    pairs = zip(epochs, values, strict=True)
    told = [x for x, value in pairs if x is not None and value is not None]
    stays = sum(later == x for x, later in pairwise(told))
    return 2 * stays >= len(set(told))


def _once_an_epoch(found: TableCurves, traces: Sequence[Trace]) -> list[Trace]:
    """Curves of epochs with the later one of several values of an epoch, and told."""
    again: set[float] = set()
    once = []
    for trace in traces:
        again |= {one.x for one, later in pairwise(trace.points) if one.x == later.x}
        last = {point.x: point for point in trace.points}
        once.append(replace(trace, points=list(last.values())))
    if again:
        found.remarks.append(
            f"{how_many(len(again), 'epoch')} came again, as where a training is resumed: "
            "the later row counts."
        )
    return once


def _each_for_itself(found: TableCurves, traces: Sequence[Trace]) -> list[Trace]:
    """The curves, seconds since the beginning in a column `time` as those of each epoch."""
    return [_passed(found, one) if one.name.lower() == "time" else one for one in traces]


def _passed(found: TableCurves, trace: Trace) -> Trace:
    values = [point.value for point in trace.points]
    if len(values) < 5 or any(later <= one for one, later in pairwise(values)):
        return trace
    found.remarks.append(f"{trace.name!r} only grows: read as the time since the beginning.")
    passed = [values[0], *(later - one for one, later in pairwise(values))]
    pairs = zip(trace.points, passed, strict=True)
    return replace(trace, points=[replace(one, value=value) for one, value in pairs])


def _from_zero(places: Places) -> int:
    return int(min((one for one in places if one is not None), default=1) < 1)
