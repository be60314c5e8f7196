"""The tables beside the tree: published against measured, and the figures of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from cnnlab.analysis.study_results import RowResult, StudyResults
from cnnlab.export.format import format_points, one_line
from cnnlab.export.study_words import (
    CLASS_TITLES,
    FAR,
    TITLES,
    best_words,
    class_columns,
    class_name,
    figures_of,
    has_best,
    measured_words,
    points,
    published_classes,
    published_words,
    spread_words,
)

_NARROWEST_TITLE = 14
"""Cells to which the names of rows shrink before figures go into a table of their own."""
_GAP = 2


@dataclass(frozen=True)
class Palette:
    """Rich styles in the colours of the theme."""

    title: str
    accent: str
    good: str
    far: str
    bad: str
    muted: str = "dim"


@dataclass(frozen=True)
class _Column:
    """A column of figures: two lines of heading, and a text for each row."""

    heading: str
    cells: tuple[Text, ...]

    @property
    def width(self) -> int:
        texts = [self.heading, *(cell.plain for cell in self.cells)]
        return max(cell_len(line) for text in texts for line in text.split("\n"))


@dataclass(frozen=True)
class StudyTable:
    """The rows of a study with their figures, in as many tables as the width asks for.

    Args:
        measured: False while the history is being read; dots stand for what it has.
    """

    results: StudyResults
    palette: Palette
    measured: bool = True

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        room = options.max_width - _NARROWEST_TITLE
        groups: list[list[_Column]] = [[]]
        used = 0
        for name in figures_of(self.results):
            columns = self._columns(name, tight=False)
            if _width(columns) > room:
                columns = self._columns(name, tight=True)
            if groups[-1] and used + _width(columns) > room:
                groups.append([])
                used = 0
            groups[-1] += columns
            used += _width(columns)
        for number, columns in enumerate(groups):
            if number:
                yield Text()
            yield self._table(columns)

    def _table(self, columns: Sequence[_Column]) -> Table:
        table = plain_table()
        table.add_column("", overflow="fold")
        for column in columns:
            table.add_column(Text(column.heading), justify="right", no_wrap=True)
        for number, result in enumerate(self.results.rows):
            title = Text(one_line(result.row.title))
            table.add_row(title, *(column.cells[number] for column in columns))
        return table

    def _columns(self, name: str, *, tight: bool) -> list[_Column]:
        rows = self.results.rows
        published = tuple(Text(published_words(row, name)) for row in rows)
        measured = tuple(self._measured(name, row, tight=tight) for row in rows)
        columns = [
            _Column(f"{TITLES[name]}\npublished", published),
            _Column("\nmeasured", measured),
        ]
        if has_best(rows, name) and not tight:
            best = tuple(best_text(row, name, self.palette) for row in rows)
            columns.append(_Column("\nbest", best))
        if name != "seconds":
            distances = tuple(points_text(row, name, self.palette) for row in rows)
            if any(distance.plain for distance in distances):
                columns.append(_Column("\npoints", distances))
        return columns

    def _measured(self, name: str, row: RowResult, *, tight: bool) -> Text:
        return measured_text(row, name, self.palette, tight=tight) if self.measured else Text("…")


@dataclass(frozen=True)
class FigureTable:
    """The figures of one row, one a line."""

    result: RowResult
    palette: Palette
    measured: bool = True

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        published = self.result.row.words.published
        figures = [
            name
            for name in TITLES
            if name == "accuracy"
            or getattr(published, name) is not None
            or name in self.result.figures
        ]
        tight = options.max_width < 60
        best = not tight and any(has_best([self.result], name) for name in figures)
        table = plain_table()
        table.add_column("", style=self.palette.muted, no_wrap=True)
        for heading in ("published", "measured", *(["best"] if best else []), "points"):
            table.add_column(Text(heading), justify="right", no_wrap=True)
        for name in figures:
            measured = measured_text(self.result, name, self.palette, tight=tight)
            cells = [
                Text(TITLES[name]),
                Text(published_words(self.result, name)),
                measured if self.measured else Text("…"),
            ]
            if name != "seconds":
                cells += [best_text(self.result, name, self.palette)] if best else []
                cells.append(points_text(self.result, name, self.palette))
            table.add_row(*cells)
        yield table


def class_table(result: RowResult) -> Table | None:
    """Precision of each class, where the source prints it; None where it does not."""
    shown = published_classes(result)
    if not shown:
        return None
    table = plain_table()
    table.add_column("", overflow="fold")
    for name in shown:
        for kind in ("published", "meas."):
            table.add_column(Text(f"{CLASS_TITLES[name]}\n{kind}"), justify="right", no_wrap=True)
    for number, cells in enumerate(zip_longest(*class_columns(result, shown))):
        table.add_row(Text(class_name(result, number)), *(Text(cell or "–") for cell in cells))
    return table


def measured_text(row: RowResult, name: str, palette: Palette, *, tight: bool) -> Text:
    """A measured figure with its deviation.

    Where there is little room, that and the best of several runs stand below it.
    """
    value = row.figures.get(name)
    if value is None:
        return Text("–", style=palette.muted)
    words = measured_words(name, value) + (" *" if row.changed else "")
    spread = spread_words(name, value)
    text = Text(words, style=palette.muted if row.changed else "")
    if not spread:
        return text
    if tight:
        spread += f"\nbest {best_words(row, name)}"
    return text.append(("\n" if tight else " ") + spread, palette.muted)


def best_text(row: RowResult, name: str, palette: Palette) -> Text:
    """The figure of the run that did best in it."""
    return Text(best_words(row, name), style=palette.muted if row.changed else "")


def points_text(row: RowResult, name: str, palette: Palette) -> Text:
    """How far a measured share is from the published one; empty where they do not compare."""
    distance = points(row, name)
    if distance is None:
        return Text()
    return Text(format_points(distance), style=palette.far if abs(distance) > FAR else "")


def plain_table() -> Table:
    """A table without lines."""
    return Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")


def _width(columns: Sequence[_Column]) -> int:
    return sum(column.width + _GAP for column in columns)
