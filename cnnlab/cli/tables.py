"""A run in tables: one renderer for the end of `cnnlab run`, `runs list` and `runs show`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Column, Table
from rich.text import Text

from cnnlab.cli.console import UNLIMITED_WIDTH
from cnnlab.export.format import (
    format_bytes,
    format_duration,
    format_figure,
    format_short_time,
    format_time,
    one_line,
)
from cnnlab.export.run_words import (
    EVALUATION_FIGURES,
    STATUS_STYLES,
    evaluation_words,
    run_words,
)
from cnnlab.history.records import CheckpointRecord, EpochRecord, EvaluationRecord, RunRecord

WIDE, NARROW = 110, 72
"""Columns from which a list of runs shows everything, and below which only the main figures."""

WIDEST_NAME = 32
"""Columns of a name in a table that is too wide for the terminal anyway."""


def plain_table(
    *columns: str, left: int = 1, words: Sequence[str] = (), flexible: Sequence[str] = ()
) -> Table:
    """A table without lines; the first `left` columns and `words` hold words, the others numbers.

    Where the terminal is too narrow, the flexible columns give way; their cells are `clipped`.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
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


def _gaps(table: Table) -> int:
    return 2 * len(table.columns)


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


@dataclass(frozen=True)
class Pairs:
    """Names with what they are, one a line; what is empty is left out.

    Where lines have a width, as on a terminal, long values are wrapped below each other. Elsewhere
    each stays on its line, without the blanks that would fill a table.
    """

    rows: Sequence[tuple[str, str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = [(name, value) for name, value in self.rows if value]
        if options.max_width < UNLIMITED_WIDTH:
            table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
            table.add_column(style="dim", no_wrap=True)
            table.add_column(overflow="fold")
            for name, value in rows:
                table.add_row(Text(name), Text(value))
            yield table
            return
        width = max((len(name) for name, _ in rows), default=0)
        for name, value in rows:
            lines = value.replace("\n", "\n" + " " * (width + 2))
            yield Text(f"{name:{width}}  {lines}", overflow="ignore", no_wrap=True)


def pairs_table(rows: Iterable[tuple[str, str]]) -> Pairs:
    """Names with what they are, one a line."""
    return Pairs(list(rows))


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
        "started": [
            format_time(run.created_at) if wide else format_short_time(run.created_at)
            for run in runs
        ],
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


def evaluations_table(evaluations: Sequence[EvaluationRecord]) -> Table:
    """Figures of every split with the best and with the last checkpoint."""
    table = plain_table("checkpoint", "split", *EVALUATION_FIGURES, left=2)
    for one in evaluations:
        table.add_row(f"{one.checkpoint} (epoch {one.epoch})", one.split, *evaluation_words(one))
    return table


def later_evaluations_table(evaluations: Sequence[EvaluationRecord]) -> Table:
    """The same of evaluations that were made of a run later, on any images."""
    table = plain_table("images", "checkpoint", *EVALUATION_FIGURES, left=2, flexible=("images",))
    for one in evaluations:
        # The data set last: it may be long, and is clipped then.
        images = clipped(f"{one.split} of {one.dataset}")
        table.add_row(images, str(one.checkpoint), *evaluation_words(one))
    return table


def classes_table(evaluation: EvaluationRecord) -> Table:
    """Precision, recall, F1 and support of each class, and their macro averages."""
    table = plain_table("class", "precision", "recall", "F1", "support")
    for metrics in evaluation.classes:
        table.add_row(
            Text(one_line(metrics.name)),
            format_figure(metrics.precision),
            format_figure(metrics.recall),
            format_figure(metrics.f1),
            f"{metrics.support:,}",
        )
    table.add_row(
        Text("macro average", style="bold"),
        format_figure(evaluation.precision_macro),
        format_figure(evaluation.recall_macro),
        format_figure(evaluation.f1_macro),
        f"{sum(metrics.support for metrics in evaluation.classes):,}",
    )
    return table


def checkpoints_table(checkpoints: Sequence[CheckpointRecord]) -> Table:
    """The checkpoints of a run by their file names; the folder stands above the table."""
    table = plain_table("kind", "epoch", "step", "size", "sha256", "file", words=("sha256", "file"))
    for one in checkpoints:
        table.add_row(
            one.kind,
            str(one.epoch),
            f"{one.step:,}",
            format_bytes(one.bytes),
            one.sha256[:12],
            one_line(PurePath(one.path).name),
        )
    return table


def summary(evaluation: EvaluationRecord) -> Text:
    """Accuracy and macro precision in one line."""
    text = Text("test accuracy ")
    text.append(format_figure(evaluation.accuracy), style="bold")
    text.append(", macro precision ")
    text.append(format_figure(evaluation.precision_macro), style="bold")
    text.append(f" ({evaluation.checkpoint} checkpoint, epoch {evaluation.epoch})")
    return text
