"""The tables of a study as plain data: what was published beside what was measured.

Which columns there are, in which order, and what their cells say is decided here; the console,
the screens and reports lay it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, get_args

from cnnlab.analysis.evaluated_runs import Measured
from cnnlab.analysis.study_results import (
    LESS_IS_BETTER,
    RowResult,
    StudyResults,
    best_of,
    class_names,
    printed_digits,
)
from cnnlab.export.comparison_words import number_words
from cnnlab.export.format import format_duration, format_figure, format_points
from cnnlab.export.study_words import CHANGED, CLASS_TITLES, OUTSIDE, TITLES

Kind = Literal["published", "measured", "best", "points"]
Tone = Literal["plain", "muted", "far"]

_FAR = 2.0
"""Percentage points, as they are printed: a measured share that lies further from the published one
stands out."""


@dataclass(frozen=True)
class StudyCell:
    """A figure in words.

    Attributes:
        spread: its deviation over several runs and their number, which may also stand below it.
        tone: muted is what is absent, or does not compare; far, what is unlike the published.
        outside: whether the published figure lies outside the range of the measured runs.
        changed: whether it was measured with other settings than the row's.
    """

    text: str
    spread: str = ""
    tone: Tone = "plain"
    outside: bool = False
    changed: bool = False

    @property
    def line(self) -> str:
        """All of it in one line, with the sign that the notes of the table explain."""
        words = f"{self.text} {self.spread}".strip()
        return f"{OUTSIDE} {words}" if self.outside else f"{words}{CHANGED * self.changed}"


@dataclass(frozen=True)
class StudyColumn:
    """A column: a cell for each name of its table."""

    kind: Kind
    cells: tuple[StudyCell, ...]


@dataclass(frozen=True)
class StudyFigure:
    """The columns of one figure; its title may be empty."""

    title: str
    columns: tuple[StudyColumn, ...]


@dataclass(frozen=True)
class StudyTable:
    """Names, as they are stored, under their heading, and the figures beside them."""

    heading: str
    names: tuple[str, ...]
    figures: tuple[StudyFigure, ...]


_ABSENT = StudyCell("–", tone="muted")
_READ = StudyCell("…")
_BLANK = StudyCell("")


def study_table(results: StudyResults, *, being_read: bool = False) -> StudyTable:
    """The rows of a study: accuracy, and each figure that any row publishes.

    Args:
        being_read: whether the history is being read still; dots stand for what it has.
    """
    rows = results.rows
    shown = [name for name in TITLES if name == "accuracy" or _is_published(rows, name)]
    figures = (
        StudyFigure(TITLES[name], tuple(_columns(rows, name, being_read=being_read)))
        for name in shown
    )
    return StudyTable("row", tuple(row.row.title for row in rows), tuple(figures))


def row_table(result: RowResult, *, being_read: bool = False) -> StudyTable:
    """The figures of one row, one a line: accuracy, and what was published or measured.

    Args:
        being_read: see `study_table`.
    """
    shown = [
        name
        for name in TITLES
        if name == "accuracy" or _is_published([result], name) or name in result.figures
    ]
    lines = [
        {column.kind: column.cells[0] for column in _columns([result], name, being_read=being_read)}
        for name in shown
    ]
    columns = (
        StudyColumn(kind, tuple(line.get(kind, _BLANK) for line in lines))
        for kind in get_args(Kind)
        if any(kind in line for line in lines)
    )
    titles = tuple(TITLES[name] for name in shown)
    return StudyTable("figure", titles, (StudyFigure("", tuple(columns)),))


def class_table(result: RowResult) -> StudyTable | None:
    """The precision of each class on each split that the source prints; None without any.

    There are no points: with them, two splits of one run would not fit 80 columns.
    """
    figures = {
        CLASS_TITLES[name]: (_published_classes(result, name), _measured_classes(result, name))
        for name in CLASS_TITLES
        if getattr(result.row.words.published, name) is not None
    }
    if not figures:
        return None
    count = max(len(cells) for pair in figures.values() for cells in pair)
    return StudyTable(
        "class",
        tuple(class_name(result, number) for number in range(count)),
        tuple(
            StudyFigure(
                title,
                (
                    StudyColumn("published", _filled(published, count)),
                    StudyColumn("measured", _filled(measured, count)),
                ),
            )
            for title, (published, measured) in figures.items()
        ),
    )


# The columns of a figure


def _is_published(rows: Iterable[RowResult], name: str) -> bool:
    return any(getattr(row.row.words.published, name) is not None for row in rows)


def _columns(rows: Sequence[RowResult], name: str, *, being_read: bool) -> Iterator[StudyColumn]:
    """The best of several runs, and points, only where any row has them."""
    yield StudyColumn("published", tuple(_published(row, name) for row in rows))
    measured = (_READ if being_read else _measured(row, name) for row in rows)
    yield StudyColumn("measured", tuple(measured))
    if _has_best(rows, name):
        yield StudyColumn("best", tuple(_best(row, name) for row in rows))
    points = tuple(_points(row, name) for row in rows)
    if any(cell.text for cell in points):
        yield StudyColumn("points", points)


def _published(result: RowResult, name: str) -> StudyCell:
    value = getattr(result.row.words.published, name)
    if value is None:
        return _ABSENT
    if name == "seconds":
        return StudyCell(format_duration(value))
    return _as_printed(value, outside=bool(result.outside(name)))


def _as_printed(share: float, *, outside: bool) -> StudyCell:
    """A share as its source prints it: 0.57 claims less than 0.5700."""
    return StudyCell(f"{share:.{printed_digits(share)}f}", outside=outside)


def _measured(result: RowResult, name: str) -> StudyCell:
    value = result.figures.get(name)
    return _ABSENT if value is None else _mean(result, name, value)


def _mean(result: RowResult, name: str, value: Measured) -> StudyCell:
    """The mean of a figure with its deviation; a time has none."""
    is_time = name == "seconds"
    return StudyCell(
        number_words("seconds" if is_time else "share", value.mean),
        "" if is_time else _spread(value),
        tone="muted" if result.changed else "plain",
        changed=bool(result.changed),
    )


def _spread(value: Measured) -> str:
    """The deviation over several runs, and how many there are.

    Infinite figures have no deviation.
    """
    if value.n == 1:
        return ""
    return f"({value.n})" if value.std is None else f"± {format_figure(value.std)} ({value.n})"


def _has_best(rows: Sequence[RowResult], name: str) -> bool:
    """Whether the best of several runs is worth a column; the least time is not."""
    return name not in LESS_IS_BETTER and any(
        name in row.figures and row.figures[name].n > 1 for row in rows
    )


def _best(result: RowResult, name: str) -> StudyCell:
    """The figure of the run that did best in it."""
    value = result.figures.get(name)
    if value is None:
        return _BLANK
    tone: Tone = "muted" if result.changed else "plain"
    return StudyCell(format_figure(best_of(name, value)), tone=tone)


def _points(result: RowResult, name: str) -> StudyCell:
    """How far a measured share lies from the published one; blank where that cannot be said."""
    published = getattr(result.row.words.published, name)
    distance = result.points(name, published, result.figures.get(name))
    if distance is None:
        return _BLANK
    is_far = abs(round(distance, 1)) > _FAR
    return StudyCell(format_points(distance), tone="far" if is_far else "plain")


# The classes of a row


def _published_classes(result: RowResult, name: str) -> list[StudyCell]:
    published = getattr(result.row.words.published, name)
    outside = result.classes_outside(name)[: len(published)]
    return [
        _as_printed(value, outside=bool(is_outside))
        for value, is_outside in zip_longest(published, outside)
    ]


def _measured_classes(result: RowResult, name: str) -> list[StudyCell]:
    return [_mean(result, name, value) for value in result.classes.get(name, ())]


def _filled(cells: Sequence[StudyCell], count: int) -> tuple[StudyCell, ...]:
    """So many cells; those that are missing are absent figures."""
    return (*cells, *[_ABSENT] * (count - len(cells)))


def class_name(result: RowResult, number: int) -> str:
    """What a class is called; its number where the data set is not known."""
    names = class_names(result.row)
    return names[number] if number < len(names) else str(number)
