"""A document as Markdown that GitHub shows: headings, tables, lists, code; plots are left out.

Whatever a text from outside holds, it is shown as itself: what Markdown or HTML would take for a
sign is escaped. GitHub still makes links of addresses, and pictures of `:names:`, in any text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.cells import cell_len

from cnnlab.export.document import (
    Cell,
    Document,
    Facts,
    Listing,
    Section,
    Table,
    Told,
    Words,
)
from cnnlab.export.documents import document_of
from cnnlab.export.format import one_line, visible
from cnnlab.export.job import ExportJob

_SIGNS = re.compile(r"([\\`*\[\]<>|~$&#]|(?<![a-zA-Z0-9])_|_(?![a-zA-Z0-9]))")
"""What has a meaning within a line; a backslash before it takes that away. Within a word, as in
`batch_size`, an underscore has none."""
_BEGINNINGS = re.compile(r"^([-+=:]|\d+(?=[.)]))")
"""What has a meaning at the beginning of a paragraph."""
_WIDEST = 40
"""Characters that cells are filled up to, so that columns stand below each other in the file."""


def write_markdown(job: ExportJob, path: Path) -> list[str]:
    """Writes the report of a job.

    Raises:
        ConfigError, HistoryError: see `document_of`.
        OSError: the file cannot be written.
    """
    path.write_text(as_markdown(document_of(job)), encoding="utf-8", newline="\n")
    return []


def as_markdown(document: Document) -> str:
    """The text of the file, with a newline at its end."""
    return "\n\n".join(_document(document)) + "\n"


def escaped(text: str) -> str:
    """A text of one line, to stand within a line; blanks at its ends stay."""
    plain = one_line(text)
    inner = plain.strip()
    before = len(plain) - len(plain.lstrip()) if inner else len(plain)
    behind = plain[before + len(inner) :]
    return _numbers(plain[:before]) + _SIGNS.sub(r"\\\1", inner) + _numbers(behind)


def _numbers(blanks: str) -> str:
    """Blanks that no parser takes away."""
    return "".join(f"&#{ord(each)};" for each in blanks)


def _document(document: Document) -> Iterator[str]:
    yield f"# {escaped(document.title)}"
    if document.subtitle:
        yield _paragraph(one_line(document.subtitle))
    for section in document.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    parts = [part for block in section.without_plots() for part in _block(block, section.title)]
    if parts and section.title:
        yield f"## {escaped(section.title)}"
    yield from parts


def _block(block: Told, above: str) -> Iterator[str]:
    """The paragraphs of a block; `above` is the heading that it stands below."""
    if isinstance(block, Words):
        yield from map(_paragraph, block.paragraphs)
        return
    if block.title and block.title != above:
        yield f"### {escaped(block.title)}"
    if isinstance(block, Table):
        yield _table(block)
        yield from map(_paragraph, block.notes)
    elif isinstance(block, Facts):
        yield "\n".join(f"- **{escaped(name)}:** {_lines(value)}" for name, value in block.rows)
    else:
        yield _listing(block)


def _paragraph(text: str) -> str:
    written = _lines(text)
    found = _BEGINNINGS.match(written)
    if found is None:
        return written
    # A number is no punctuation: the backslash goes before the sign behind it.
    at = found.end() if found[0].isdigit() else 0
    return f"{written[:at]}\\{written[at:]}"


def _lines(text: str) -> str:
    """A text of several lines as one paragraph, broken where it is."""
    return "<br>".join(escaped(line.strip(" ")) for line in text.strip(" \n").split("\n"))


def _table(table: Table) -> str:
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    heads = [escaped(column.name) for column in table.columns]
    widths = [
        min(max(3, *map(cell_len, texts)), _WIDEST) for texts in zip(heads, *rows, strict=True)
    ]
    rules = [
        "-" * (width - 1) + ":" if column.number else "-" * width
        for column, width in zip(table.columns, widths, strict=True)
    ]
    numbers = [column.number for column in table.columns]
    return "\n".join(_row(cells, widths, numbers) for cells in (heads, rules, *rows))


def _row(cells: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> str:
    filled = []
    for text, width, number in zip(cells, widths, numbers, strict=True):
        blanks = " " * max(width - cell_len(text), 0)
        filled.append(f"{blanks}{text}" if number else f"{text}{blanks}")
    return f"| {' | '.join(filled)} |"


def _cell(cell: Cell) -> str:
    return f"**{escaped(cell.text)}**" if cell.best or cell.summary else escaped(cell.text)


def _listing(listing: Listing) -> str:
    """Text as it is, between fences that it cannot hold itself."""
    text = visible(listing.text).rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{listing.language}\n{text}\n{fence}"
