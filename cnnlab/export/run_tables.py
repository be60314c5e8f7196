"""The tables of a run, for its reports and for the console."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath

from cnnlab.events import ClassMetrics
from cnnlab.export.document import Cell, Column, Table, words
from cnnlab.export.format import format_bytes, format_figure, format_time, one_line
from cnnlab.export.run_plots import images_words
from cnnlab.export.run_words import EVALUATION_FIGURES, evaluation_words
from cnnlab.history.records import CheckpointRecord, EvaluationRecord

_SUM_DIGITS = 12
"""Digits of a SHA-256 that tell files apart."""
_MEANS = ("Precision, recall and F1 are macro averages over the classes.",)


def classes_table(evaluation: EvaluationRecord) -> Table:
    """Precision, recall, F1 and support (images) of each class, and their macro averages."""
    numbers = ("precision", "recall", "F1", "support")
    columns = (Column("class"), *(Column(name, number=True) for name in numbers))
    rows = [_class_row(metrics) for metrics in evaluation.classes]
    title = f"Classes of the {images_words(evaluation)}"
    return Table(title, columns, (*rows, _macro_row(evaluation)))


def _class_row(metrics: ClassMetrics) -> tuple[Cell, ...]:
    values = (metrics.precision, metrics.recall, metrics.f1)
    return (
        Cell(metrics.name),
        *(Cell(format_figure(value)) for value in values),
        Cell(f"{metrics.support:,}"),
    )


def _macro_row(evaluation: EvaluationRecord) -> tuple[Cell, ...]:
    values = (evaluation.precision_macro, evaluation.recall_macro, evaluation.f1_macro)
    images = sum(metrics.support for metrics in evaluation.classes)
    texts = ("macro average", *map(format_figure, values), f"{images:,}")
    return tuple(Cell(text, summary=True) for text in texts)


def evaluations_table(evaluations: Iterable[EvaluationRecord]) -> Table:
    """The figures of a run's own evaluations: every split with the best and the last checkpoint."""
    columns = (Column("checkpoint"), Column("split"), *_figure_columns())
    rows = [
        (
            Cell(f"{one.checkpoint}, epoch {one.epoch}"),
            Cell(one.split),
            *map(Cell, evaluation_words(one)),
        )
        for one in evaluations
    ]
    return Table("Figures of every split", columns, tuple(rows), _MEANS, naming=2)


def later_evaluations_table(evaluations: Iterable[EvaluationRecord]) -> Table:
    """The same of evaluations that were made after the run, on the images of any data set."""
    columns = (
        Column("images"),
        Column("checkpoint"),
        Column("epoch", number=True, detail=True),
        *_figure_columns(),
        Column("evaluated", detail=True),
    )
    rows = [
        (
            Cell(f"{one.dataset}, {one.split}"),
            Cell(one.checkpoint or ""),
            Cell(str(one.epoch)),
            *map(Cell, evaluation_words(one)),
            Cell(format_time(one.evaluated_at)),
        )
        for one in evaluations
    ]
    return Table("Evaluated later", columns, tuple(rows), _MEANS, naming=2)


def _figure_columns() -> list[Column]:
    return [Column(name, number=True) for name in EVALUATION_FIGURES]


def checkpoints_table(checkpoints: Sequence[CheckpointRecord], *, sums: bool = False) -> Table:
    """The checkpoints of a run by the names of their files.

    Args:
        sums: whether the first digits of each file's SHA-256 have a column, for where nothing else
            tells them.
    """
    columns = [
        Column("kind"),
        Column("epoch", number=True),
        Column("step", number=True),
        Column("monitored", number=True, detail=True),
        Column("size", number=True),
        *([Column("sha256")] if sums else []),
        Column("file"),
    ]
    rows = [
        (
            one.kind,
            str(one.epoch),
            f"{one.step:,}",
            format_figure(one.value),
            format_bytes(one.bytes),
            *([one.sha256[:_SUM_DIGITS]] if sums else []),
            checkpoint_file(one),
        )
        for one in checkpoints
    ]
    return Table("Checkpoints", tuple(columns), words(rows))


def checkpoint_file(checkpoint: CheckpointRecord) -> str:
    """The name of a checkpoint's file, as one line."""
    return one_line(PurePath(checkpoint.path).name)
