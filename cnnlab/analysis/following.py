"""A run under way, read piece by piece: each look reads only what has come since the last one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from cnnlab.analysis.curves import RunSeries, StepArrays, read_series, read_validations
from cnnlab.history.queries import Reader

Record = TypeVar("Record")


class FollowedRun:
    """The course of a run, kept up to date.

    A run that went on from a checkpoint has trained its last steps anew; where what is known is
    gone, or differs, all of it is read again.

    Attributes:
        series: as of the last look; None before the first.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.series: RunSeries | None = None

    def refresh(self, reader: Reader) -> bool:
        """Reads what is new; returns whether there was anything.

        Raises:
            ConfigError: the run is gone from the history.
        """
        before = self.series
        self.series = self._grown(reader, before) if before is not None else None
        if self.series is None:
            self.series = read_series(reader, self.run_id)
        return before is None or _differ(before, self.series)

    def _grown(self, reader: Reader, known: RunSeries) -> RunSeries | None:
        """What is known with what is new; None where they do not join."""
        steps = _joined_steps(reader, known)
        epochs = _joined(
            known.epochs,
            reader.epochs([self.run_id], since=_last(known.epochs, "epoch", 1))[self.run_id],
        )
        validations = _joined(
            known.validations,
            read_validations(reader, self.run_id, since=_last(known.validations, "step", 0)),
        )
        if steps is None or epochs is None or validations is None:
            return None
        interventions = reader.interventions([self.run_id])[self.run_id]
        return RunSeries(reader.run(self.run_id), epochs, steps, validations, interventions)


def _joined_steps(reader: Reader, known: RunSeries) -> StepArrays | None:
    """The steps known with those behind them; the same arrays where there are none."""
    steps = known.steps
    if not len(steps):
        return StepArrays.of(reader.step_columns(known.run.id))
    found = StepArrays.of(reader.step_columns(known.run.id, after=int(steps.step[-1]) - 1))
    if not len(found) or not _same(steps[-1:], found[:1]):
        return None
    return steps + found[1:] if len(found) > 1 else steps


def _joined(known: Sequence[Record], found: Sequence[Record]) -> Sequence[Record] | None:
    """Records known with those behind them, of which the first is the last one known."""
    if not known:
        return found
    if not found or found[0] != known[-1]:
        return None
    return [*known, *found[1:]] if len(found) > 1 else known


def _last(records: Sequence[object], name: str, otherwise: int) -> int:
    return int(getattr(records[-1], name)) if records else otherwise


def _same(one: StepArrays, other: StepArrays) -> bool:
    pairs = ((one.step, other.step), (one.loss, other.loss), (one.lr, other.lr))
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def _differ(before: RunSeries, now: RunSeries) -> bool:
    """Whether anything has changed; steps that are known already are the same arrays."""
    same_steps = before.steps is now.steps or (not len(before.steps) and not len(now.steps))
    return not same_steps or any(
        getattr(before, part) != getattr(now, part)
        for part in ("run", "epochs", "validations", "interventions")
    )
