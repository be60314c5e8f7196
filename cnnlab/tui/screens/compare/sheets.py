"""What the tables of a comparison hold: cells in words, without widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size

from cnnlab.analysis.comparison import ClassFigure, Comparison, Figure, Group
from cnnlab.export.comparison_tables import left_out_classes, other_classes
from cnnlab.export.comparison_words import (
    LONGEST_LABEL,
    best_words,
    figure_words,
    machine_words,
    marked,
    seeds_words,
    setting_words,
)
from cnnlab.export.format import format_figure, format_points, one_line

Tone = Literal["", "muted", "good", "bad", "best"]
"""What a cell's colour means; its sign says it too."""

_GAPS = 2
"""Blanks that a column of a table has around its text."""
_UNSEEN = 0.05
"""A difference below this is shown as 0.0 points."""


class Cell(NamedTuple):
    """A text without control characters, and its tone; numbers stand at the right."""

    text: str
    tone: Tone = ""
    number: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table: its first column names the rows and stays when the others scroll."""

    columns: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def width(self) -> int:
        """Terminal cells that all of it takes."""
        lines = [self.columns, *self.rows]
        widest = (
            max(cell_len(cell.text) for cell in column) for column in zip(*lines, strict=True)
        )
        return sum(wide + _GAPS for wide in widest)

    @property
    def marks_best(self) -> bool:
        """Whether a cell has the star of the best."""
        return any(cell.tone == "best" for row in self.rows for cell in row)

    def turned(self) -> Sheet:
        """Its rows as columns."""
        lines = tuple(zip(self.columns, *self.rows, strict=True))
        return Sheet(lines[0], lines[1:])


def clipped(label: str) -> str:
    """A label as long as a column's header may be."""
    if cell_len(label) <= LONGEST_LABEL:
        return label
    return set_cell_size(label, LONGEST_LABEL - 1).rstrip() + "…"


def figures_sheet(comparison: Comparison, names: Sequence[str], baseline: int) -> Sheet:
    """Figures in rows and groups in columns; the best of each has a star.

    Where groups have several seeds, their number stands above, and the figure of the best run
    below the main one.
    """
    groups = comparison.groups
    several = any(len(group.runs) > 1 for group in groups)
    rows = []
    if several:
        counts = (Cell(f"{seeds_words(group)}  ", "muted", number=True) for group in groups)
        rows.append((Cell("seeds", "muted"), *counts))
    for figure in comparison.figures:
        best = marked(comparison, figure)
        cells = (_figure_cell(figure, group, place in best) for place, group in enumerate(groups))
        rows.append((Cell(figure.name), *cells))
        if several and figure == comparison.main:
            bests = (best_words(figure, group.figures.get(figure.name)) for group in groups)
            cells = (Cell(f"{words}  ", "muted", number=True) for words in bests)
            rows.append((Cell("  of the best run", "muted"), *cells))
    return Sheet((Cell(""), *_heads(names, baseline)), tuple(rows))


def _figure_cell(figure: Figure, group: Group, best: bool) -> Cell:
    value = group.figures.get(figure.name)
    words = figure_words(figure, value)
    if value is not None and value.n != len(group.runs):
        words += f" (n = {value.n})"
    if best:
        return Cell(f"{words} *", "best", number=True)
    # As wide as with a star, so that the digits stay below each other.
    return Cell(f"{words}  ", number=True)


def _heads(names: Sequence[str], baseline: int) -> list[Cell]:
    """The groups as headers; the baseline has a sign."""
    return [
        Cell(f"◆ {clipped(name)}" if place == baseline else clipped(name), number=True)
        for place, name in enumerate(names)
    ]


def config_sheet(comparison: Comparison, names: Sequence[str]) -> Sheet:
    """The fields that differ, then those of the machine, and the runs that a group is made of."""
    groups = comparison.groups
    rows = [
        (Cell(path), *(Cell(setting_words(group, path)) for group in groups))
        for path in comparison.fields
    ]
    rows += [
        (Cell(path, "muted"), *(Cell(machine_words(group, path), "muted") for group in groups))
        for path in comparison.machine_fields
        if path not in comparison.fields
    ]
    rows.append((Cell("runs", "muted"), *(Cell(seeds_words(group), "muted") for group in groups)))
    for at in range(max(len(group.runs) for group in groups)):
        members = (
            one_line(group.runs[at].name) if at < len(group.runs) else "" for group in groups
        )
        rows.append((Cell("", "muted"), *(Cell(name, "muted") for name in members)))
    return Sheet((Cell(""), *(Cell(clipped(name)) for name in names)), tuple(rows))


def classes_sheet(
    comparison: Comparison, names: Sequence[str], baseline: int, figure: ClassFigure
) -> Sheet:
    """The baseline's figure of each class, and how far the others are from it in points.

    Groups whose classes do not compare are left out; see `classes_left_out`.
    """
    base = comparison.groups[baseline]
    others = [
        place
        for place, group in enumerate(comparison.groups)
        if place != baseline and not other_classes(base, group)
    ]
    rows = []
    for at, (name, differences) in enumerate(comparison.class_differences(figure, baseline)):
        own = Cell(format_figure(base.classes[figure][at].mean), number=True)
        beside = (
            _difference_cell(points)
            for place in others
            if (points := differences[place]) is not None
        )
        rows.append((Cell(one_line(name)), own, *beside))
    heads = _heads(names, baseline)
    return Sheet((Cell("class"), *(heads[place] for place in (baseline, *others))), tuple(rows))


def classes_left_out(comparison: Comparison, names: Sequence[str], baseline: int) -> list[str]:
    """Which groups are not in the sheet of classes, and why, a sentence each."""
    groups = comparison.groups
    why = {place: other_classes(groups[baseline], group) for place, group in enumerate(groups)}
    return list(left_out_classes(names, why))


def _difference_cell(difference: float) -> Cell:
    if abs(difference) < _UNSEEN:
        return Cell("0.0  ", "muted", number=True)
    better = difference > 0
    return Cell(
        f"{format_points(difference)} {'▲' if better else '▼'}", "good" if better else "bad", True
    )
