"""A document on the console: headings, tables that fit it, curves drawn with characters.

Plots of bars and matrices are not drawn: tables say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from cnnlab.cli.plots import drawn_curves
from cnnlab.cli.tables import GAP, fits, pairs_table, print_table, width_of
from cnnlab.export.document import (
    Block,
    Cell,
    Document,
    Facts,
    Figure,
    Listing,
    Section,
    Table,
    Words,
)
from cnnlab.export.format import one_line, visible
from cnnlab.export.plot_data import CurvesPlot

_LEAST_WORDS = 14
"""Columns to which words are wrapped before a table is taken apart."""
_WIDEST_HEADING = 24
"""Columns of a word in a heading that is not broken."""
_BEST = " *"


@dataclass(frozen=True)
class Wanted:
    """What of a document is printed.

    Attributes:
        curves: whether curves are drawn.
        log: whether those of the loss and the learning rate have a logarithmic axis.
        listings: whether there are sections with listings, such as a config in TOML.
    """

    curves: bool = True
    log: bool = False
    listings: bool = True


def print_document(console: Console, document: Document, wanted: Wanted | None = None) -> None:
    """Prints a document; what is best is bold and has a star, what weighs less is dim."""
    wanted = wanted or Wanted()
    console.print(Text(one_line(document.title), style="bold"))
    if document.subtitle:
        console.print(Text(one_line(document.subtitle), style="dim"))
    for section in document.sections:
        blocks = _shown(section, wanted)
        if blocks:
            console.print()
            if section.title:
                console.print(Text(one_line(section.title), style="bold"))
            _print_blocks(console, section, blocks, wanted)


def _shown(section: Section, wanted: Wanted) -> list[Block]:
    """The blocks of a section that a console can show."""
    if not wanted.listings and any(isinstance(block, Listing) for block in section.blocks):
        return []
    shown = (_on_console(block, wanted) for block in section.blocks)
    return [block for block in shown if block is not None]


def _on_console(block: Block, wanted: Wanted) -> Block | None:
    """The block, or the table in the place of a plot that is not drawn."""
    if not isinstance(block, Figure):
        return block
    is_course = isinstance(block.plot, CurvesPlot) and block.plot.is_course
    return block if wanted.curves and is_course else block.table


def _print_blocks(
    console: Console, section: Section, blocks: Sequence[Block], wanted: Wanted
) -> None:
    for number, block in enumerate(blocks):
        if number:
            console.print()
        title = getattr(block, "title", "")
        if title and title != section.title:
            console.print(Text(one_line(title)))
        match block:
            case Table():
                print_document_table(console, block)
            case Facts(rows=rows):
                console.print(
                    pairs_table([(one_line(name), visible(value)) for name, value in rows])
                )
            case Words(paragraphs=paragraphs):
                for paragraph in paragraphs:
                    console.print(Text(visible(paragraph)))
            case Listing(text=text):
                console.print(Text(visible(text.rstrip("\n"))), soft_wrap=True)
            case Figure(plot=plot) if isinstance(plot, CurvesPlot):
                _draw(console, plot, log=wanted.log and plot.quantity != "accuracy")


def _draw(console: Console, plot: CurvesPlot, *, log: bool) -> None:
    drawing = drawn_curves(
        console, plot.curves, title=plot.title, x_label=plot.x_label, log=log, groups=plot.groups
    )
    console.print(drawing or Text("no curve to draw"))


# Tables


@dataclass(frozen=True)
class _Column:
    """A column of a table in lines of text, and the least that it can be wrapped to."""

    heading: str
    cells: list[Text] = field(repr=False)
    number: bool
    least: int


def print_document_table(console: Console, table: Table) -> None:
    """Prints a table without its title.

    Where the console is too narrow for it, details are left out, then words are wrapped, and then
    it is taken apart into several.
    """
    columns = [_column(console, table, at) for at in range(len(table.columns))]
    if width_of(_rich_table(columns)) > console.width:
        columns = [
            column
            for column, described in zip(columns, table.columns, strict=True)
            if not described.detail
        ]
    keys = max(table.naming, _key_columns(table))
    for number, part in enumerate(_parts(console, columns[:keys], columns[keys:])):
        if number:
            console.print()
        print_table(console, _rich_table(part))
    for note in table.notes:
        console.print(Text(visible(note), style="dim"))


def _column(console: Console, table: Table, at: int) -> _Column:
    column, cells = table.columns[at], [row[at] for row in table.rows]
    heading, texts = one_line(column.name), [one_line(cell.text) for cell in cells]
    widest = max(map(cell_len, texts), default=0)
    if not column.number:
        least = min(max(widest, cell_len(heading)), _LEAST_WORDS)
        styled = [Text(text, _style(cell)) for text, cell in zip(texts, cells, strict=True)]
        return _Column(heading, styled, False, least)
    # Digits stay below each other whether a star stands behind them or not.
    room = len(_BEST) if any(cell.best for cell in cells) else 0
    styled = [
        Text(f"{text}{_BEST if cell.best else ' ' * room}", _style(cell))
        for text, cell in zip(texts, cells, strict=True)
    ]
    longest = max(map(cell_len, heading.split()), default=0)
    lines = Text(heading).wrap(console, max(widest, _LEAST_WORDS, min(longest, _WIDEST_HEADING)))
    width = max(widest, *(line.cell_len for line in lines)) + room
    aligned = [Text(" " * (width - each.cell_len)) + each for each in styled]
    headings = [f"{' ' * (width - room - line.cell_len)}{line.plain}" for line in lines]
    return _Column("\n".join(headings), aligned, True, width)


def _style(cell: Cell) -> str:
    return "bold" if cell.best or cell.summary else "dim" if cell.weak else ""


def _key_columns(table: Table) -> int:
    """How many columns it takes to name every row: those up to one without an empty cell."""
    for at in range(len(table.columns)):
        if all(row[at].text for row in table.rows):
            return at + 1
    return 1


def _parts(
    console: Console, keys: Sequence[_Column], others: Sequence[_Column]
) -> Iterator[list[_Column]]:
    """The columns in as many groups as it takes for each to fit, every one with the keys."""
    part: list[_Column] = []
    for column in others:
        if part and not fits(console, _rich_table([*keys, *part, column])):
            yield [*keys, *part]
            part = []
        part.append(column)
    yield [*keys, *part]


def _rich_table(columns: Sequence[_Column]) -> RichTable:
    table = RichTable(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(
            Text(column.heading),
            no_wrap=column.number,
            overflow="ignore" if column.number else "fold",
            min_width=None if column.number else column.least,
            vertical="top",
        )
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    return table
