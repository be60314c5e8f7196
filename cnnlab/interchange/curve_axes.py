"""Where the points of curves lie: epochs and steps, counted from 1, out of whatever they count.

TensorBoard has one x for each point, which is a step to some programs and an epoch to others, from
0 or from 1. What it is follows from an `epoch` curve, if there is one (as Lightning and cnnlab
write it), from names such as ``epoch_loss`` and ``batch_loss``, and from the numbers: values at
0, 1, 2, … are of epochs, unless there are many more of them than there are validations.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cnnlab.interchange.curve_names import Meaning

_MOST_EPOCHS = 200
"""Values of training alone, without a word on what they are of: more than so many are of steps."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value at an x; `time` is in seconds since 1970, None where it is not known."""

    x: float
    value: float
    time: float | None = None


def is_a_place(number: float) -> bool:
    """Whether a number can be a step or an epoch: one that is exact, and not infinite."""
    return abs(number) < 2**53


@dataclass
class Trace:
    """A curve as it was found, its points in the order of their x.

    Attributes:
        in_percent: whether its values are written with a percent sign.
    """

    name: str
    meaning: Meaning
    points: list[Point]
    in_percent: bool = False

    @property
    def is_of_steps(self) -> bool:
        """Whether its name says that its values are of steps."""
        return self.meaning.grain == "step"

    def is_counted(self) -> bool:
        """Whether its x count up by one, from 0 or 1."""
        first = self.points[0].x
        return first in (0, 1) and all(
            point.x == first + number for number, point in enumerate(self.points)
        )


class Ends:
    """The last step of each epoch, in their order.

    Args:
        ends: last steps by epochs; both grow together.
    """

    def __init__(self, ends: Mapping[int, int]) -> None:
        self.last = dict(sorted(ends.items()))
        self._epochs, self._steps = list(self.last), list(self.last.values())

    def __len__(self) -> int:
        return len(self.last)

    def epoch_of(self, step: int) -> int:
        """The epoch that a step belongs to; 1 where none are known."""
        at = min(bisect_left(self._steps, step), len(self._epochs) - 1)
        return self._epochs[at] if self._epochs else 1


@dataclass(frozen=True)
class Axes:
    """How the x of a run's curves become epochs and steps.

    Attributes:
        of_epochs: names of the curves whose x is an epoch; that of the others is a step.
        steps_from, epochs_from: 1 where they count from 0.
        ends: last known step of each epoch; empty where epochs are not known.
    """

    of_epochs: frozenset[str]
    steps_from: int = 0
    epochs_from: int = 0
    ends: Mapping[int, int] = field(default_factory=dict)

    @property
    def counted_from_zero(self) -> str:
        """What does, as the beginning of a sentence; empty where nothing does."""
        names = {"epochs": self.epochs_from, "steps": self.steps_from}
        return " and ".join(name for name, shift in names.items() if shift).capitalize()

    def step(self, point: Point) -> int:
        """The step of a point of steps; a part of one counts as whole."""
        return max(math.ceil(point.x) + self.steps_from, 1)

    def epoch(self, point: Point) -> int:
        """The epoch of a point of epochs; a part of one counts as whole."""
        return max(math.ceil(point.x) + self.epochs_from, 1)


def axes_of(traces: Sequence[Trace], epochs: Trace | None) -> Axes:
    """How the curves of one run count.

    Args:
        traces: the curves, each with at least one point.
        epochs: the epoch at some of the steps, where there is such a curve.
    """
    told = [point for point in epochs.points if is_a_place(point.value)] if epochs else []
    if epochs is not None and told:
        return _told(traces, replace(epochs, points=told))
    of_epochs = frozenset(trace.name for trace in traces if _counts_epochs(trace, traces))
    steps = [trace for trace in traces if trace.name not in of_epochs]
    counted = [trace for trace in traces if trace.name in of_epochs]
    return Axes(of_epochs, _from_zero(steps), _from_zero(counted))


def _told(traces: Sequence[Trace], epochs: Trace) -> Axes:
    """Where the epoch of steps is told; it may be a fraction, of which 1.2 is in the second one."""
    whole = all(point.value == int(point.value) for point in epochs.points)
    from_zero = int(whole and epochs.points[0].value == 0)
    # Who counts epochs from 0 counts steps so, even where the first ones are left out.
    shift = max(from_zero, _from_zero([*traces, epochs]))
    ends: dict[int, int] = {}
    for point in epochs.points:
        ends[max(math.ceil(point.value) + from_zero, 1)] = math.ceil(point.x) + shift
    return Axes(frozenset(), shift, from_zero, ends)


def _from_zero(traces: Sequence[Trace]) -> int:
    return int(any(trace.points[0].x < 1 for trace in traces))


def _counts_epochs(trace: Trace, traces: Sequence[Trace]) -> bool:
    """Whether the x of a curve is an epoch."""
    if trace.meaning.grain:
        return not trace.is_of_steps
    if not trace.is_counted():
        return False
    validations = [
        len(other.points)
        for other in traces
        if other.meaning.split in ("validation", "test") and not other.is_of_steps
    ]
    if trace.meaning.split in ("validation", "test"):
        return True
    most = max([count for count in validations if count > 1], default=_MOST_EPOCHS - 1)
    return len(trace.points) <= most + 1
