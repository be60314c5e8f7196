"""Several runs beside each other: what differs in their configs, and what in their results.

Runs that differ only in the seed, or in where and how they were computed, count as one group
with a mean and a sample standard deviation. Of several runs with one seed the newest counts: the
others repeat it. A run whose course a person changed, or that did not come to its end, stands
alone. Pairs of groups are tested one by one, without a correction for their number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import permutations
from typing import Any, Literal

import numpy as np

from cnnlab.analysis.study_results import Measured, measured
from cnnlab.config.differences import MACHINE_FIELDS, flat_stored, unlike
from cnnlab.events import CheckpointKind, CommandKind
from cnnlab.history.queries import Reader
from cnnlab.history.records import EpochRecord, EvaluationRecord, RunRecord, evaluation_of

Unit = Literal["share", "loss", "count", "seconds", "rate"]
ClassFigure = Literal["f1", "precision", "recall"]
CLASS_FIGURES: tuple[ClassFigure, ...] = ("f1", "precision", "recall")

MAIN_FIGURE = "test accuracy"
"""The figure by which groups are told apart from noise."""

SIGNIFICANCE = 0.05
"""A difference is beyond the noise of the seeds where chance alone makes it more seldom."""

_CHANGES_THE_COURSE: frozenset[CommandKind] = frozenset({"stop", "scale_lr", "add_epochs"})


@dataclass(frozen=True)
class Sample:
    """One run, as far as its figures go."""

    run: RunRecord
    fields: Mapping[str, Any]
    evaluations: Sequence[EvaluationRecord]
    epochs: Sequence[EpochRecord]
    intact: bool
    """Whether it came to its end by itself."""

    def of(self, split: str, figure: str, checkpoint: CheckpointKind) -> float | None:
        """A figure of the evaluation of a split; None without one, or where it is no number."""
        one = evaluation_of(self.evaluations, split, checkpoint)
        value: float | None = None if one is None else getattr(one, figure)
        return value

    def images_per_second(self) -> float | None:
        """Training images a second over all epochs."""
        seconds = sum(epoch.seconds for epoch in self.epochs)
        images = sum(epoch.seconds * epoch.images_per_second for epoch in self.epochs)
        return images / seconds if seconds > 0 else None


@dataclass(frozen=True)
class Figure:
    """A figure of runs: its name, its unit, and whether a larger one is better.

    `of_images` tells that it is a figure of the images, and means nothing across data sets.
    """

    name: str
    unit: Unit
    larger_is_better: bool
    take: Callable[[Sample, CheckpointKind], float | None]
    of_images: bool = True


def _evaluated(split: str, figure: str, sample: Sample, kind: CheckpointKind) -> float | None:
    return sample.of(split, figure, kind)


def _share(name: str, split: str, figure: str) -> Figure:
    return Figure(name, "share", True, partial(_evaluated, split, figure))


FIGURES: tuple[Figure, ...] = (
    _share(MAIN_FIGURE, "test", "accuracy"),
    _share("top-5 accuracy", "test", "top5_accuracy"),
    _share("macro precision", "test", "precision_macro"),
    _share("macro recall", "test", "recall_macro"),
    _share("macro F1", "test", "f1_macro"),
    Figure("test loss", "loss", False, partial(_evaluated, "test", "loss")),
    _share("validation accuracy", "validation", "accuracy"),
    _share("training accuracy", "train", "accuracy"),
    Figure("parameters", "count", False, lambda one, _: one.run.parameters, of_images=False),
    Figure("training time", "seconds", False, lambda one, _: one.run.duration_s, of_images=False),
    Figure("images/s", "rate", True, lambda one, _: one.images_per_second(), of_images=False),
)
"""What is compared, in this order. Precision, recall and F1 are those of the test split."""


@dataclass(frozen=True)
class Group:
    """Runs that differ only in the seed, or a single run.

    Attributes:
        runs: those that count, one a seed, in the order in which they were given.
        repeats: runs with a seed that another, newer run of the group has.
        settings: the values of the fields that differ between groups.
        machine: the values of the machine's fields that differ between runs, a run each.
        figures: by name, those that are known.
        classes: of each class figure of the test split, one entry a class.
        accuracies: the test accuracy of each run that has one.
        changed: whether a person changed its course, or it did not come to its end.
    """

    runs: tuple[RunRecord, ...]
    repeats: tuple[RunRecord, ...]
    settings: Mapping[str, Any]
    machine: Mapping[str, tuple[Any, ...]]
    figures: Mapping[str, Measured]
    class_names: tuple[str, ...]
    classes: Mapping[ClassFigure, tuple[Measured, ...]]
    accuracies: tuple[float, ...]
    changed: bool

    @property
    def test_images(self) -> tuple[str, int | None, tuple[str, ...]]:
        """What the test figures are of: data set, number of images, classes."""
        return self.runs[0].dataset, self.runs[0].test_images, self.class_names


@dataclass(frozen=True)
class Verdict:
    """How far one group's test accuracy lies from another's, and whether that means anything.

    Attributes:
        kind: `within` or `beyond` the noise of the seeds, by Welch's t-test; `one seed` where a
            side has no second one, so that the noise of the seeds is not known; `other images`
            where the groups were not tested on the same; `unknown` where a figure is missing.
        difference: group minus baseline, as a share.
        p: how often chance alone makes a difference this large; of Welch's test.
        images: test images.
        error: standard error of the difference of two shares of so many images, each binomial and
            taken as independent. The least noise there is; McNemar's test would be sharper, but
            needs the predictions.

    Source: B. L. Welch, The generalization of "Student's" problem when several different
    population variances are involved, Biometrika 34 (1947).
    """

    kind: Literal["within", "beyond", "one seed", "other images", "unknown"]
    difference: float = 0.0
    p: float | None = None
    images: int = 0
    error: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """Groups of runs with what tells them apart.

    Attributes:
        fields: paths of the config that differ between groups.
        machine_fields: paths of machine's fields that differ between runs; the seed among them.
        figures: those that at least one group has.
        verdicts: by the places of a baseline and of a group.
    """

    checkpoint: CheckpointKind
    groups: tuple[Group, ...]
    fields: tuple[str, ...]
    machine_fields: tuple[str, ...]
    figures: tuple[Figure, ...]
    verdicts: Mapping[tuple[int, int], Verdict] = field(repr=False)

    @property
    def same_images(self) -> bool:
        """Whether all groups were tested on the same images, as far as the history knows."""
        return len({group.test_images for group in self.groups if group.class_names}) <= 1

    def best(self, figure: Figure) -> frozenset[int]:
        """The places of the groups with the best mean; empty where nothing is better."""
        if figure.of_images and not self.same_images:
            return frozenset()
        means = {
            place: group.figures[figure.name].mean
            for place, group in enumerate(self.groups)
            if figure.name in group.figures
        }
        if len(set(means.values())) < 2:
            return frozenset()
        top = max(means.values()) if figure.larger_is_better else min(means.values())
        return frozenset(place for place, mean in means.items() if mean == top)

    def class_differences(
        self, figure: ClassFigure, baseline: int
    ) -> list[tuple[str, list[float | None]]]:
        """Each class with every group's difference to the baseline, in percentage points.

        None where a group has no figures of these classes; empty where the baseline has none.
        """
        base = self.groups[baseline]
        rows: list[tuple[str, list[float | None]]] = []
        for at, name in enumerate(base.class_names):
            own = base.classes[figure][at].mean
            same = [group.class_names == base.class_names for group in self.groups]
            rows.append(
                (
                    name,
                    [
                        100 * (group.classes[figure][at].mean - own) if fits else None
                        for group, fits in zip(self.groups, same, strict=True)
                    ],
                )
            )
        return rows


def compare(
    reader: Reader,
    run_ids: Sequence[str],
    checkpoint: CheckpointKind = "best",
    *,
    fold: bool = True,
) -> Comparison:
    """Compares runs; those that are not in the history any more are left out.

    Args:
        checkpoint: whose evaluations count.
        fold: whether runs that differ only in the machine's fields become one group.
    """
    samples = _samples(reader, run_ids)
    paths = unlike([one.fields for one in samples]) if samples else []
    fields = tuple(path for path in paths if not fold or path not in MACHINE_FIELDS)
    machine = tuple(path for path in paths if path in MACHINE_FIELDS)
    groups = tuple(
        _group(members, fields, machine, checkpoint) for members in _folded(samples, fields, fold)
    )
    figures = tuple(one for one in FIGURES if any(one.name in group.figures for group in groups))
    verdicts = {
        (base, other): _verdict(groups[base], groups[other])
        for base, other in permutations(range(len(groups)), 2)
    }
    return Comparison(checkpoint, groups, fields, machine, figures, verdicts)


def _samples(reader: Reader, run_ids: Sequence[str]) -> list[Sample]:
    runs = reader.runs_among(list(dict.fromkeys(run_ids)))
    ids = [run.id for run in runs]
    evaluations, epochs = reader.final_evaluations(ids), reader.epochs(ids)
    interventions = reader.interventions(ids)
    return [
        Sample(
            run,
            flat_stored(run.config),
            evaluations.get(run.id, []),
            epochs.get(run.id, []),
            run.status == "finished"
            and not any(one.kind in _CHANGES_THE_COURSE for one in interventions.get(run.id, [])),
        )
        for run in runs
    ]


def _folded(samples: Sequence[Sample], fields: Sequence[str], fold: bool) -> list[list[Sample]]:
    """The samples in groups, each at the place of its first member."""
    groups: dict[str, list[Sample]] = {}
    for one in samples:
        own = [one.fields.get(path) for path in fields]
        # A value that is absent differs from one that is null, as it does in `unlike`.
        own.append([path for path in fields if path not in one.fields])
        key = json.dumps(own) if fold and one.intact else one.run.id
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _group(
    members: Sequence[Sample],
    fields: Sequence[str],
    machine: Sequence[str],
    checkpoint: CheckpointKind,
) -> Group:
    counted = _one_of_each_seed(members)
    first = members[0]
    figures = {}
    for figure in FIGURES:
        values = [value for one in counted if (value := figure.take(one, checkpoint)) is not None]
        if values:
            figures[figure.name] = measured(values)
    accuracies = [one.of("test", "accuracy", checkpoint) for one in counted]
    names, classes = _classes(counted, checkpoint)
    return Group(
        tuple(one.run for one in counted),
        tuple(one.run for one in members if one not in counted),
        {path: first.fields[path] for path in fields if path in first.fields},
        {path: tuple(one.fields.get(path) for one in counted) for path in machine},
        figures,
        names,
        classes,
        tuple(value for value in accuracies if value is not None),
        not first.intact,
    )


def _one_of_each_seed(members: Sequence[Sample]) -> list[Sample]:
    """The newest run of each seed, in the order of the members."""
    newest: dict[Any, Sample] = {}
    for one in members:
        seed = one.fields.get("training.seed")
        if seed not in newest or newest[seed].run.created_at < one.run.created_at:
            newest[seed] = one
    return [one for one in members if one in newest.values()]


def _classes(
    samples: Sequence[Sample], checkpoint: CheckpointKind
) -> tuple[tuple[str, ...], dict[ClassFigure, tuple[Measured, ...]]]:
    """The classes of the test split, and their figures over the runs."""
    tests = [evaluation_of(one.evaluations, "test", checkpoint) for one in samples]
    known = [one.classes for one in tests if one is not None and one.classes]
    if not known:
        return (), {}
    return tuple(one.name for one in known[0]), {
        name: tuple(
            measured([getattr(one, name) for one in of_class])
            for of_class in zip(*known, strict=True)
        )
        for name in CLASS_FIGURES
    }


def _verdict(base: Group, group: Group) -> Verdict:
    if not base.accuracies or not group.accuracies:
        return Verdict("unknown")
    if base.test_images != group.test_images:
        return Verdict("other images")
    ours, theirs = np.array(group.accuracies), np.array(base.accuracies)
    difference = float(ours.mean() - theirs.mean())
    images = group.runs[0].test_images or 0
    error = _standard_error((float(ours.mean()), float(theirs.mean())), images)
    if min(len(ours), len(theirs)) == 1:
        return Verdict("one seed", difference, None, images, error)
    p = _welch(ours, theirs)
    kind: Literal["within", "beyond"] = "beyond" if p < SIGNIFICANCE else "within"
    return Verdict(kind, difference, p, images, error)


def _welch(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The p of Welch's two-sided t-test, also where nothing varies."""
    if np.ptp(ours) == 0 and np.ptp(theirs) == 0:
        return 1.0 if ours[0] == theirs[0] else 0.0
    from scipy.stats import ttest_ind

    return float(ttest_ind(ours, theirs, equal_var=False).pvalue)


def _standard_error(shares: Sequence[float], images: int) -> float:
    """Of the difference of shares of as many independent images; 0 for an unknown number."""
    return math.sqrt(sum(share * (1 - share) for share in shares) / images) if images else 0.0
