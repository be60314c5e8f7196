"""How a line of the table of runs is drawn: cells cut or filled to their columns, and styled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from cnnlab.amounts import how_many
from cnnlab.export.format import one_line
from cnnlab.tui.screens.history.columns import GAP, Placed, Tone, total_width
from cnnlab.tui.screens.history.listing import Group
from cnnlab.tui.screens.history.rows import Row

GUTTER = 2
"""Cells before the first column, for the mark."""

_MARK = "●"


@dataclass(frozen=True)
class LineStyles:
    """The styles of the table, from its style sheet."""

    CLASSES: ClassVar[set[str]] = {
        f"runs--{part}"
        for part in ("header", "cursor", "group", "mark", "empty", "muted", "good", "warn", "bad")
    }

    base: Style
    header: Style
    cursor: Style
    group: Style
    mark: Style
    empty: Style
    tones: dict[Tone, Style]

    @classmethod
    def of(cls, widget: Widget) -> Self:
        """Those of a widget now; Textual keeps them until its sheet or theme changes."""

        def colour(part: str) -> Style:
            return widget.get_component_rich_style(f"runs--{part}", partial=True)

        return cls(
            base=widget.rich_style,
            header=widget.get_component_rich_style("runs--header"),
            cursor=widget.get_component_rich_style("runs--cursor"),
            group=colour("group"),
            mark=colour("mark"),
            empty=widget.get_component_rich_style("runs--empty"),
            tones={
                "": Style.null(),
                # Alone, a colour that is partly let through would come out whole.
                "muted": Style(color=widget.get_component_rich_style("runs--muted").color),
                "good": colour("good"),
                "warn": colour("warn"),
                "bad": colour("bad"),
            },
        )


@dataclass(frozen=True)
class DrawnLine:
    """A line in two parts: what stays at the left, and what scrolls to the side behind it."""

    fixed: Strip
    moving: Strip
    style: Style

    def cut(self, x: int, width: int) -> Strip:
        """What is seen of it from a column on."""
        rest = max(width - self.fixed.cell_length, 0)
        moving = self.moving.crop(x, x + rest)
        return Strip.join([self.fixed.crop(0, width), moving.extend_cell_length(rest, self.style)])


def line_width(columns: Sequence[Placed]) -> int:
    """Cells of a whole line."""
    return GUTTER + total_width(columns)


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """A text that takes exactly some terminal cells, also where letters take two of them."""
    taken = cell_len(text)
    if taken > width:
        return set_cell_size(text, width - 1) + "…"
    blanks = " " * (width - taken)
    return blanks + text if right else text + blanks


@dataclass(frozen=True)
class LineWriter:
    """Draws lines with some columns; that of the names does not scroll to the side."""

    columns: Sequence[Placed]
    styles: LineStyles

    @property
    def _fixed(self) -> int:
        return 1 if self.columns and self.columns[0].column.key == "name" else 0

    def header(self, sorted_by: str, ascending: bool) -> DrawnLine:
        """The titles, with a sign at the column that the lines are sorted by."""
        texts = []
        for column, width in self.columns:
            sign = "" if column.key != sorted_by else "▲" if ascending else "▼"
            texts.append((fitted(column.title + sign, width, right=column.number), Style.null()))
        return self._line(" ", texts, self.styles.header)

    def run(self, row: Row | None, *, marked: bool, cursor: bool) -> DrawnLine:
        """A run; blank where it is no longer there."""
        base = self.styles.cursor if cursor else self.styles.base
        texts = []
        for column, width in self.columns if row is not None else ():
            text, tone = column.cell(row)  # type: ignore[arg-type]
            style = self.styles.tones[tone]
            texts.append((fitted(text, width, right=column.number), style))
        return self._line(_MARK if marked else " ", texts, base)

    def group(self, group: Group, marks: Collection[str], *, cursor: bool) -> DrawnLine:
        """The head of a study, with the number of its runs."""
        base = (self.styles.cursor if cursor else self.styles.base) + self.styles.group
        marked = sum(run_id in marks for run_id in group.ids)
        sign = "▾" if group.open else "▸"
        counts = [how_many(len(group.ids), "run")]
        counts += [f"{marked:,} marked"] if marked else []
        head = f"{sign} {one_line(group.study) or 'no study'}"
        segments = [
            Segment(f"{head}  ", base),
            Segment(", ".join(counts), base + self.styles.tones["muted"]),
        ]
        return DrawnLine(Strip([]), Strip(segments), base)

    def column_at(self, x: int, scrolled: int, width: int) -> str:
        """The key of the column at a place of the header; empty where there is none."""
        fixed_width = GUTTER + sum(each.width + GAP for each in self.columns[: self._fixed])
        if x >= min(fixed_width, width):
            x += scrolled
        start = GUTTER
        for column, taken in self.columns:
            if start <= x < start + taken:
                return column.key
            start += taken + GAP
        return ""

    def _line(self, mark: str, texts: Sequence[tuple[str, Style]], base: Style) -> DrawnLine:
        gap = " " * GAP
        fixed = [Segment(f"{mark} ", base + self.styles.mark)]
        moving: list[Segment] = []
        for number, (text, style) in enumerate(texts):
            part = fixed if number < self._fixed else moving
            part.append(Segment(text + gap, base + style))
        return DrawnLine(Strip(fixed), Strip(moving), base)
