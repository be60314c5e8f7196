"""Runs as TensorBoard event files: a folder for each, with the tags of `interchange.run_events`.

Times are those of the training as well as the history knows them: that of a step or a validation
follows from the seconds of its epoch, that of the final evaluations from how long the run took, so
that a pause does not show. Where nobody told them, all is written with the time of the start.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnlab.analysis.curves import Array, RunSeries, read_series
from cnnlab.export.job import ExportJob
from cnnlab.export.tidy.rows import moment_of
from cnnlab.history.records import EvaluationRecord
from cnnlab.interchange.run_events import RunEvents, folder_of, seconds_since_1970


def write_tensorboard(job: ExportJob, path: Path) -> list[str]:
    """Writes a folder with one folder for each run; those that were deleted meanwhile are told.

    What earlier files of a folder say is superseded: in the same folder again, nothing is doubled;
    a run that was renamed keeps the folder that it has there.

    Raises:
        ConfigError: the extra is not installed.
        HistoryError, StorageError, OSError: something cannot be read or written.
    """
    path.mkdir()
    with moment_of(job) as moment:
        for run_id in moment.each_run("runs"):
            final = moment.reader.final_evaluations([run_id])[run_id]
            series = read_series(moment.reader, run_id)
            there = folder_of(job.output or path, series.run)
            _write(series, final, path / there.name)
        return moment.told()


@dataclass(frozen=True)
class _Clock:
    """When something was, in seconds since 1970, as if the training had never stopped.

    Attributes:
        began: the start of the run.
    """

    series: RunSeries
    began: float

    def at(self, steps: Sequence[float] | Array) -> list[float]:
        """When steps were made."""
        places = np.asarray(steps, dtype=np.float64)
        if not self._is_told():
            return [self.began] * len(places)
        times: list[float] = (self.began + self.series.places(places, "time")).tolist()
        return times

    def end(self) -> float:
        """When the run was over."""
        series = self.series
        steps = [*series.steps.step[-1:].tolist(), *(one.step for one in series.epochs[-1:])]
        return max([self.began + (series.run.duration_s or 0.0), *self.at(steps)])

    def _is_told(self) -> bool:
        """Whether it is known how long all of the training took."""
        run, epochs = self.series.run, self.series.epochs
        whole = run.duration_s is not None or all(one.seconds is not None for one in epochs)
        return self.series.is_timed and whole


def _write(series: RunSeries, final: list[EvaluationRecord], folder: Path) -> None:
    run = series.run
    clock = _Clock(series, seconds_since_1970(run.started_at or run.created_at))
    # A loss that is not there was no number; one of curves from elsewhere is just not known.
    events = RunEvents(folder, missing=math.nan if run.config else None)
    try:
        events.go_on(0, clock.began)
        events.begin(run, clock.began)
        _write_course(events, series, clock)
        ended = clock.end()
        for one in final:
            events.evaluation(one.split, one.checkpoint, one.step, one, ended)
    finally:
        events.close()


def _write_course(events: RunEvents, series: RunSeries, clock: _Clock) -> None:
    """Writes steps, validations and epochs."""
    steps = series.steps
    if len(steps):
        events.steps(
            steps.step.astype(np.int64).tolist(),
            _known(steps.loss),
            _known(steps.accuracy),
            _known(steps.lr),
            clock.at(steps.step),
        )
    validated = clock.at([one.step for one in series.validations])
    for one, time in zip(series.validations, validated, strict=True):
        events.evaluation(one.split, None, one.step, one, time)
    validated_at = {one.step for one in series.validations}
    ended = clock.at([one.step for one in series.epochs])
    for epoch, time in zip(series.epochs, ended, strict=True):
        events.epoch(epoch, time)
        if not len(steps):
            events.figures("", {"lr": epoch.lr}, epoch.step, time)
        if epoch.step not in validated_at:
            figures = {"loss": epoch.validation_loss, "accuracy": epoch.validation_accuracy}
            events.figures("validation", figures, epoch.step, time)


def _known(values: Array) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]
