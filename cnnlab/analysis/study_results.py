"""A study against the history: for each row what was published and what was measured.

A row is measured by one finished run of each seed that has the row's config: the newest, or the
one whose validation was the best. Where it was trained (device, precision) does not matter. Runs
with other epochs, another data set or any other changed field stand in only where there is nothing
better, and are told apart: their figures do not compare with the published ones. Of these the runs
whose config differs in the fewest fields are taken. Runs that were not tested on the images that
the newest was tested on, as after another import of the data set's name, do not count.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import compress, zip_longest
from typing import Any

from cnnlab.analysis.evaluated_runs import (
    EvaluatedRun,
    Measured,
    Take,
    Which,
    figures_of,
    figures_of_classes,
    of_split,
    one_of_each_seed,
)
from cnnlab.analysis.trained_rows import Status
from cnnlab.config.differences import compared, differing, unlike
from cnnlab.config.run import RunConfig
from cnnlab.config.studies import Study, StudyRow
from cnnlab.config.validation import validate
from cnnlab.data.catalog import KNOWN
from cnnlab.errors import ConfigError
from cnnlab.events import CheckpointKind
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.history.records import RunRecord

LESS_IS_BETTER = frozenset({"seconds"})
"""The figures of which the least is the best; of the others it is the largest."""

_LEAST_DIGITS = 2


def printed_digits(share: float) -> int:
    """Digits behind the point with which a source prints a share: 0.9 here was 0.90, or 90 %."""
    return max(_LEAST_DIGITS, -int(Decimal(str(share)).as_tuple().exponent))


@dataclass(frozen=True)
class RowResult:
    """What became of a row.

    Attributes:
        runs: the run of each seed, newest first; empty if there is none.
        hidden: the finished runs with another config than these, newest first.
        other_images: runs like these that were tested on other images than the newest.
        failure: why the newest run failed, where none finished; empty otherwise.
        diverged: how many of these runs gave a loss that is infinite or not a number.
        changed: fields in which these runs differ from the row: the row's value, and theirs.
        figures: by the name of the published figure.
        classes: the per-class figures, one entry a class of the row's data set; empty where these
            runs were tested on other classes.
    """

    row: StudyRow
    status: Status
    runs: tuple[RunRecord, ...]
    hidden: tuple[RunRecord, ...]
    other_images: tuple[RunRecord, ...]
    failure: str
    diverged: int
    changed: Mapping[str, tuple[Any, Any]]
    figures: Mapping[str, Measured]
    classes: Mapping[str, tuple[Measured, ...]]

    def outside(self, name: str) -> bool | None:
        """Whether what was published lies outside the range of the measured runs.

        The ends of the range are rounded as the source rounds, to whole percents at least: 0.98
        is not outside of 0.9816 to 0.9818. As sources round a half up or down, both count: 0.98
        is not outside of 0.985 to 0.99, and neither is 0.99 of 0.97 to 0.985. They are cut where
        the source cuts: then 0.90 is not outside of 0.9065, but 0.91 is. None where nothing can be
        said: one of them is missing, there is a single run, the runs do not compare, or it is a
        time, which tells two machines apart.
        """
        if name in LESS_IS_BETTER:
            return None
        return self._is_outside(getattr(self.row.words.published, name), self.figures.get(name))

    def classes_outside(self, name: str) -> list[bool | None]:
        """The same of a figure of classes, an entry a class that was measured."""
        published = getattr(self.row.words.published, name) or ()
        measured = self.classes.get(name, ())
        return [
            self._is_outside(value, one)
            for value, one in zip_longest(published[: len(measured)], measured)
        ]

    def points(self, name: str, published: float | None, measured: Measured | None) -> float | None:
        """How far the mean of a measured share lies above the published one, in percentage points.

        None where either is missing, the runs do not compare, or the figure is a time.
        """
        if name in LESS_IS_BETTER or published is None or measured is None or self.changed:
            return None
        return 100 * (measured.mean - published)

    def _is_outside(self, published: float | None, measured: Measured | None) -> bool | None:
        if published is None or measured is None or measured.n < 2 or self.changed:
            return None
        # Decimal, as most shares are not what they seem to be in binary.
        printed, low, high = (
            Decimal(str(value)) for value in (published, measured.minimum, measured.maximum)
        )
        digits = printed_digits(published)
        if self.row.preset.about.figures == "cut":
            return not low - Decimal(1).scaleb(-digits) < printed <= high
        half = Decimal(5).scaleb(-digits - 1)
        return not low - half <= printed <= high + half


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
    same, changed = _nearest(row, runs)
    of_same = {run.id for run in same}
    evaluations = reader.final_evaluations(of_same)
    known = [EvaluatedRun(run, evaluations[run.id]) for run in same]
    alike = [one.tested(checkpoint) == known[0].tested(checkpoint) for one in known]
    chosen = one_of_each_seed(list(compress(known, alike)), which)
    failure = "" if runs else _failure(reader, row)
    status: Status = "not run" if not chosen else "not comparable" if changed else "measured"
    return RowResult(
        row,
        status,
        tuple(one.run for one in chosen),
        tuple(run for run, _ in runs if run.id not in of_same),
        tuple(run for run, counts in zip(same, alike, strict=True) if not counts),
        failure,
        sum(_diverged(one, checkpoint) for one in chosen),
        changed,
        figures_of(chosen, _FIGURES, checkpoint),
        _classes(row, chosen, checkpoint, same_data="data.name" not in changed),
    )


def _nearest(
    row: StudyRow, runs: Sequence[tuple[RunRecord, RunConfig]]
) -> tuple[list[RunRecord], dict[str, tuple[Any, Any]]]:
    """The runs of the config that differs from the row's in the fewest fields, and these fields.

    Of configs that differ in as many it is the one of the newest run.
    """
    kinds: dict[str, tuple[dict[str, Any], list[RunRecord]]] = {}
    for run, config in runs:
        settings = compared(config)
        _, alike = kinds.setdefault(json.dumps(settings, sort_keys=True), (settings, []))
        alike.append(run)
    if not kinds:
        return [], {}
    ours = row.settings
    theirs, same = min(kinds.values(), key=lambda kind: len(unlike([ours, kind[0]])))
    fields = unlike([ours, theirs])
    return same, {path: (ours.get(path), theirs.get(path)) for path in fields}


def class_names(row: StudyRow) -> tuple[str, ...]:
    """The classes of a row's data set; empty where it is none that is known."""
    known = KNOWN.get(row.preset.config.data.name)
    return () if known is None else known.classes


def _classes(
    row: StudyRow, runs: Sequence[EvaluatedRun], checkpoint: CheckpointKind, *, same_data: bool
) -> dict[str, tuple[Measured, ...]]:
    """The per-class figures of a row's runs, all tested on the same; empty of other classes.

    Of another data set they are those of the row's classes only where all have the same names.
    """
    if runs and not same_data and runs[0].tested(checkpoint).classes != class_names(row):
        return {}
    return {
        name: classes
        for name, split in _CLASS_FIGURES.items()
        if (classes := figures_of_classes(runs, split, "precision", checkpoint))
    }


def _failure(reader: Reader, row: StudyRow) -> str:
    """Why the newest run of a row failed; empty if none did."""
    failed = reader.runs(RunFilter(status="failed", preset=row.preset.name), limit=1)
    return (failed[0].message or "") if failed else ""


def _diverged(one: EvaluatedRun, checkpoint: CheckpointKind) -> bool:
    """Whether its loss on the test images is infinite or not a number."""
    test = one.evaluation("test", checkpoint)
    return test is not None and (test.loss is None or not math.isfinite(test.loss))


_FIGURES: dict[str, Take[EvaluatedRun]] = {
    "accuracy": of_split("test", "accuracy"),
    "train_accuracy": of_split("train", "accuracy"),
    "validation_accuracy": of_split("validation", "accuracy"),
    "top5_accuracy": of_split("test", "top5_accuracy"),
    "precision_macro": of_split("test", "precision_macro"),
    "train_precision_macro": of_split("train", "precision_macro"),
    "seconds": lambda one, _: one.run.duration_s,
}
_CLASS_FIGURES = {"class_precision": "test", "train_class_precision": "train"}


def best_of(name: str, value: Measured) -> float:
    """The figure of the run that did best in it."""
    return value.best(larger_is_better=name not in LESS_IS_BETTER)
