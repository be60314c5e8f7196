"""A report as one HTML file that needs nothing else: no network, no scripts, no further files.

It is made to be attached to a mail: it reads on a phone, in the dark and on paper. Whatever a name
in the history holds is escaped; a policy in its head keeps browsers from loading or running
anything even so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import cnnlab
from cnnlab.export.document import Document, Figure, Section, Table
from cnnlab.export.documents import document_of
from cnnlab.export.format import one_line, visible
from cnnlab.export.job import ExportJob, ExportOptions
from cnnlab.export.plot_data import BarsPlot, MatrixPlot, Plot
from cnnlab.export.plotting.drawing import draw
from cnnlab.export.plotting.inline import inline_svg
from cnnlab.progress import Progress, silent

_TEMPLATES = Path(__file__).with_name("templates")
_FEWEST_LISTED = 5
"""Sections from which on a page begins with a list of them."""
_MOST_CLASSES, _MOST_NAMES = 12, 30
"""Classes of a matrix, and rows of a plot, from which on it needs the whole width."""
_NARROW = 60
"""Characters of a row up to which a table leaves room for a plot beside it."""
_WIDTHS = ((175, "vast"), (125, "broadest"), (95, "broad"), (_NARROW, ""), (0, "narrow"))
"""How wide tables with more characters in a row are, in the words of the style sheet: on paper the
broad ones are set smaller, and where there are broader ones the pages are turned."""
_TURNED = frozenset({"vast", "broadest"})


@dataclass(frozen=True)
class _Part:
    """Something below a heading; `kind` names the part of the template that shows it.

    Attributes:
        content: a block, the drawings that stand beside each other, or a table and a drawing.
        width: of a table, in the words of the style sheet.
    """

    kind: str
    content: Any
    width: str = ""


@dataclass(frozen=True)
class _Drawing:
    svg: Markup
    caption: str
    wide: bool


def write_html(job: ExportJob, path: Path) -> list[str]:
    """Writes the report of a job.

    Raises:
        ConfigError: a run is not in the history, or the options name an unknown x axis.
        HistoryError: the history cannot be read.
    """
    job.progress("reading", 0, None)
    page = html_page(document_of(job), job.options, job.progress)
    path.write_text(page, encoding="utf-8", newline="\n")
    return []


def html_page(
    document: Document, options: ExportOptions | None = None, progress: Progress = silent
) -> str:
    """A document as a page, its plots drawn."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(line=one_line, shown=visible)
    drawings = _drawings(document, options or ExportOptions(), progress)
    sections = [
        (section.title, _paired(list(_parts(section, drawings)))) for section in document.sections
    ]
    titled = sum(bool(title) for title, _ in sections)
    # All of them: where pages of two shapes meet, one stays half empty, with a heading at its end.
    turned = any(part.width in _TURNED for _, parts in sections for part in parts)
    return environment.get_template("report.html").render(
        document=document,
        sections=sections,
        with_contents=titled >= _FEWEST_LISTED,
        turned=turned,
        style=Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
        version=cnnlab.__version__,
    )


def _drawings(document: Document, options: ExportOptions, progress: Progress) -> Iterator[_Drawing]:
    """The plots of a document in their order, each when it is needed."""
    figures = [
        block
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Figure)
    ]
    for number, figure in enumerate(figures):
        progress("plots", number, len(figures))
        wide = options.wide or _needs_width(figure.plot)
        image = draw([figure.plot], "svg", wide=wide, log=options.log)
        words = " ".join(dict.fromkeys(filter(None, (figure.plot.title, figure.caption))))
        svg = inline_svg(image.data, f"plot{number + 1}-", one_line(words))
        yield _Drawing(Markup(svg), figure.caption, wide)


def _needs_width(plot: Plot) -> bool:
    if isinstance(plot, MatrixPlot):
        return len(plot.classes) > _MOST_CLASSES
    return isinstance(plot, BarsPlot) and len(plot.names) > _MOST_NAMES


def _parts(section: Section, drawings: Iterator[_Drawing]) -> Iterator[_Part]:
    """The blocks of a section; plots that follow each other stand beside each other."""
    for kind, blocks in groupby(section.blocks, key=lambda block: type(block).__name__):
        together = list(blocks)
        if kind == "Figure":
            yield _Part(kind, [next(drawings) for _ in together])
            continue
        for block in together:
            yield _Part(kind, block, _width(block) if isinstance(block, Table) else "")


def _paired(parts: Sequence[_Part]) -> list[_Part]:
    """The parts with each narrow table beside the single plot that follows it."""
    paired: list[_Part] = []
    for part in parts:
        before = paired[-1] if paired else None
        alone = part.kind == "Figure" and len(part.content) == 1 and not part.content[0].wide
        if alone and before is not None and before.width == "narrow":
            paired[-1] = _Part("Beside", [before, part])
        else:
            paired.append(part)
    return paired


def _width(table: Table) -> str:
    """How wide a table is, in the words of the style sheet."""
    rows = [[column.name for column in table.columns]]
    rows += [[cell.text for cell in row] for row in table.rows]
    widest = [max(map(len, texts)) for texts in zip(*rows, strict=True)]
    characters = sum(widest) + 3 * len(widest)
    return next(width for least, width in _WIDTHS if characters > least)
