r"""The tables of a document as LaTeX, with booktabs, for a paper; plots are not among them.

The file compiles by itself, and `\input` takes it into a document that loads booktabs: it looks
whether it stands in one. Tables are in the size of footnotes; those that are wider than a column of
two go over both. Long texts and headings are broken; what is too wide or too long even so comes in
several parts. Widths are told by counting characters, as only LaTeX knows better.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from rich.cells import cell_len

from cnnlab.export.document import Cell, Column, Document, Facts, Section, Table, Words
from cnnlab.export.documents import document_of
from cnnlab.export.format import one_line
from cnnlab.export.job import ExportJob
from cnnlab.export.latex_text import latex

_COLUMN, _WIDEST = 56, 84
"""Characters of a table beside each other, with the gaps: those of a column of an article in two,
and of a page in one column."""
_WORDS = 28
"""Characters of a line of a cell; longer texts are broken."""
_NAMES = 22
"""The same of the names beside facts; a word of a fact that is longer may be broken."""
_PIECE = 4
"""Characters of a word too long for a line, between places where it may be broken."""
_LONGEST = 45
"""Lines of a table on a page."""
_MOST_FLOATS = 20
"""Tables after which a page ends: LaTeX gives up where too many wait for their place."""
_GAP = 2
"""Characters that the gap between two columns is as wide as."""
_EM = 0.52
"""Width of a character, in ems."""
_SIGNED = re.compile(r"[+-]\d[\d.,]*")
_ADDED = "{[U+"

_HEAD = r"""% Tables for a paper. A document that loads the package booktabs takes this
% file by \input; by itself it compiles too.
\expandafter\ifx\csname @nodocument\endcsname\relax
  \let\cnnlabend\relax
\else
  \documentclass{article}
  \usepackage[T1]{fontenc}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
  \usepackage[a4paper,margin=25mm]{geometry}
  \usepackage{booktabs}
  \renewcommand{\topfraction}{0.95}
  \renewcommand{\textfraction}{0.05}
  \setcounter{topnumber}{9}
  \setcounter{totalnumber}{18}
  \def\cnnlabend{\end{document}}
  \begin{document}
\fi
"""
_FOOT = "\\cnnlabend\n"


def write_latex(job: ExportJob, path: Path) -> list[str]:
    """Writes the tables of a job's report.

    Returns:
        Which characters LaTeX has no sign for, if there are some.

    Raises:
        ConfigError, HistoryError: see `document_of`.
        OSError: the file cannot be written.
    """
    document = document_of(job)
    text = as_latex(document)
    path.write_text(text, encoding="utf-8", newline="\n")
    if _ADDED not in text:
        return []
    return ["Characters that LaTeX's own fonts lack are written by their numbers, as [U+1F600]."]


def as_latex(document: Document) -> str:
    """The text of the file, in ASCII but for comments."""
    parts = [_HEAD, _comment(document.title, document.subtitle)]
    tables, labels = 0, _Labels(_slug(document.key or document.title))
    for part in chain.from_iterable(_typeset(section) for section in document.sections):
        if isinstance(part, str):
            parts.append(part)
            continue
        if tables and tables % _MOST_FLOATS == 0:
            parts.append("\\clearpage\n")
        tables += 1
        caption = f"{document.title}: {part.title}{part.number}"
        parts.append(_float(caption, labels.of(part.title), part))
    return "\n".join([*parts, _FOOT])


def _comment(*texts: str) -> str:
    """Texts that are not typeset, but stand beside the tables that they speak of."""
    lines = [line for text in texts if text for line in text.split("\n")]
    return "".join(f"% {one_line(line)}\n" for line in lines)


def _slug(text: str) -> str:
    """Letters that a label can have."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "x"


class _Labels:
    """Labels of tables: of the report's key and the table's title, with a number from 2 on."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._given: Counter[str] = Counter()

    def of(self, title: str) -> str:
        label = f"tab:{self._key}-{_slug(title)}"
        self._given[label] += 1
        count = self._given[label]
        return label if count == 1 else f"{label}-{count}"


def _float(title: str, label: str, part: _Part) -> str:
    """A table with its caption, number and notes, in a column of the paper or over all."""
    kind, place = ("table*", "tp") if part.wide else ("table", "htbp")
    lines = [
        _comment(title) + rf"\begin{{{kind}}}[{place}]",
        r"  \centering",
        rf"  \caption{{{latex(title)}}}",
        rf"  \label{{{label}}}",
        r"  \par\smallskip",
        r"  \footnotesize\setlength{\tabcolsep}{4pt}",
        *part.lines,
    ]
    if part.notes:
        lines.append(rf"  \par\smallskip {latex(' '.join(part.notes))}")
    if part.meaning:
        told = "\\par\n  ".join(_breakable(text, _WORDS) for text in part.meaning)
        lines.append(rf"  \par\smallskip {{\raggedright {told}\par}}")
    return "\n".join([*lines, rf"\end{{{kind}}}", ""])


# Parts of tables that fit


@dataclass(frozen=True)
class _Part:
    """What one float holds: a whole table, or some of its columns and rows.

    Attributes:
        title: of the table.
        number: which of several of this title it is, in words; empty for the only one.
        meaning: paragraphs that tell what the table means.
    """

    title: str
    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()
    wide: bool = False
    number: str = ""
    meaning: tuple[str, ...] = ()


def _typeset(section: Section) -> Iterator[_Part | str]:
    """The tables of a section, in parts that are numbered where they have one title; comments."""
    found: list[_Part | str] = []
    for block in section.without_plots():
        last = found[-1] if found else ""
        if isinstance(block, Words) and block.of_table and isinstance(last, _Part):
            found[-1:] = _with_meaning(last, block.paragraphs)
        elif isinstance(block, Words):
            found.append(_comment(*block.paragraphs))
        elif isinstance(block, Table | Facts):
            found += _parts(replace(block, title=block.title or section.title or "overview"))
    totals = Counter(part.title for part in found if isinstance(part, _Part))
    given: Counter[str] = Counter()
    for part in found:
        if isinstance(part, _Part) and totals[part.title] > 1:
            given[part.title] += 1
            number = f" ({given[part.title]} of {totals[part.title]})"
            yield replace(part, number=number)
        else:
            yield part


def _with_meaning(part: _Part, paragraphs: tuple[str, ...]) -> list[_Part]:
    """A part with what it means below it, or behind it where the page has no room for both."""
    wide = part.wide
    height = sum(1 + _width(text) // (_WIDEST if wide else _COLUMN) for text in paragraphs)
    if len(part.lines) + height <= _LONGEST:
        return [replace(part, meaning=paragraphs)]
    return [part, _Part(part.title, (), wide=wide, meaning=paragraphs)]


def _parts(block: Table | Facts) -> list[_Part]:
    if isinstance(block, Facts):
        return [_Part(block.title, tuple(_facts(block)))]
    widths = _widths(block)
    parts = [
        _Part(
            block.title,
            tuple(_tabular(block, columns, rows, widths)),
            wide=sum(widths[at] for at in columns) > _COLUMN,
        )
        for rows in _pages(block)
        for columns in _columns(widths, block.naming)
    ]
    parts[-1] = replace(parts[-1], notes=block.notes)
    return parts


def _width(text: str) -> int:
    """Characters of a text as it is typeset; one that LaTeX has no sign for is written out."""
    return sum(8 if latex(each).startswith(_ADDED) else cell_len(each) for each in text)


def _widths(table: Table) -> list[int]:
    """Characters of each column, with the gap: its cells in lines, its heading in words."""
    return [
        _GAP
        + max(
            *(_width(word) for word in column.name.split(" ")),
            *(min(_width(row[at].text), _WORDS) for row in table.rows),
            0,
        )
        for at, column in enumerate(table.columns)
    ]


def _pages(table: Table) -> Iterator[Sequence[tuple[Cell, ...]]]:
    """The rows, as many as a page has lines for; none are one page too."""
    first, lines = 0, 0
    for at, row in enumerate(table.rows):
        height = max(1 + _width(cell.text) // _WORDS for cell in row)
        if lines and lines + height > _LONGEST:
            yield _page(table, first, at)
            first, lines = at, 0
        lines += height
    yield _page(table, first, len(table.rows))


def _page(table: Table, first: int, end: int) -> list[tuple[Cell, ...]]:
    """Some rows; the first one is named by those above it, where it goes on with these."""
    rows = list(table.rows[first:end])
    for at in range(table.naming - 1):
        above = [row[at] for row in table.rows[: first + 1] if row[at].text]
        if rows and above:
            rows[0] = (*rows[0][:at], above[-1], *rows[0][at + 1 :])
    return rows


def _columns(widths: Sequence[int], naming: int) -> list[list[int]]:
    """The places of columns beside each other; the first `naming` ones are in each part."""
    fewest = _filled(widths, naming, _WIDEST)
    # Of as many parts those of the least width, so that the last one is not a single column.
    parts = (_filled(widths, naming, limit) for limit in range(_WIDEST))
    return next((each for each in parts if len(each) == len(fewest)), fewest)


def _filled(widths: Sequence[int], naming: int, limit: int) -> list[list[int]]:
    """The places of columns, as many to a part as fit; each names the rows, and has another."""
    parts = [list(range(naming))]
    for at, width in enumerate(widths[naming:], start=naming):
        own = len(parts[-1]) > naming
        if own and sum(widths[each] for each in parts[-1]) + width > limit:
            parts.append(list(range(naming)))
        parts[-1].append(at)
    return parts


def _tabular(
    table: Table,
    places: Sequence[int],
    rows: Sequence[tuple[Cell, ...]],
    widths: Sequence[int],
) -> Iterator[str]:
    """The rows of some columns."""
    columns = [table.columns[at] for at in places]
    sides = "".join("r" if each.number else "l" for each in columns)
    yield rf"  \begin{{tabular}}{{@{{}}{sides}@{{}}}}"
    yield r"    \toprule"
    yield _row(_heading(table.columns[at], widths[at] - _GAP) for at in places)
    yield r"    \midrule"
    for at, row in enumerate(rows):
        if at and row[0].summary and not rows[at - 1][0].summary:
            yield r"    \midrule"
        yield _row(_cell(row[each], number=table.columns[each].number) for each in places)
    yield r"    \bottomrule"
    yield r"  \end{tabular}"


def _facts(facts: Facts) -> Iterator[str]:
    """Names and values; long ones go on in the next line."""
    longest = max((min(_width(name), _NAMES) for name, _ in facts.rows), default=0)
    beside = rf"\dimexpr\linewidth-{_EM * longest:.1f}em-2\tabcolsep\relax"
    yield rf"  \begin{{tabular}}{{@{{}}lp{{{beside}}}@{{}}}}"
    yield r"    \toprule"
    for name, value in facts.rows:
        lines = r" \newline ".join(_breakable(line, _NAMES) for line in value.split("\n"))
        yield rf"    {_boxed(name, _NAMES)} & \raggedright {lines} \tabularnewline"
    yield r"    \bottomrule"
    yield r"  \end{tabular}"


def _row(cells: Iterable[str]) -> str:
    return rf"    {' & '.join(cells)} \\"


def _heading(column: Column, width: int) -> str:
    """The name of a column, broken between its words where the column is narrower."""
    lines: list[str] = []
    for word in column.name.split(" "):
        if lines and _width(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) == 1:
        return latex(column.name)
    side = "r" if column.number else "l"
    words = r" \\ ".join(map(latex, lines))
    return rf"\shortstack[{side}]{{\strut {words}}}"


def _cell(cell: Cell, *, number: bool) -> str:
    signed = number and _SIGNED.fullmatch(cell.text)
    text = f"${cell.text}$" if signed else _boxed(cell.text)
    return rf"\textbf{{{text}}}" if cell.best else text


def _boxed(text: str, most: int = _WORDS) -> str:
    """A text in a box of several lines if it is too long for one."""
    if _width(text) <= most:
        return latex(text)
    words = _breakable(text, most)
    return rf"\parbox[t]{{{_EM * most:.1f}em}}{{\raggedright\strut {words}\strut}}"


def _breakable(text: str, most: int) -> str:
    """A text whose words that are longer than a line may be broken anywhere, without a hyphen."""
    return " ".join(
        latex(word)
        if _width(word) <= most
        else r"\allowbreak{}".join(
            latex(word[at : at + _PIECE]) for at in range(0, len(word), _PIECE)
        )
        for word in text.split(" ")
    )
