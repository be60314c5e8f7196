"""Which of the curves that were found the history keeps, and as what: of steps, epochs, or the end.

A curve of training is one of steps where its name says so, or where it has values within epochs.
Of two that mean the same the first one is kept; what is not kept is told by its name.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from cnnlab.interchange.curve_axes import Axes, Ends, Point, Trace

OF_AN_EVALUATION = ("accuracy", "precision", "recall", "f1")
"""What the history asks for of every evaluation."""

_SHARES = ("top5_accuracy", *OF_AN_EVALUATION)
_ALIKE = (("accuracy", "top5_accuracy"), ("precision", "recall", "f1"))
"""Shares that one program computes, and writes all in percent or none."""
_LARGEST_SHARE = 1.5
"""Larger ones are percent; a share that was computed badly may be a little above 1."""

_OF_EPOCHS = ("seconds", "images_per_second")
_OF_TRAINING = ("loss", "accuracy", "lr")
_OF_VALIDATION = ("loss", *_SHARES)
_OF_WHOLE_VALIDATIONS = tuple(f"validation_{name}" for name in _SHARES if name != "accuracy")
"""What is kept only of a validation that makes a whole evaluation."""

Points = dict[int, Point]
"""Points by their step or epoch; of several at one, the last."""


@dataclass
class Chosen:
    """The curves of one run as the history keeps them, by fields such as `train_loss`.

    Attributes:
        steps: by step, those of training.
        epochs: by epoch.
        validations: by step, those that make whole evaluations; empty where one is missing.
        final: figures of the end, by split, checkpoint and quantity; `validation` and `train`
            have a checkpoint, `test` is of the best one.
        unread: names of what is not kept.
        told: what a user should know, a line each.
        read: what each name was read as.
    """

    steps: dict[str, Points] = field(default_factory=dict)
    epochs: dict[str, Points] = field(default_factory=dict)
    validations: dict[str, Points] = field(default_factory=dict)
    final: dict[tuple[str, str], dict[str, Point]] = field(default_factory=dict)
    ends: Ends = field(default_factory=lambda: Ends({}))
    unread: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)

    def trim(self) -> None:
        """Ends with the last epoch that has a figure: a test after it may count as one more."""
        epochs = {epoch for points in self.epochs.values() for epoch in points}
        epochs |= {self.ends.epoch_of(step) for points in self.steps.values() for step in points}
        last = max(epochs, default=0)
        self.ends = Ends({epoch: step for epoch, step in self.ends.last.items() if epoch <= last})


def choose(traces: Sequence[Trace], axes: Axes) -> Chosen:
    """Sorts the curves of one run; each has at least one point."""
    chosen = Chosen()
    in_percent = _in_percent(traces)
    shares = [_as_share(trace) if trace.name in in_percent else trace for trace in traces]
    known = _with_validation(shares, chosen)
    kept = _kept([trace for trace in known if not _is_final(trace)], axes, chosen)
    of_steps = {name: trace for (name, steps), trace in kept.items() if steps}
    of_epochs = {name: trace for (name, steps), trace in kept.items() if not steps}
    for name, trace in of_steps.items():
        chosen.steps[name] = {axes.step(point): point for point in trace.points}
    whole = all(f"validation_{name}" in of_epochs for name in OF_AN_EVALUATION)
    for name in () if whole else [name for name in of_epochs if name in _OF_WHOLE_VALIDATIONS]:
        unread = of_epochs.pop(name).name
        chosen.unread.append(unread)
        del chosen.read[unread]
    chosen.ends = Ends(_ends(of_epochs.values(), axes, chosen, whole=whole))
    for name, trace in of_epochs.items():
        chosen.epochs[name] = {_epoch(trace, one, axes, chosen.ends): one for one in trace.points}
        if whole and name.startswith("validation_"):
            chosen.validations[name] = {
                _step(trace, one, axes, chosen.ends): one for one in trace.points
            }
    chosen.trim()
    if counted := axes.counted_from_zero:
        chosen.told.append(f"{counted} count from 0 there; here the first one is 1.")
    _take_final([trace for trace in known if _is_final(trace)], chosen)
    chosen.told += [
        f"{name!r} is in percent{'' if sign == name else f', as {sign!r} is,'}"
        " and kept as a share of 1."
        for name, sign in in_percent.items()
        if name not in chosen.unread
    ]
    return chosen


def _in_percent(traces: Sequence[Trace]) -> dict[str, str]:
    """The curves in percent by name, each with the one that tells so.

    A percent sign tells of its own curve. A value too large for a share tells of all that are
    written alike: of an accuracy of 1.3 alone nobody could say what it is.
    """
    found = {}
    for quantities in _ALIKE:
        shares = [trace for trace in traces if trace.meaning.quantity in quantities]
        unsigned = [trace for trace in shares if not trace.in_percent]
        large = [trace.name for trace in unsigned if _largest(trace) > _LARGEST_SHARE]
        for trace in shares:
            if trace.in_percent or trace.name in large:
                found[trace.name] = trace.name
            elif large:
                found[trace.name] = large[0]
    return found


def _largest(trace: Trace) -> float:
    return max((one.value for one in trace.points if math.isfinite(one.value)), default=0.0)


def _as_share(trace: Trace) -> Trace:
    """An accuracy in percent as a share."""
    return replace(trace, points=[replace(one, value=one.value / 100) for one in trace.points])


def _is_final(trace: Trace) -> bool:
    """Whether it is a figure of the end, not a curve."""
    return trace.meaning.split == "test" or bool(trace.meaning.checkpoint)


def _with_validation(traces: Sequence[Trace], chosen: Chosen) -> list[Trace]:
    """The curves, those of the test images as validation where they stand in for it."""
    if any(one.meaning.split == "validation" and not _is_final(one) for one in traces):
        return list(traces)
    found = []
    for trace in traces:
        stands_in = trace.meaning.split == "test" and not trace.meaning.checkpoint
        if stands_in and len(trace.points) > 1:
            meaning = replace(trace.meaning, split="validation")
            chosen.told.append(f"{trace.name!r} has values on the way: read as validation.")
            found.append(replace(trace, meaning=meaning))
        else:
            found.append(trace)
    return found


def _kept(course: Sequence[Trace], axes: Axes, chosen: Chosen) -> dict[tuple[str, bool], Trace]:
    """The curves that the history keeps, by their field and whether they are of steps."""
    validations = [one for one in course if one.meaning.split == "validation"]
    epochs = max((len(one.points) for one in validations), default=0)
    ends = set(axes.ends.values()) or {
        axes.step(point)
        for one in validations
        if one.name not in axes.of_epochs
        for point in one.points
    }
    kept: dict[tuple[str, bool], Trace] = {}
    for trace in course:
        of_steps = _is_of_steps(trace, axes, ends, epochs)
        key = (trace.meaning.label, of_steps)
        if key in kept or not _has_room(trace, of_steps=of_steps):
            chosen.unread.append(trace.name)
        else:
            kept[key] = trace
            chosen.read[trace.name] = f"{trace.meaning.label}{' of steps' if of_steps else ''}"
    return kept


def _is_of_steps(trace: Trace, axes: Axes, ends: set[int], epochs: int) -> bool:
    """Whether its values are of single steps; those of validations never are.

    Args:
        ends: the steps with which epochs end; else `epochs` is how many there are.
    """
    of_epochs = trace.name in axes.of_epochs or trace.meaning.quantity in _OF_EPOCHS
    if of_epochs or trace.meaning.split == "validation":
        return False
    if trace.meaning.grain:
        return trace.is_of_steps
    if ends:
        return any(axes.step(point) not in ends for point in trace.points)
    return len(trace.points) > epochs


def _has_room(trace: Trace, *, of_steps: bool) -> bool:
    """Whether the history keeps such a curve."""
    if trace.meaning.split == "validation":
        return trace.meaning.quantity in _OF_VALIDATION
    quantities = _OF_TRAINING if of_steps else (*_OF_TRAINING, *_OF_EPOCHS)
    return trace.meaning.quantity in quantities


def _ends(of_epochs: Iterable[Trace], axes: Axes, chosen: Chosen, *, whole: bool) -> dict[int, int]:
    """The last step of each epoch; where epochs are not known, of each validation."""
    traces = list(of_epochs)
    counted = {axes.epoch(p) for one in traces if one.name in axes.of_epochs for p in one.points}
    if counted and not counted <= axes.ends.keys():
        return _spread(counted, axes, chosen)
    steps = {axes.step(point) for one in traces for point in one.points}
    ends = dict(axes.ends)
    if not steps or (ends and (whole or counted or len(steps) <= len(ends))):
        return ends
    chosen.told.append(
        "It was validated more than once an epoch: each validation counts as an epoch."
        if ends
        else "Its epochs are not known: each validation counts as one."
    )
    return dict(enumerate(sorted(steps), start=1))


def _spread(epochs: set[int], axes: Axes, chosen: Chosen) -> dict[int, int]:
    """The last steps of epochs of one length; an epoch is a step where no steps are known."""
    steps = {step for points in chosen.steps.values() for step in points}
    if steps:
        line = "Nothing tells where each epoch ends: they are spread evenly over the steps."
        chosen.told.append(line)
    told = max(axes.ends.items(), default=(max(epochs), max(steps, default=0)))
    each = max(told[1] / told[0], 1.0)
    return {epoch: round(epoch * each) for epoch in epochs}


def _epoch(trace: Trace, point: Point, axes: Axes, ends: Ends) -> int:
    if trace.name in axes.of_epochs:
        return axes.epoch(point)
    return ends.epoch_of(axes.step(point))


def _step(trace: Trace, point: Point, axes: Axes, ends: Ends) -> int:
    if trace.name in axes.of_epochs:
        return ends.last[axes.epoch(point)]
    return axes.step(point)


def _take_final(traces: Sequence[Trace], chosen: Chosen) -> None:
    found: dict[tuple[str, str], dict[str, Point]] = defaultdict(dict)
    for trace in traces:
        meaning, count = trace.meaning, len(trace.points)
        if count > 1 and meaning.checkpoint:
            chosen.unread.append(trace.name)
            continue
        checkpoint = meaning.checkpoint or ("last" if count > 1 else "best")
        found[meaning.split, checkpoint][meaning.quantity] = trace.points[-1]
        if count > 1:
            chosen.told.append(f"{trace.name!r} has {count:,} values: the last one is kept.")
        chosen.read[trace.name] = (
            f"{meaning.label} of {checkpoint}" if meaning.checkpoint else meaning.label
        )
    chosen.final = dict(found)
