"""Finished runs beside each other: what they were tested on, which count, what they came to.

What a comparison and a study have in common. Test figures compare where they are of the same
images; the history does not hold these, but knows the data set, their number, and the classes.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from cnnlab.config.run import MINIMIZED
from cnnlab.events import CheckpointKind
from cnnlab.history.origins import UNKNOWN, is_curves_alone
from cnnlab.history.records import EvaluationRecord, RunRecord, evaluation_of

Which = Literal["newest", "best"]

_INFINITE = 1e150
"""Figures from here on are as good as infinite: their squares are."""


@dataclass(frozen=True)
class Measured:
    """A figure over several runs; `std` is None for a single run, and of infinite figures."""

    mean: float
    std: float | None
    n: int
    minimum: float
    maximum: float

    def best(self, *, larger_is_better: bool) -> float:
        """The figure of the run that did best in it."""
        return self.maximum if larger_is_better else self.minimum


@dataclass(frozen=True)
class Tested:
    """What test figures are of, as far as the history knows; imported curves tell little.

    Attributes:
        dataset: its name; None where nobody told it.
        images: how many; None where it is not known.
        classes: their names; empty where there are no figures of them.
    """

    dataset: str | None
    images: int | None
    classes: tuple[str, ...]


@dataclass(frozen=True)
class EvaluatedRun:
    """A run with the evaluations at its end."""

    run: RunRecord
    evaluations: Sequence[EvaluationRecord]

    def evaluation(self, split: str, checkpoint: CheckpointKind) -> EvaluationRecord | None:
        """The evaluation of a split; None without one."""
        return evaluation_of(self.evaluations, split, checkpoint)

    def of(self, split: str, figure: str, checkpoint: CheckpointKind) -> float | None:
        """A figure of the evaluation of a split; None without one, or where it is no number."""
        one = self.evaluation(split, checkpoint)
        value: float | None = None if one is None else getattr(one, figure)
        return value

    def tested(self, checkpoint: CheckpointKind) -> Tested:
        """What the test figures of a checkpoint are of. Runs of which it is equal may be mixed."""
        run, test = self.run, self.evaluation("test", checkpoint)
        told = run.dataset != UNKNOWN or not is_curves_alone(run)
        names = () if test is None else tuple(one.name for one in test.classes)
        return Tested(run.dataset if told else None, run.test_images, names)


Run = TypeVar("Run", bound=EvaluatedRun)

Take = Callable[[Run, CheckpointKind], float | None]
"""A figure of a run and one of its checkpoints; None where it is not known."""


def of_split(split: str, figure: str) -> Take[EvaluatedRun]:
    """What takes a figure of the evaluation of a split."""

    def take(one: EvaluatedRun, checkpoint: CheckpointKind) -> float | None:
        return one.of(split, figure, checkpoint)

    return take


def on_same_images(tested: Iterable[Tested]) -> bool | None:
    """Whether test figures are of the same images.

    They are not where anything that is known of two differs. They are where the data set is the
    same, though their number or their classes may not be known of all. None where a data set is
    not known.
    """
    each = list(tested)
    datasets = {one.dataset for one in each if one.dataset is not None}
    counts = {one.images for one in each if one.images is not None}
    classes = {one.classes for one in each if one.classes}
    if max(len(datasets), len(counts), len(classes)) > 1:
        return False
    return None if len(each) > 1 and any(one.dataset is None for one in each) else True


def one_of_each_seed(runs: Sequence[Run], which: Which = "newest") -> list[Run]:
    """The run of each seed that counts, in the order of the runs; of equals the first.

    Args:
        which: of several the newest, or the one with the best monitored metric.
    """
    rank: Callable[[Run], str | float] = _validated if which == "best" else _created
    chosen: dict[int | None, str] = {}
    for one in sorted(runs, key=rank, reverse=True):
        chosen.setdefault(one.run.seed, one.run.id)
    counting = set(chosen.values())
    return [one for one in runs if one.run.id in counting]


def _created(one: EvaluatedRun) -> str:
    return one.run.created_at


def _validated(one: EvaluatedRun) -> float:
    """How good the monitored metric became; larger is better."""
    value = one.run.best_value
    if value is None:
        return -math.inf
    return -value if one.run.monitor in MINIMIZED else value


def figures_of(
    runs: Sequence[Run], takes: Mapping[str, Take[Run]], checkpoint: CheckpointKind
) -> dict[str, Measured]:
    """Those of some figures that at least one of the runs has, by name."""
    found = {}
    for name, take in takes.items():
        values = [value for one in runs if (value := take(one, checkpoint)) is not None]
        if values:
            found[name] = measured(values)
    return found


def figures_of_classes(
    runs: Sequence[EvaluatedRun], split: str, figure: str, checkpoint: CheckpointKind
) -> tuple[Measured, ...]:
    """A figure of each class over runs that were tested on the same; empty without any."""
    known = [
        [getattr(each, figure) for each in one.classes]
        for run in runs
        if (one := run.evaluation(split, checkpoint)) is not None and one.classes
    ]
    # Of an imported history the training images may have fewer classes than the test images.
    return tuple(measured(values) for values in zip(*known, strict=False))


def measured(values: Sequence[float]) -> Measured:
    """Mean and sample standard deviation of one or more values, of which none is NaN.

    Infinite ones have no deviation; their mean is infinite, or NaN where they are of both signs.
    """
    finite = max(map(abs, values)) < _INFINITE
    mean = statistics.fmean(values) if finite else sum(values) / len(values)
    std = statistics.stdev(values) if finite and len(values) > 1 else None
    return Measured(mean, std, len(values), min(values), max(values))
