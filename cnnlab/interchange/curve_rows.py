"""Curves from elsewhere as the rows of a run: what the history asks for that curves do not tell.

A value for each step becomes one of `steps`, a value for each epoch or validation one of `epochs`.
Where only steps have a training loss, an epoch's is the mean of the steps that were logged. A
validation with accuracy, precision, recall and F1 is one of `evaluations`, and so are figures of
the end. What nobody told stays unknown; the config is empty.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, mean
from typing import Literal

from cnnlab.amounts import listed
from cnnlab.errors import ConfigError
from cnnlab.history.importing import ImportedRun
from cnnlab.history.origins import UNKNOWN
from cnnlab.history.recorder import now
from cnnlab.history.whole_runs import Value
from cnnlab.interchange.curve_axes import Axes, Point, Trace
from cnnlab.interchange.curve_choice import OF_AN_EVALUATION, Chosen, Points, choose
from cnnlab.interchange.curve_names import FIELDS
from cnnlab.interchange.readers import ImportOptions

_MONITORS = ("validation_accuracy", "validation_loss")
_COLUMNS = {
    "loss": "loss",
    "accuracy": "accuracy",
    "top5_accuracy": "top5_accuracy",
    "precision": "precision_macro",
    "recall": "recall_macro",
    "f1": "f1_macro",
}
"""Columns of evaluations by the quantities that they hold."""


@dataclass
class FoundCurves:
    """The curves of one run.

    Attributes:
        unread: names that mean nothing to a history.
        began: seconds since 1970, of the first sign of the run, or of its file.
        is_timed: whether points have times, so that it is known when the run was, and its epochs
            have a duration.
        places: what each name was read as that tells where values belong, not a curve.
        gaps: how many values of a name are there and are no numbers.
        remarks: what a user should know of how they were found.
        is_own: whether cnnlab gave the names, so that nobody asks what they were read as.
        dataset, model: what was trained, where the files tell it.
    """

    origin: Literal["tensorboard", "csv"]
    name: str
    source: Path
    traces: list[Trace]
    axes: Axes
    unread: list[str]
    began: float
    is_timed: bool = False
    places: dict[str, str] = field(default_factory=dict)
    gaps: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    is_own: bool = False
    dataset: str = ""
    model: str = ""


def imported_run(found: FoundCurves, options: ImportOptions) -> ImportedRun:
    """The curves of a run as its rows, with what a user should know of how they were read.

    Raises:
        ConfigError: there is no curve that a history holds.
    """
    chosen = choose(found.traces, found.axes)
    if not chosen.steps and not any(name in FIELDS for name in chosen.epochs):
        raise nothing_known(found.source, [*(one.name for one in found.traces), *found.unread])
    epochs = list(_epochs(found, chosen))
    evaluations = list(_evaluations(found, chosen))
    rows = _Rows(
        chosen,
        (
            *(("epochs", row) for row in epochs),
            *(("evaluations", row) for row in evaluations),
            *(("notes", row) for row in _notes(found, chosen)),
        ),
    )
    run = _run(found, chosen, options, epochs, evaluations)
    return ImportedRun(run, rows, found.source, remarks=tuple(_remarks(found, chosen)))


@dataclass(frozen=True)
class _Rows:
    """The rows of a run; those of steps, which may be many, are made while they are gone through.

    Attributes:
        others: those that are not of steps.
    """

    chosen: Chosen
    others: Sequence[tuple[str, Mapping[str, Value]]]

    def __iter__(self) -> Iterator[tuple[str, Mapping[str, Value]]]:
        epochs = [row for table, row in self.others if table == "epochs"]
        for row in _steps(self.chosen, epochs):
            yield "steps", row
        yield from self.others


def nothing_known(source: Path, names: Sequence[str]) -> ConfigError:
    """The error where no name is that of a curve."""
    there = f"it has {listed(names)}" if names else "it holds no figures at all"
    return ConfigError(
        f"{source} has no curve of a training that is known: {there}.",
        f"Name one, such as --column train_loss=NAME; fields are {', '.join(FIELDS)}.",
    )


def _remarks(found: FoundCurves, chosen: Chosen) -> Iterator[str]:
    yield from found.remarks
    read = {**found.places, **chosen.read}
    if not found.is_own:
        yield f"Read {', '.join(f'{name!r} as {meaning}' for name, meaning in read.items())}."
    gaps = [f"{count:,} of {name!r}" for name, count in found.gaps.items() if count]
    if gaps:
        yield f"Values that are no numbers, kept as gaps: {', '.join(gaps)}."
    yield from chosen.told
    unread = [*chosen.unread, *found.unread]
    if unread:
        yield f"Not read: {listed(unread)}; --column FIELD=NAME says what one is."


# Rows


def _epochs(found: FoundCurves, chosen: Chosen) -> Iterator[dict[str, Value]]:
    means = {name: _means(chosen, name) for name in ("train_loss", "train_accuracy")}
    times = _times(chosen.epochs)
    last_rates = _last_rates(chosen)
    rate: float | None = None
    begun = found.began
    for epoch, step in chosen.ends.last.items():
        known = {
            name: points[epoch].value for name, points in chosen.epochs.items() if epoch in points
        }
        rate = known.get("lr", last_rates.get(epoch, rate))
        ended = times.get(epoch, begun)
        # Times that are all the same were not kept; no epoch takes none.
        passed = ended - begun if found.is_timed and ended > begun else None
        yield {
            "epoch": epoch,
            "step": step,
            "train_loss": _finite(known.get("train_loss", means["train_loss"].get(epoch))),
            "train_accuracy": _finite(
                known.get("train_accuracy", means["train_accuracy"].get(epoch))
            ),
            "validation_loss": _finite(known.get("validation_loss")),
            "validation_accuracy": _finite(known.get("validation_accuracy")),
            "lr": _finite(rate),
            "seconds": _finite(known.get("seconds", passed)),
            "images_per_second": _finite(known.get("images_per_second")),
        }
        begun = max(ended, begun)


def _means(chosen: Chosen, name: str) -> dict[int, float]:
    """The mean of a field over the steps of each epoch that were logged."""
    values: dict[int, list[float]] = defaultdict(list)
    for step, point in chosen.steps.get(name, {}).items():
        epoch = chosen.ends.epoch_of(step)
        if step <= chosen.ends.last.get(epoch, 0):
            values[epoch].append(point.value)
    return {epoch: _mean(those) for epoch, those in values.items()}


def _mean(values: Sequence[float]) -> float:
    """The mean of some values; not a number where one of them is infinite or none."""
    if not all(map(math.isfinite, values)):
        return math.nan
    try:
        return fmean(values)
    except OverflowError:
        # Slowly, as the sum is larger than any float.
        return mean(values)


def _last_rates(chosen: Chosen) -> dict[int, float]:
    """The learning rate of the last logged step of each epoch."""
    rates = sorted(chosen.steps.get("lr", {}).items())
    return {chosen.ends.epoch_of(step): point.value for step, point in rates}


def _times(epochs: Mapping[str, Points]) -> dict[int, float]:
    """When the last figure of each epoch was written, where that is known."""
    times: dict[int, float] = {}
    for points in epochs.values():
        for epoch, point in points.items():
            if point.time is not None:
                times[epoch] = max(point.time, times.get(epoch, point.time))
    return times


def _steps(chosen: Chosen, epochs: Sequence[Mapping[str, Value]]) -> Iterator[dict[str, Value]]:
    of_epochs = {row["epoch"]: row["lr"] for row in epochs}
    losses, accuracies, rates = (
        chosen.steps.get(name, {}) for name in ("train_loss", "train_accuracy", "lr")
    )
    rate: Value = None
    for step in sorted({*losses, *accuracies, *rates}):
        epoch = chosen.ends.epoch_of(step)
        if step in rates:
            rate = _finite(rates[step].value)
        yield {
            "step": step,
            "epoch": epoch,
            "loss": _at(losses, step),
            "accuracy": _at(accuracies, step),
            # One that was logged holds until the next one.
            "lr": rate if rates else of_epochs.get(epoch),
        }


def _at(points: Points, step: int) -> float | None:
    return _finite(points[step].value) if step in points else None


def _evaluations(found: FoundCurves, chosen: Chosen) -> Iterator[dict[str, Value]]:
    """The validations on the way that are whole, then the figures of the end that are."""
    number = 0
    figures: dict[int, dict[str, Point]] = defaultdict(dict)
    for name, points in chosen.validations.items():
        for step, point in points.items():
            figures[step][name.removeprefix("validation_")] = point
    on_the_way = [("validation", None, step, those) for step, those in sorted(figures.items())]
    at_the_end = [
        (split, checkpoint, found.axes.step(next(iter(those.values()))), those)
        for (split, checkpoint), those in chosen.final.items()
    ]
    for split, checkpoint, step, those in (*on_the_way, *at_the_end):
        if not _is_whole(those):
            continue
        number += 1
        times = [one.time for one in those.values() if one.time is not None]
        yield {
            "id": number,
            "split": split,
            "checkpoint": checkpoint,
            "epoch": chosen.ends.epoch_of(step),
            "step": step,
            **{
                column: _finite(those[name].value) if name in those else None
                for name, column in _COLUMNS.items()
            },
            "evaluated_at": _time(max(times, default=found.began)),
        }


def _is_whole(figures: Mapping[str, Point]) -> bool:
    """Whether the history can hold it as an evaluation."""
    return all(name in figures and math.isfinite(figures[name].value) for name in OF_AN_EVALUATION)


def _notes(found: FoundCurves, chosen: Chosen) -> Iterator[dict[str, Value]]:
    """Figures of the end that make no whole evaluation, in words."""
    lines = [
        f"{split} {name.replace('_', ' ')} {point.value:.6g}"
        for (split, _), figures in chosen.final.items()
        if not _is_whole(figures)
        for name, point in figures.items()
    ]
    if lines:
        text = f"From {found.source.name}: {', '.join(lines)}"
        yield {"text": text, "written_at": now()}


# The run


def _run(
    found: FoundCurves,
    chosen: Chosen,
    options: ImportOptions,
    epochs: Sequence[Mapping[str, Value]],
    evaluations: Sequence[Mapping[str, Value]],
) -> dict[str, Value]:
    monitor, best = _best(epochs, evaluations)
    times = [point.time for one in found.traces for point in one.points if point.time is not None]
    ended = max(times, default=found.began)
    # Times that are all the same tell when a run was, not how long it took.
    is_timed = found.is_timed and ended > found.began
    return {
        "name": found.name,
        "status": "finished",
        "dataset": options.dataset or found.dataset or UNKNOWN,
        "model": options.model or found.model or UNKNOWN,
        "config": "{}",
        "monitor": monitor,
        "epochs_planned": max((int(row["epoch"] or 0) for row in epochs), default=0),
        "steps_per_epoch": _steps_per_epoch(epochs, logged=bool(chosen.steps)),
        "host": "",
        "pid": 0,
        "versions": "{}",
        "created_at": _time(found.began),
        "started_at": _time(found.began) if found.is_timed else None,
        "ended_at": _time(ended) if found.is_timed else None,
        "duration_s": ended - found.began if is_timed else None,
        "best_epoch": best.get("epoch"),
        "best_step": best.get("step"),
        "best_value": best.get("value"),
        "message": f"imported from {found.source.name}",
        "origin": found.origin,
    }


def _best(
    epochs: Sequence[Mapping[str, Value]], evaluations: Sequence[Mapping[str, Value]]
) -> tuple[str, dict[str, Value]]:
    """What was validated, and where it was best; the first of equals, as the engine has it."""
    on_the_way = [row for row in evaluations if row["checkpoint"] is None]
    for monitor in _MONITORS:
        name = monitor.removeprefix("validation_") if on_the_way else monitor
        known = [row for row in on_the_way or epochs if row[name] is not None]
        if known:
            pick = max if monitor == "validation_accuracy" else min
            best = pick(known, key=lambda row: float(row[name] or 0.0))
            return monitor, {"epoch": best["epoch"], "step": best["step"], "value": best[name]}
    return _MONITORS[0], {}


def _steps_per_epoch(epochs: Sequence[Mapping[str, Value]], *, logged: bool) -> int | None:
    """The steps of an epoch, where all have the same number.

    One is what marks curves that count epochs alone (`origins.counts_epochs_alone`), so it is left
    out where steps were `logged`.
    """
    if not epochs:
        return None
    ends = [(int(row["epoch"] or 0), int(row["step"] or 0)) for row in epochs]
    each = round(ends[-1][1] / ends[-1][0])
    if each < 1 or (logged and each == 1):
        return None
    return each if all(abs(step - epoch * each) <= 1 for epoch, step in ends) else None


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def is_a_time(seconds: float) -> bool:
    """Whether a number can be seconds since 1970: of a year from 1973 to 2242."""
    return 1e8 < seconds < 2**33


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
