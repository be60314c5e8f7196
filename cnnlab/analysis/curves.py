"""Curves of a run, read out of its history: against steps, epochs or seconds, and smoothed.

The history has a loss, an accuracy and a learning rate for each step, figures of each epoch with
the seconds it took, and validations with their step. Steps have no time of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from cnnlab.analysis.quantities import By, Quantity
from cnnlab.history.origins import counts_epochs_alone, is_curves_alone
from cnnlab.history.queries import Reader
from cnnlab.history.records import (
    EpochRecord,
    EvaluationRecord,
    InterventionRecord,
    RunRecord,
    StepColumns,
)

Array = NDArray[np.float64]


def _array(values: object) -> Array:
    return np.asarray(values, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Curve:
    """A line of a plot: `x` does not decrease; a `y` that is None or not finite is a gap.

    Arrays are drawn a few times faster than lists of 100,000 points.
    """

    label: str
    x: Sequence[float] | Array
    y: Sequence[float | None] | Array

    def points(self) -> tuple[Array, Array]:
        """Both coordinates as arrays of one length; None has become NaN."""
        x, y = np.asarray(self.x, dtype=np.float64), np.asarray(self.y, dtype=np.float64)
        if len(x) != len(y):
            raise ValueError(f"{len(x)} places for {len(y)} values in the curve {self.label!r}")
        return x, y


@dataclass(frozen=True)
class Reading:
    """The point of a curve that lies nearest to a place."""

    label: str
    x: float
    y: float


@dataclass(frozen=True, eq=False)
class StepArrays:
    """The steps of a run as arrays of one length; a figure that was not a number is NaN."""

    step: Array
    loss: Array
    accuracy: Array
    lr: Array

    @classmethod
    def of(cls, columns: StepColumns) -> StepArrays:
        """Columns of the history as arrays."""
        rows = (columns.steps, columns.losses, columns.accuracies, columns.lrs)
        return cls(*map(_array, rows))

    def __len__(self) -> int:
        return len(self.step)

    def __getitem__(self, chosen: slice) -> StepArrays:
        return StepArrays(
            self.step[chosen], self.loss[chosen], self.accuracy[chosen], self.lr[chosen]
        )

    def __add__(self, later: StepArrays) -> StepArrays:
        return StepArrays(
            np.concatenate([self.step, later.step]),
            np.concatenate([self.loss, later.loss]),
            np.concatenate([self.accuracy, later.accuracy]),
            np.concatenate([self.lr, later.lr]),
        )


NO_STEPS = StepArrays.of(StepColumns([], [], [], [], []))


@dataclass(frozen=True, eq=False)
class RunSeries:
    """What the history knows of a run's course, read once for any number of curves.

    `validations` are those of the validation split on the way.
    """

    run: RunRecord
    epochs: Sequence[EpochRecord]
    steps: StepArrays
    validations: Sequence[EvaluationRecord]
    interventions: Sequence[InterventionRecord] = ()

    def curves(self, quantity: Quantity, by: By) -> list[Curve]:
        """Training by step, by epoch where no steps are kept; then validation at its points.

        Seconds count training and validation, not the time a run was paused. The steps of an
        epoch, and the validations among them, are spread evenly over the seconds of the epoch;
        those of an unfinished epoch go on at the pace of the epoch before it. In a first epoch
        there is only the wall time since the run's start, spread over the steps so far.

        Curves that were imported know less: what was logged each epoch alone is drawn so, and
        what was not logged at all is left out.

        A learning rate by epoch, or one that is known of epochs alone, is in stairs: that of an
        epoch, recorded at its end, holds from the end of the epoch before it, and that of a step
        from the step before it. By step and by time the rates of steps are as recorded, and the
        first step lies where it does in the other curves.

        Returns:
            Curves labelled `training` and `validation`, those without points left out; the
            learning rate has no validation.
        """
        recorded = self.steps.step if self.has_steps(quantity) else _steps_of(self.epochs)
        values = self._training(quantity)
        if quantity == "lr" and (by == "epoch" or not self.has_steps(quantity)):
            recorded, values = _stairs(recorded, values, self._begin_of(recorded))
        curves = [Curve("training", self.places(recorded, by), values)]
        if quantity != "lr":
            checked = _steps_of(self.validations or self.epochs)
            curves.append(Curve("validation", self.places(checked, by), self._validation(quantity)))
        if self.lacks(by):
            return []
        return [curve for curve in curves if len(curve.x) and self._is_known(curve)]

    @property
    def _is_of_curves(self) -> bool:
        return is_curves_alone(self.run)

    @property
    def is_timed(self) -> bool:
        """Whether it is known where its points lie in time; of imported curves it may not be."""
        told = self.run.duration_s is not None or any(one.seconds for one in self.epochs)
        return told or not self._is_of_curves

    def lacks(self, by: By) -> bool:
        """Whether nobody told where its points lie on an axis; only of imported curves."""
        return (by == "time" and not self.is_timed) or (
            by == "step" and counts_epochs_alone(self.run)
        )

    def has_steps(self, quantity: Quantity) -> bool:
        """Whether training is known by step; else it is by epoch."""
        if not self._is_of_curves:
            return len(self.steps) > 0
        return bool(np.isfinite(getattr(self.steps, quantity)).any())

    def _is_known(self, curve: Curve) -> bool:
        """Whether anybody logged it."""
        return not self._is_of_curves or bool(np.isfinite(curve.points()[1]).any())

    def _training(self, quantity: Quantity) -> Array:
        if self.has_steps(quantity):
            values: Array = getattr(self.steps, quantity)
            return values
        name = "lr" if quantity == "lr" else f"train_{quantity}"
        return _array([getattr(one, name) for one in self.epochs])

    def _begin_of(self, recorded: Array) -> float:
        """The step from which the first of the recorded rates is drawn."""
        if not len(recorded):
            return 0.0
        length = 0 if self.has_steps("lr") else self._steps_per_epoch()
        return max(float(recorded[0]) - length, 0.0)

    def _validation(self, quantity: Quantity) -> Array:
        if self.validations:
            return _array([getattr(one, quantity) for one in self.validations])
        return _array([getattr(one, f"validation_{quantity}") for one in self.epochs])

    def places(self, steps: Array, by: By) -> Array:
        """Where steps lie: themselves, fractions of epochs (epoch 1 ends at 1.0), or seconds."""
        if by == "step":
            return steps
        if by == "epoch":
            return steps / self._steps_per_epoch()
        return self._seconds(steps)

    def _steps_per_epoch(self) -> int:
        if self.run.steps_per_epoch:
            return self.run.steps_per_epoch
        return self.epochs[0].step if self.epochs else max(self._last_step(), 1)

    def _last_step(self) -> int:
        trained = int(self.steps.step[-1]) if len(self.steps) else 0
        return max([trained, *(one.step for one in self.validations[-1:])])

    def _seconds(self, steps: Array) -> Array:
        ends = [0.0, *(float(one.step) for one in self.epochs)]
        clock = [0.0, *np.cumsum([one.seconds or 0.0 for one in self.epochs])]
        last = float(self._last_step())
        if last > ends[-1]:
            pace = (
                (clock[-1] - clock[-2]) / (ends[-1] - ends[-2])
                if self.epochs
                else _wall_seconds(self.run) / last
            )
            clock.append(clock[-1] + pace * (last - ends[-1]))
            ends.append(last)
        return _array(np.interp(steps, ends, clock))


def _stairs(ends: Array, values: Array, begin: float) -> tuple[Array, Array]:
    """Values that hold up to their places, with a corner wherever one begins to hold.

    Args:
        ends: the place of each value, up to which it holds.
        begin: the place from which the first one holds.
    """
    if not len(ends):
        return ends, values
    begins = np.append(begin, ends[:-1])
    changed = np.append(np.nan, values[:-1]) != values
    corners = np.flatnonzero(np.isfinite(values) & changed & (begins < ends))
    return np.insert(ends, corners, begins[corners]), np.insert(values, corners, values[corners])


def read_series(reader: Reader, run_id: str, *, steps: bool = True) -> RunSeries:
    """The course of a run, for `RunSeries.curves`; training without its steps is by epoch alone."""
    run, epochs = reader.run(run_id), reader.epochs([run_id])[run_id]
    interventions = reader.interventions([run_id])[run_id]
    arrays = StepArrays.of(reader.step_columns(run_id)) if steps else NO_STEPS
    return RunSeries(run, epochs, arrays, read_validations(reader, run_id), interventions)


def read_validations(reader: Reader, run_id: str, *, since: int = 0) -> list[EvaluationRecord]:
    """The validations of a run on the way from a step on, without their classes."""
    found = reader.validations([run_id], classes=False, since=since)[run_id]
    return [one for one in found if one.split == "validation"]


def smoothed(values: Sequence[float | None] | Array, weight: float) -> Array:
    """The exponential moving average that TensorBoard draws, free of the bias of its start.

    With s(0) = 0 and s(n) = weight s(n-1) + (1 - weight) x(n), the n-th result is
    s(n) / (1 - weight^n). At weight 1 that is, in the limit, the mean of all values so far.

    Args:
        values: of any length; one that is None or not finite is NaN in the result, and the
            average goes on behind it as if it had not been there.
        weight: of the past, in [0, 1]; 0 changes nothing.

    Source: tensorboard/components/vz_line_chart2/line-chart.ts, `resmoothDataset`.
    """
    if not 0 <= weight <= 1:
        raise ValueError(f"a smoothing weight lies in [0, 1], not {weight}")
    given = np.asarray(values, dtype=np.float64)
    result = np.full(len(given), math.nan)
    finite = np.isfinite(given)
    if finite.any():
        result[finite] = _moving_average(given[finite], weight)
    return result


def _moving_average(values: Array, weight: float) -> Array:
    counts = np.arange(1, len(values) + 1)
    if weight == 1:
        average = np.cumsum(values) / counts
    elif weight == 0:
        return values
    else:
        sums = values.copy()
        reach, decay = 1, weight
        # Each pass doubles how far back a sum reaches: the recursion in a few whole-array steps.
        while reach < len(sums) and decay > 0:
            sums[reach:] += decay * sums[:-reach]
            reach, decay = 2 * reach, decay * decay
        average = sums * (1 - weight) / -np.expm1(counts * math.log(weight))
    # A mean lies among its values; rounding would make a constant curve tremble.
    return _array(np.clip(average, values.min(), values.max()))


def nearest(curves: Sequence[Curve], x: float) -> list[Reading | None]:
    """The point of each curve nearest to a place, gaps left out; None for a curve without any.

    Of two points equally near, the earlier one.
    """
    readings: list[Reading | None] = []
    for curve in curves:
        xs, ys = curve.points()
        known = np.isfinite(xs) & np.isfinite(ys)
        if not known.any():
            readings.append(None)
            continue
        places, values = xs[known], ys[known]
        at = int(np.argmin(np.abs(places - x)))
        readings.append(Reading(curve.label, float(places[at]), float(values[at])))
    return readings


def _steps_of(records: Sequence[EpochRecord] | Sequence[EvaluationRecord]) -> Array:
    return _array([one.step for one in records])


def _wall_seconds(run: RunRecord) -> float:
    """Seconds from the start of a run to its end, or to now."""
    if run.duration_s is not None:
        return run.duration_s
    if run.started_at is None:
        return 0.0
    return max((datetime.now(UTC) - datetime.fromisoformat(run.started_at)).total_seconds(), 0.0)
