"""A report as what it says, apart from how it is written: headings, words, tables, plots.

A run, a comparison and a study become a `Document` in one module each; the terminal, Markdown,
LaTeX and HTML write it in one module each. Texts are as they are stored: whoever writes a document
escapes them for its format, and shows control characters as `export.format` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnlab.export.plot_data import Plot


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        best: whether it is the best of its kind, to be marked in bold and with a star.
        remark: whether something under the table speaks of it; the mark is part of the text.
        weak: whether it is of less weight, such as a figure that does not compare.
        summary: whether its row sums up those above it, such as the mean of all.
    """

    text: str
    best: bool = False
    remark: bool = False
    weak: bool = False
    summary: bool = False


@dataclass(frozen=True)
class Column:
    """A column; numbers stand at the right, words at the left.

    `detail` says that it can be left out where there is no room for all columns.
    """

    name: str
    number: bool = False
    detail: bool = False


@dataclass(frozen=True)
class Table:
    """Rows below the names of columns; the first column, or the first `naming` ones, name the rows.

    `title` is short; `notes` stand below, a paragraph each.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    naming: int = 1


@dataclass(frozen=True)
class Facts:
    """Names with what they are; what is empty was left out."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Words:
    """Paragraphs; `of_table` says that they tell what the table before them means."""

    paragraphs: tuple[str, ...]
    of_table: bool = False


@dataclass(frozen=True)
class Listing:
    """Text that is kept as it is, such as a config in TOML or commands."""

    title: str
    text: str
    language: str = ""


@dataclass(frozen=True)
class Figure:
    """A plot with what it shows.

    `table` says the same in formats without plots, unless another table does.
    """

    plot: Plot
    caption: str = ""
    table: Table | None = None


Told = Table | Facts | Words | Listing
Block = Told | Figure


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it; the heading of the first section may be empty."""

    title: str
    blocks: tuple[Block, ...]

    def without_plots(self) -> list[Told]:
        """The blocks with the table of each figure in its place; without figures that have none."""
        shown = (block.table if isinstance(block, Figure) else block for block in self.blocks)
        return [block for block in shown if block is not None]


@dataclass(frozen=True)
class Document:
    """A report: `subtitle` says of what, when and where; sections in the order of reading.

    `key` tells it apart from other reports, whatever their titles, and stays as it is when the
    same is exported again.
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    key: str = ""

    def plots(self) -> list[Plot]:
        """All plots, in their order."""
        return [
            block.plot
            for section in self.sections
            for block in section.blocks
            if isinstance(block, Figure)
        ]


def words(rows: Sequence[Sequence[str]]) -> tuple[tuple[Cell, ...], ...]:
    """Rows of plain texts as cells."""
    return tuple(tuple(Cell(text) for text in row) for row in rows)
