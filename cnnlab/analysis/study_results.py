"""A study against the history: for each row what was published and what was measured.

A row is measured by one finished run of each seed that has the row's config: the newest, or the
one whose validation was the best. Where it was trained (device, precision) does not matter. Runs
with other epochs, another data set or any other changed field stand in only where there is nothing
better, and are told apart: their figures do not compare with the published ones.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cnnlab.config.differences import differing, flat
from cnnlab.config.run import MINIMIZED, RunConfig
from cnnlab.config.studies import Study, StudyRow
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError
from cnnlab.events import CheckpointKind
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.history.records import EvaluationRecord, RunRecord, evaluation_of

Status = Literal["measured", "not comparable", "not run"]
Which = Literal["newest", "best"]


@dataclass(frozen=True)
class Measured:
    """A figure over the runs of a row; `std` is None for a single run."""

    mean: float
    std: float | None
    n: int
    minimum: float
    maximum: float


@dataclass(frozen=True)
class RowResult:
    """What became of a row.

    Attributes:
        runs: the run of each seed, newest first; empty if there is none.
        hidden: finished runs with changed fields, where others have the row's own config.
        failure: why the newest run failed, where none finished; empty otherwise.
        diverged: how many of these runs gave a loss that is not a number.
        changed: fields in which these runs differ from the row: the row's value, and theirs.
        figures: by the name of the published figure.
        classes: the per-class figures, one entry a class.
    """

    row: StudyRow
    status: Status
    runs: tuple[RunRecord, ...]
    hidden: tuple[RunRecord, ...]
    failure: str
    diverged: int
    changed: Mapping[str, tuple[Any, Any]]
    figures: Mapping[str, Measured]
    classes: Mapping[str, tuple[Measured, ...]]


@dataclass(frozen=True)
class StudyResults:
    """A study with what was measured; `varies` are the fields in which its rows differ."""

    study: Study
    checkpoint: CheckpointKind
    which: Which
    varies: tuple[str, ...]
    rows: tuple[RowResult, ...]


def study_results(
    reader: Reader, study: Study, checkpoint: CheckpointKind, which: Which = "newest"
) -> StudyResults:
    """Looks a study's rows up in the history.

    Args:
        checkpoint: whose evaluation counts: the best one's, or the last one's as in reports whose
            authors kept no other.
        which: the run of a seed that counts where there are several: the newest, or the one with
            the best monitored metric. That is a figure of the validation split, so that the
            choice never looks at the test images.
    """
    rows = tuple(_row_result(reader, row, checkpoint, which) for row in study.rows)
    varies = tuple(differing([row.preset.config for row in study.rows]))
    return StudyResults(study, checkpoint, which, varies, rows)


def finished_runs(reader: Reader, row: StudyRow) -> list[tuple[RunRecord, RunConfig]]:
    """The finished runs of a row with their configs, newest first.

    Those whose stored config no longer fits the schema are left out.
    """
    found = []
    for run in reader.runs(RunFilter(status="finished", preset=row.preset.name)):
        try:
            found.append((run, validate(RunConfig, run.config)))
        except ConfigError:
            continue
    return found


def _row_result(
    reader: Reader, row: StudyRow, checkpoint: CheckpointKind, which: Which
) -> RowResult:
    runs = finished_runs(reader, row)
    wanted = row.preset.config
    same = [run for run, config in runs if not differing([wanted, config])]
    changed: dict[str, tuple[Any, Any]] = {}
    if runs and not same:
        newest = runs[0][1]
        same = [run for run, config in runs if not differing([newest, config])]
        ours, theirs = flat(wanted), flat(newest)
        changed = {path: (ours.get(path), theirs.get(path)) for path in differing([wanted, newest])}
    chosen = _one_of_each_seed(same, which)
    hidden = () if changed else tuple(run for run, _ in runs if run not in same)
    failure = "" if runs else _failure(reader, row)
    status: Status = "not run" if not chosen else "not comparable" if changed else "measured"
    evaluations = reader.final_evaluations([run.id for run in chosen])
    samples = [_Sample(run, tuple(evaluations[run.id]), checkpoint) for run in chosen]
    return RowResult(
        row,
        status,
        chosen,
        hidden,
        failure,
        sum(sample.diverged for sample in samples),
        changed,
        _figures(samples),
        _class_figures(samples),
    )


def _failure(reader: Reader, row: StudyRow) -> str:
    """Why the newest run of a row failed; empty if none did."""
    failed = reader.runs(RunFilter(status="failed", preset=row.preset.name), limit=1)
    return (failed[0].message or "") if failed else ""


def _one_of_each_seed(runs: Sequence[RunRecord], which: Which) -> tuple[RunRecord, ...]:
    """The run of each seed that counts, from and in an order of newest first."""
    ranked = sorted(runs, key=_validated, reverse=True) if which == "best" else runs
    chosen: dict[int, RunRecord] = {}
    for run in ranked:
        chosen.setdefault(run.config["training"]["seed"], run)
    return tuple(run for run in runs if run in chosen.values())


def _validated(run: RunRecord) -> float:
    """How good the monitored metric became; larger is better."""
    if run.best_value is None:
        return -math.inf
    return -run.best_value if run.monitor in MINIMIZED else run.best_value


@dataclass(frozen=True)
class _Sample:
    """One run of a row, as far as its figures go."""

    run: RunRecord
    evaluations: tuple[EvaluationRecord, ...]
    checkpoint: CheckpointKind

    def of(self, split: str, figure: str) -> float | None:
        """A figure of the evaluation of a split, if there is one."""
        one = self._evaluation(split)
        value: float | None = None if one is None else getattr(one, figure)
        return value

    @property
    def diverged(self) -> bool:
        """Whether its loss on the test images is not a number."""
        test = self._evaluation("test")
        return test is not None and test.loss is None

    def precisions(self, split: str) -> list[float]:
        """The precision of each class; empty without an evaluation of the split."""
        one = self._evaluation(split)
        return [] if one is None else [metrics.precision for metrics in one.classes]

    def _evaluation(self, split: str) -> EvaluationRecord | None:
        return evaluation_of(self.evaluations, split, self.checkpoint)


_FIGURES: dict[str, Callable[[_Sample], float | None]] = {
    "accuracy": lambda sample: sample.of("test", "accuracy"),
    "train_accuracy": lambda sample: sample.of("train", "accuracy"),
    "validation_accuracy": lambda sample: sample.of("validation", "accuracy"),
    "top5_accuracy": lambda sample: sample.of("test", "top5_accuracy"),
    "precision_macro": lambda sample: sample.of("test", "precision_macro"),
    "train_precision_macro": lambda sample: sample.of("train", "precision_macro"),
    "seconds": lambda sample: sample.run.duration_s,
}
_CLASS_FIGURES = {"class_precision": "test", "train_class_precision": "train"}


def _figures(samples: Sequence[_Sample]) -> dict[str, Measured]:
    found = {}
    for name, take in _FIGURES.items():
        values = [value for sample in samples if (value := take(sample)) is not None]
        if values:
            found[name] = measured(values)
    return found


def _class_figures(samples: Sequence[_Sample]) -> dict[str, tuple[Measured, ...]]:
    found = {}
    for name, split in _CLASS_FIGURES.items():
        each = [values for sample in samples if (values := sample.precisions(split))]
        # A data set of that name may have had other classes; those of the newest run count.
        alike = [values for values in each if len(values) == len(each[0])]
        if alike:
            found[name] = tuple(map(measured, zip(*alike, strict=True)))
    return found


def measured(values: Sequence[float]) -> Measured:
    """Mean and sample standard deviation of one or more values."""
    std = statistics.stdev(values) if len(values) > 1 else None
    return Measured(statistics.fmean(values), std, len(values), min(values), max(values))
