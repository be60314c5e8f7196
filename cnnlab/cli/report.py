"""A whole run on the console: at the end of `cnnlab run`, and by `cnnlab runs show`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from rich.console import Console
from rich.text import Text

from cnnlab.analysis.curves import read_series
from cnnlab.analysis.quantities import BYS, QUANTITIES, By
from cnnlab.cli.documents import print_document_table
from cnnlab.cli.plots import drawn_curves
from cnnlab.cli.tables import run_header, summary
from cnnlab.errors import ConfigError, known_name
from cnnlab.events import Command
from cnnlab.export.document import Table
from cnnlab.export.format import one_line
from cnnlab.export.run_tables import (
    checkpoints_table,
    classes_table,
    evaluations_table,
    later_evaluations_table,
)
from cnnlab.history.origins import counts_epochs_alone
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord, evaluation_of


@dataclass(frozen=True)
class CurveOptions:
    """How to draw a run's curves.

    Attributes:
        by: what to draw against; None draws epoch means, and steps in a first epoch.
        smooth: weight of the past for training, in [0, 1], as `analysis.curves.smoothed` takes it;
            anything but 0 smooths the steps.
        log: whether loss and learning rate have a logarithmic axis.
    """

    by: By | None = None
    smooth: float = 0.0
    log: bool = False


def curve_options(by: str, smooth: float, *, log: bool) -> CurveOptions:
    """What a user wrote, as options; an empty `by` is none.

    Raises:
        ConfigError: there is no such thing to draw against, or the weight is not in [0, 1].
    """
    against = known_name("x axis", by, BYS) if by else None
    if not 0 <= smooth <= 1:
        raise ConfigError(f"A smoothing weight of {smooth:g} is not in [0, 1].", "Try 0.9.")
    return CurveOptions(against, smooth, log)


def print_result(console: Console, reader: Reader, run: RunRecord) -> None:
    """What a run came to: per-class table, figures, checkpoint, and how to see it again."""
    evaluations = reader.final_evaluations([run.id])[run.id]
    test = evaluation_of(evaluations, "test", "best")
    if test is not None:
        print_document_table(console, classes_table(test))
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
    console: Console,
    reader: Reader,
    run: RunRecord,
    *,
    curves: CurveOptions | None,
    split: str = "test",
) -> None:
    """Everything the history knows of a run: curves if wanted, figures of classes on one split."""
    epochs = reader.epochs([run.id])[run.id]
    console.print(run_header(run, epochs))
    if curves is not None:
        _print_curves(console, reader, run, curves, by_epoch=len(epochs) > 1)
    evaluations = reader.final_evaluations([run.id])[run.id]
    best = evaluation_of(evaluations, split, "best")
    if best is not None and best.classes:
        _print_titled(console, classes_table(best))
    if evaluations:
        _print_titled(console, evaluations_table(evaluations))
    later = reader.later_evaluations([run.id])[run.id]
    if later:
        _print_titled(console, later_evaluations_table(later))
    checkpoints = reader.checkpoints([run.id])[run.id]
    if checkpoints:
        folder = PurePath(checkpoints[0].path).parent
        _print_titled(console, checkpoints_table(checkpoints, sums=True), f" in {folder}")
    for one in reader.interventions([run.id])[run.id]:
        done = Command(one.kind, one.value).in_words()
        console.print(Text(f"by hand: {done} after step {one.step} in epoch {one.epoch}"))
    for note in reader.notes([run.id])[run.id]:
        console.print()
        console.print(Text(f"note: {note.text}"))
    _print_warnings(console, reader, run)


def _print_titled(console: Console, table: Table, behind: str = "") -> None:
    """A table below a blank line and its title, and below what stands behind that."""
    console.print()
    # Where this names a path, no terminal breaks it up for copying.
    console.print(
        Text(one_line(table.title), style="bold").append(behind, style="not bold"), soft_wrap=True
    )
    print_document_table(console, table)


def _print_warnings(console: Console, reader: Reader, run: RunRecord) -> None:
    """The warnings of a run's log; its errors are tracebacks, and the status tells those."""
    for line in reader.log(run.id):
        if line.level == "warning":
            console.print(Text(f"{line.level}: {line.message}"), soft_wrap=console.is_terminal)


def _print_curves(
    console: Console, reader: Reader, run: RunRecord, wanted: CurveOptions, *, by_epoch: bool
) -> None:
    """Loss, accuracy and a learning rate that changes, each in a plot of its own."""
    from cnnlab.export.interventions import marks, marks_in_words
    from cnnlab.export.run_plots import TITLES, X_LABELS, of_rates, smoothed_training, varies
    from cnnlab.export.unknown_axes import NOT_TOLD

    by = wanted.by or ("epoch" if by_epoch or counts_epochs_alone(run) else "step")
    means = by == "epoch" and not wanted.by and not wanted.smooth
    series = read_series(reader, run.id, steps=not means)
    if series.lacks(by):
        console.print()
        console.print(Text(NOT_TOLD[by]), soft_wrap=True)
        return
    by_hand = marks(series, by)
    for quantity in QUANTITIES:
        course = of_rates(reader, series) if quantity == "lr" else series
        curves = course.curves(quantity, by)
        if quantity == "lr" and not varies(curves):
            continue
        drawing = drawn_curves(
            console,
            smoothed_training(curves, wanted.smooth if quantity != "lr" else 0.0),
            title=TITLES[quantity],
            x_label=X_LABELS[by],
            log=wanted.log and quantity != "accuracy",
            marks=by_hand,
        )
        if drawing:
            console.print()
            console.print(drawing)
    if by_hand:
        console.print(Text(f"marks: {marks_in_words(series.interventions)}"))
