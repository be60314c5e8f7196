"""The tables of a study in a terminal, on the console and on screens, for any width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from cnnlab.export.format import one_line
from cnnlab.export.study_table import StudyCell, StudyFigure, StudyTable, Tone

_GAP = 2
_BROKEN_NAME = 14
"""Cells to which names are broken before deviations go below their figures."""
_NARROWEST_NAME = 8
"""Cells to which names are broken at all; a table that needs more is wider than the terminal."""


@dataclass(frozen=True)
class Tones:
    """Rich styles of the parts of a table; the defaults are those of the console."""

    heading: str = "bold"
    far: str = "yellow"
    muted: str = "dim"

    def style(self, tone: Tone) -> str:
        """The style of a cell."""
        return {"plain": "", "muted": self.muted, "far": self.far}[tone]


@dataclass(frozen=True)
class _Column:
    """A column of figures: a heading, and a text for each name."""

    heading: str
    cells: tuple[Text, ...]

    @property
    def width(self) -> int:
        texts = [self.heading, *(cell.plain for cell in self.cells)]
        return max(cell_len(line) for text in texts for line in text.split("\n"))


@dataclass(frozen=True)
class StudyLayout:
    """A table of a study, as several ones where the width asks for it; no figure is cut.

    Figures share a table as long as the names stay whole. Names are broken beside a figure that is
    too wide even alone; where that is not enough, its deviation and the best of several runs stand
    below it. What is too narrow for that is exceeded: the console prints it with `soft_wrap`.
    """

    table: StudyTable
    tones: Tones = field(default_factory=Tones)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        least = min(self._widest_name(), _NARROWEST_NAME)
        for number, columns in enumerate(self._parts(options.max_width)):
            if number:
                yield Text()
            width = max(options.max_width, least + _width(columns))
            yield from console.render(self._drawn(columns), options.update(width=width))

    def _parts(self, width: int) -> list[list[_Column]]:
        """The columns of each of the tables, beside the names."""
        names = self._widest_name()
        parts: list[list[_Column]] = []
        room = 0
        for figure in self.table.figures:
            columns = self._columns(figure)
            if min(names, _BROKEN_NAME) + _width(columns) > width:
                columns = self._tight_columns(figure)
            if not parts or _width(columns) > room:
                parts.append([])
                room = width - names
            parts[-1] += columns
            room -= _width(columns)
        return parts

    def _widest_name(self) -> int:
        return max(
            cell_len(name) for name in (self.table.heading, *map(one_line, self.table.names))
        )

    def _drawn(self, columns: Sequence[_Column]) -> Table:
        table = Table(
            box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style=self.tones.heading
        )
        table.add_column(Text(self.table.heading), overflow="fold")
        for column in columns:
            table.add_column(Text(column.heading), justify="right", no_wrap=True)
        for number, name in enumerate(self.table.names):
            table.add_row(Text(one_line(name)), *(column.cells[number] for column in columns))
        return table

    def _columns(self, figure: StudyFigure) -> list[_Column]:
        columns = [
            _Column(column.kind, tuple(map(self._in_line, column.cells)))
            for column in figure.columns
        ]
        return _titled(figure.title, columns)

    def _tight_columns(self, figure: StudyFigure) -> list[_Column]:
        """Columns as narrow as can be: each word of the title, and of a figure, in its own line."""
        blank = tuple(StudyCell("") for _ in self.table.names)
        best = next((column.cells for column in figure.columns if column.kind == "best"), blank)
        columns = [
            _Column(column.kind, tuple(map(self._stacked, column.cells, best)))
            for column in figure.columns
            if column.kind != "best"
        ]
        return _titled(figure.title.replace(" ", "\n"), columns)

    def _in_line(self, cell: StudyCell) -> Text:
        text = Text(cell.line, self.tones.style(cell.tone))
        if cell.spread:
            text.highlight_words([cell.spread], self.tones.muted)
        return text

    def _stacked(self, cell: StudyCell, best: StudyCell) -> Text:
        """A figure above its deviation and the best of its runs, if there were several."""
        text = self._in_line(replace(cell, spread=""))
        below = [cell.spread, best.text and f"best {best.text}"] if cell.spread else []
        return text.append("".join(f"\n{line}" for line in below if line), self.tones.muted)


def _titled(title: str, columns: Sequence[_Column]) -> list[_Column]:
    """Columns with the title of their figure above the first one."""
    first, *more = columns
    return [replace(first, heading=f"{title}\n{first.heading}".lstrip()), *more]


def _width(columns: Sequence[_Column]) -> int:
    """Cells of columns, each with the gap before it."""
    return sum(_GAP + column.width for column in columns)
