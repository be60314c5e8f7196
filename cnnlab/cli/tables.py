"""A run in tables: one renderer for the end of `cnnlab run`, `runs list` and `runs show`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Column, Table
from rich.text import Text

from cnnlab.export.format import format_duration, format_figure, one_line
from cnnlab.export.pairs import Pairs
from cnnlab.export.run_words import STATUS_STYLES, created_words, run_words
from cnnlab.history.records import EpochRecord, EvaluationRecord, RunRecord

WIDE, NARROW = 110, 72
"""Columns from which a list of runs shows everything, and below which only the main figures."""

WIDEST_NAME = 32
"""Columns of a name in a table that is too wide for the terminal anyway."""

GAP = 2
"""Blanks between two columns of a table."""


def plain_table(
    *columns: str, left: int = 1, words: Sequence[str] = (), flexible: Sequence[str] = ()
) -> Table:
    """A table without lines; the first `left` columns and `words` hold words, the others numbers.

    Where the terminal is too narrow, the flexible columns give way; their cells are `clipped`.
    """
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for index, column in enumerate(columns):
        table.add_column(
            clipped(column) if column in flexible else column,
            justify="left" if index < left or column in words else "right",
            no_wrap=column not in flexible,
            overflow="ellipsis",
            min_width=len(column) if column in flexible else None,
        )
    return table


def print_table(console: Console, table: Table) -> None:
    """Prints a table with nothing of it cut but its flexible columns.

    In a terminal that is too narrow even so, whole lines go on in the next one.
    """
    if fits(console, table):
        console.print(table)
    else:
        wanted = sum(min(_width(column), WIDEST_NAME) for column in table.columns)
        widened = max(wanted + _gaps(table), _least_width(table))
        console.print(_Widened(table, widened), soft_wrap=True)


def fits(console: Console, table: Table) -> bool:
    """Whether a table fits the console with nothing of it cut but its flexible columns."""
    return _least_width(table) <= console.width


def _least_width(table: Table) -> int:
    least = sum(column.min_width or _width(column) for column in table.columns)
    return least + _gaps(table)


def width_of(table: Table) -> int:
    """Columns of the terminal that a table takes where nothing of it is cut or wrapped."""
    return sum(map(_width, table.columns)) + _gaps(table)


def _gaps(table: Table) -> int:
    """Blanks of a table; Rich puts some behind a last column with a least width too."""
    last = table.columns[-1].min_width is not None
    return GAP * (len(table.columns) - 1 + last)


def _width(column: Column) -> int:
    texts = [str(cell) for cell in (column.header, *column.cells)]
    return max(cell_len(line) for text in texts for line in text.split("\n"))


@dataclass(frozen=True)
class _Widened:
    """A table drawn wider than the console, which `Console.print` itself does not allow."""

    table: Table
    width: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from console.render(self.table, options.update(width=self.width))


def clipped(text: str, style: str = "") -> Text:
    """A cell of a flexible column: one line, cut with an ellipsis."""
    return Text(one_line(text), style=style, no_wrap=True, overflow="ellipsis")


def pairs_table(rows: Iterable[tuple[str, str]]) -> Pairs:
    """Names with what they are, one a line; what is empty is left out."""
    return Pairs([(name, value) for name, value in rows if value])


def runs_table(runs: Sequence[RunRecord], width: int) -> Table:
    """A list of runs; in narrow terminals without some columns, so that names are legible."""
    wide, narrow = width >= WIDE, width < NARROW
    columns = {
        "id": [run.id for run in runs],
        "name": [clipped(run.name) for run in runs],
        "status": [Text(run.status, style=STATUS_STYLES[run.status]) for run in runs],
        "data set": None if narrow else [clipped(run.dataset) for run in runs],
        "model": [clipped(run.model) for run in runs] if wide else None,
        "accuracy": [format_figure(run.test_accuracy) for run in runs],
        "epochs": [f"{run.epochs_done}/{run.epochs_planned}" for run in runs],
        "time": [format_duration(run.duration_s) for run in runs] if wide else None,
        "started": [created_words(run, short=not wide) for run in runs],
    }
    shown = {name: cells for name, cells in columns.items() if cells is not None}
    table = plain_table(
        *shown, left=5 if wide else 3 if narrow else 4, flexible=("name", "data set", "model")
    )
    for row in zip(*shown.values(), strict=True):
        table.add_row(*row)
    return table


def run_header(run: RunRecord, epochs: Sequence[EpochRecord]) -> Pairs:
    """A run in words: what it was, on what, and how it ended."""
    return pairs_table(run_words(run, epochs))


def summary(evaluation: EvaluationRecord) -> Text:
    """Accuracy and macro precision in one line."""
    text = Text("test accuracy ")
    text.append(format_figure(evaluation.accuracy), style="bold")
    text.append(", macro precision ")
    text.append(format_figure(evaluation.precision_macro), style="bold")
    text.append(f" ({evaluation.checkpoint} checkpoint, epoch {evaluation.epoch})")
    return text
