"""A whole run on the console: at the end of `cnnlab run`, and by `cnnlab runs show`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from rich.console import Console
from rich.text import Text

from cnnlab.cli.tables import (
    checkpoints_table,
    classes_table,
    evaluations_table,
    print_table,
    run_header,
    summary,
)
from cnnlab.export.curves import Curve, draw_curves
from cnnlab.history.queries import Reader
from cnnlab.history.records import EpochRecord, EvaluationRecord, RunRecord, StepRecord

CURVE_HEIGHT = 13


def print_result(console: Console, reader: Reader, run: RunRecord) -> None:
    """What a run came to: per-class table, figures, checkpoint, and how to see it again."""
    evaluations = reader.final_evaluations([run.id])[run.id]
    test = _find(evaluations, "test", "best")
    if test is not None:
        print_table(console, classes_table(test))
        console.print()
        console.print(summary(test))
    checkpoints = reader.checkpoints([run.id])[run.id]
    kept = {one.kind: one for one in checkpoints}
    shown = kept.get("best") or kept.get("last")
    if shown is not None:
        console.print(Text(f"{shown.kind} checkpoint: {shown.path}"), soft_wrap=True)
    _print_warnings(console, reader, run)
    console.print(Text(f"see it again: cnnlab runs show {run.id}"))


def print_run(
    console: Console, reader: Reader, run: RunRecord, *, curves: bool, split: str = "test"
) -> None:
    """Everything the history knows of a run; figures of each class on one split."""
    console.print(run_header(run, reader.epochs([run.id])[run.id]))
    if curves:
        _print_curves(console, reader, run)
    evaluations = reader.final_evaluations([run.id])[run.id]
    best = _find(evaluations, split, "best")
    if best is not None:
        console.print()
        console.print(Text(f"{split.capitalize()} images, best checkpoint", style="bold"))
        print_table(console, classes_table(best))
    if evaluations:
        console.print()
        print_table(console, evaluations_table(evaluations))
    checkpoints = reader.checkpoints([run.id])[run.id]
    if checkpoints:
        console.print()
        folder = PurePath(checkpoints[0].path).parent
        # On a line of its own, which no terminal breaks up for copying.
        console.print(
            Text("Checkpoints", style="bold").append(f" in {folder}", style="not bold"),
            soft_wrap=True,
        )
        print_table(console, checkpoints_table(checkpoints))
    for note in reader.notes([run.id])[run.id]:
        console.print()
        console.print(Text(f"note: {note.text}"))
    _print_warnings(console, reader, run)


def _print_warnings(console: Console, reader: Reader, run: RunRecord) -> None:
    """The warnings of a run's log; its errors are tracebacks, and the status tells those."""
    for line in reader.log(run.id):
        if line.level == "warning":
            console.print(Text(f"{line.level}: {line.message}"), soft_wrap=True)


def _find(
    evaluations: Sequence[EvaluationRecord], split: str, checkpoint: str
) -> EvaluationRecord | None:
    for one in evaluations:
        if (one.split, one.checkpoint) == (split, checkpoint):
            return one
    return None


def _print_curves(console: Console, reader: Reader, run: RunRecord) -> None:
    """Loss and accuracy of training and validation, by epoch; by step in a first epoch."""
    epochs = reader.epochs([run.id])[run.id]
    if len(epochs) > 1:
        loss, accuracy, label = *_by_epoch(epochs), "epoch"
    else:
        loss, accuracy, label = (
            *_by_step(reader.steps(run.id), reader.validations([run.id])[run.id]),
            "step",
        )
    for title, curves in (("loss", loss), ("accuracy", accuracy)):
        plot = draw_curves(
            curves,
            title=title,
            x_label=label,
            width=min(console.width, 100),
            height=CURVE_HEIGHT,
            colour=console.color_system is not None and not console.no_color,
        )
        if plot:
            console.print()
            console.print(Text.from_ansi(plot))


def _by_epoch(epochs: Sequence[EpochRecord]) -> tuple[list[Curve], list[Curve]]:
    x = [float(one.epoch) for one in epochs]
    return (
        [
            Curve("training", x, [one.train_loss for one in epochs]),
            Curve("validation", x, [one.validation_loss for one in epochs]),
        ],
        [
            Curve("training", x, [one.train_accuracy for one in epochs]),
            Curve("validation", x, [one.validation_accuracy for one in epochs]),
        ],
    )


def _by_step(
    steps: Sequence[StepRecord], validations: Sequence[EvaluationRecord]
) -> tuple[list[Curve], list[Curve]]:
    x = [float(one.step) for one in steps]
    at = [float(one.step) for one in validations]
    return (
        [
            Curve("training", x, [one.loss for one in steps]),
            Curve("validation", at, [one.loss for one in validations]),
        ],
        [
            Curve("training", x, [one.accuracy for one in steps]),
            Curve("validation", at, [one.accuracy for one in validations]),
        ],
    )
