"""Several runs beside each other: what differs in their configs, and what in their results.

Runs that differ only in the seed, or in where and how they were computed, count as one group
with a mean and a sample standard deviation, where they were tested on the same images. Of several
runs with one seed the newest counts: the others repeat it. A run whose course a person changed, or
that did not come to its end, stands alone, and so does one that was imported as curves, of which no
config is known. Pairs of groups are tested one by one, without a correction for their number.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from itertools import permutations
from typing import Any, Literal

from cnnlab.analysis.evaluated_runs import (
    EvaluatedRun,
    Measured,
    Take,
    Tested,
    figures_of,
    figures_of_classes,
    of_split,
    on_same_images,
    one_of_each_seed,
)
from cnnlab.analysis.noise import Verdict, verdict
from cnnlab.config.differences import MACHINE_FIELDS, flat_stored, unlike
from cnnlab.events import CheckpointKind, CommandKind
from cnnlab.history.origins import UNKNOWN
from cnnlab.history.queries import Reader
from cnnlab.history.records import EpochRecord, RunRecord

Unit = Literal["share", "loss", "count", "seconds", "rate"]
ClassFigure = Literal["f1", "precision", "recall"]
CLASS_FIGURES: tuple[ClassFigure, ...] = ("f1", "precision", "recall")

MAIN_FIGURE = "test accuracy"
"""The figure by which groups are told apart from noise."""

CHANGES_THE_COURSE: frozenset[CommandKind] = frozenset({"stop", "scale_lr", "add_epochs"})
"""What people do to a run after which it is not the one that was planned."""


@dataclass(frozen=True)
class Sample(EvaluatedRun):
    """One run, as far as its figures go."""

    fields: Mapping[str, Any]
    epochs: Sequence[EpochRecord]
    intact: bool
    """Whether it came to its end by itself."""

    def images_per_second(self) -> float | None:
        """Training images a second over the epochs whose pace is known; None without any.

        It is their harmonic mean, as all epochs have as many images. An epoch's seconds say
        nothing here: they count its validation.
        """
        paces = [epoch.images_per_second for epoch in self.epochs]
        known = [pace for pace in paces if pace is not None and 0 < pace < math.inf]
        return statistics.harmonic_mean(known) if known else None

    def extreme(self, figure: str, of: Callable[[list[float]], float]) -> float | None:
        """The largest or smallest of a figure of the epochs; None where none is known."""
        values = [value for epoch in self.epochs if (value := getattr(epoch, figure)) is not None]
        return of(values) if values else None


@dataclass(frozen=True)
class Figure:
    """A figure of runs: its name, its unit, and whether a larger one is better.

    `of` tells what it depends on: figures of the images mean nothing across data sets, those of
    the machine, which are of its pace, nothing across devices either.
    """

    name: str
    unit: Unit
    larger_is_better: bool
    take: Take[Sample]
    of: Literal["images", "machine", "model"] = "images"


def _share(name: str, split: str, figure: str) -> Figure:
    return Figure(name, "share", True, of_split(split, figure))


FIGURES: tuple[Figure, ...] = (
    _share(MAIN_FIGURE, "test", "accuracy"),
    _share("top-5 accuracy", "test", "top5_accuracy"),
    _share("macro precision", "test", "precision_macro"),
    _share("macro recall", "test", "recall_macro"),
    _share("macro F1", "test", "f1_macro"),
    Figure("test loss", "loss", False, of_split("test", "loss")),
    _share("validation accuracy", "validation", "accuracy"),
    _share("training accuracy", "train", "accuracy"),
    Figure(
        "best validation accuracy",
        "share",
        True,
        lambda one, _: one.extreme("validation_accuracy", max),
    ),
    Figure(
        "lowest validation loss",
        "loss",
        False,
        lambda one, _: one.extreme("validation_loss", min),
    ),
    Figure("parameters", "count", False, lambda one, _: one.run.parameters, of="model"),
    Figure("training time", "seconds", False, lambda one, _: one.run.duration_s, of="machine"),
    Figure("images/s", "rate", True, lambda one, _: one.images_per_second(), of="machine"),
)
"""What is compared, in this order. Precision, recall and F1 are those of the test split."""

_OF_EPOCHS = frozenset({"best validation accuracy", "lowest validation loss"})
"""Figures for runs that were not evaluated at an end: imported curves, runs under way or broken
off. Where all have evaluations they would only say the same again."""

_MAIN = (MAIN_FIGURE, "validation accuracy", "best validation accuracy", "lowest validation loss")


@dataclass(frozen=True)
class Group:
    """Runs that differ only in the seed, or a single run.

    Attributes:
        runs: those that count, one a seed, in the order in which they were given.
        tested: what their test figures are of.
        repeats: runs with a seed that another, newer run of the group has.
        settings: the values of the fields that differ between groups.
        machine: the values of the machine's fields that differ between runs: of each run that
            counts, then of each of the `repeats`.
        figures: by name, those that are known.
        classes: of each class figure of the test split, one entry a class.
        accuracies: the test accuracy of each run that has one.
        changed: whether a person changed its course, or it did not come to its end.
    """

    runs: tuple[RunRecord, ...]
    tested: Tested
    repeats: tuple[RunRecord, ...]
    settings: Mapping[str, Any]
    machine: Mapping[str, tuple[Any, ...]]
    figures: Mapping[str, Measured]
    classes: Mapping[ClassFigure, tuple[Measured, ...]]
    accuracies: tuple[float, ...]
    changed: bool

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes of the test split; empty where there are no figures of them."""
        return self.tested.classes


@dataclass(frozen=True)
class Comparison:
    """Groups of runs with what tells them apart.

    Attributes:
        fields: paths of the config that differ between groups.
        machine_fields: paths of machine's fields that differ between runs; the seed among them.
        figures: those that at least one group has.
        verdicts: by the places of a baseline and of a group, of those that were asked for.
    """

    checkpoint: CheckpointKind
    groups: tuple[Group, ...]
    fields: tuple[str, ...]
    machine_fields: tuple[str, ...]
    figures: tuple[Figure, ...]
    verdicts: Mapping[tuple[int, int], Verdict] = field(repr=False)

    @property
    def same_images(self) -> bool | None:
        """Whether the figures of all groups are of the same images; None where it is not known.

        A group without a test counts too: its other figures are of its data set.
        """
        return _same_images(self.groups)

    @property
    def main(self) -> Figure | None:
        """The figure that groups are ranked by: the first known of a few; None without any."""
        by_name = {figure.name: figure for figure in self.figures}
        return next((by_name[name] for name in _MAIN if name in by_name), None)

    def ranked(self) -> list[int]:
        """The places of the groups, the best by the main figure first; unknown ones last."""
        main, places = self.main, list(range(len(self.groups)))
        if main is None:
            return places

        def order(place: int) -> tuple[bool, float]:
            value = self.groups[place].figures.get(main.name)
            if value is None:
                return True, 0.0
            return False, -value.mean if main.larger_is_better else value.mean

        return sorted(places, key=order)

    def place_of(self, run_id: str) -> int:
        """The place of the group that a run is in; the first where it is in none."""
        for place, group in enumerate(self.groups):
            if any(run.id == run_id for run in (*group.runs, *group.repeats)):
                return place
        return 0

    def compares(self, figure: Figure) -> bool:
        """Whether figures are known to be of one data set, and those of the pace of one device."""
        if figure.of == "machine":
            return _same_machine(group for group in self.groups if figure.name in group.figures)
        return figure.of == "model" or bool(self.same_images)

    def best(self, figure: Figure) -> frozenset[int]:
        """The places of the groups with the best mean.

        Empty where nothing is better, or where figures do not compare.
        """
        if not self.compares(figure):
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

        None where a group has no figures of these classes, or not of the same images; empty where
        the baseline has none.
        """
        base = self.groups[baseline]
        same = [
            group.class_names == base.class_names and _same_images((base, group))
            for group in self.groups
        ]
        rows: list[tuple[str, list[float | None]]] = []
        for at, name in enumerate(base.class_names):
            own = base.classes[figure][at].mean
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
    baseline: str | None = None,
    grouped: Sequence[Sequence[str]] | None = None,
) -> Comparison:
    """Compares runs as they are at one moment; those that are not in the history are left out.

    Args:
        checkpoint: whose evaluations count.
        fold: whether runs that differ only in the machine's fields become one group.
        baseline: a run; there are verdicts only against its group, or the first where it is in
            none. None for those of each pair, whose number grows with the square of the groups.
        grouped: the runs of each group, where they are chosen already, tested on the same images:
            nothing is folded then. A group of which no run is left is left out.
    """
    with reader.moment():
        samples = _samples(reader, run_ids)
    known = [one.fields for one in samples if one.run.config]
    paths = unlike(known) if known else []
    fields = tuple(path for path in paths if not fold or path not in MACHINE_FIELDS)
    machine = tuple(path for path in paths if path in MACHINE_FIELDS)
    folded = (
        _folded(samples, fields, checkpoint, fold=fold)
        if grouped is None
        else _chosen(samples, grouped)
    )
    groups = tuple(_group(members, fields, machine, checkpoint) for members in folded)
    compared = Comparison(checkpoint, groups, fields, machine, _figures(groups), {})
    pairs: Iterable[tuple[int, int]] = permutations(range(len(groups)), 2)
    if baseline is not None:
        base = compared.place_of(baseline)
        pairs = ((base, other) for other in range(len(groups)) if other != base)
    return replace(compared, verdicts={(a, b): _verdict(groups[a], groups[b]) for a, b in pairs})


def _figures(groups: Sequence[Group]) -> tuple[Figure, ...]:
    """The figures that at least one group has, and that say something of their own."""
    evaluated = {figure.name for figure in FIGURES if figure.of == "images"} - _OF_EPOCHS
    needed = any(evaluated.isdisjoint(group.figures) for group in groups)
    return tuple(
        one
        for one in FIGURES
        if any(one.name in group.figures for group in groups)
        and (needed or one.name not in _OF_EPOCHS)
    )


def _samples(reader: Reader, run_ids: Sequence[str]) -> list[Sample]:
    runs = reader.runs_among(list(dict.fromkeys(run_ids)))
    ids = [run.id for run in runs]
    evaluations, epochs = reader.final_evaluations(ids), reader.epochs(ids)
    interventions = reader.interventions(ids)
    return [
        Sample(
            run,
            evaluations.get(run.id, []),
            flat_stored(run.config),
            epochs.get(run.id, []),
            run.status == "finished"
            and not any(one.kind in CHANGES_THE_COURSE for one in interventions.get(run.id, [])),
        )
        for run in runs
    ]


def _folded(
    samples: Sequence[Sample], fields: Sequence[str], checkpoint: CheckpointKind, *, fold: bool
) -> list[list[Sample]]:
    """The samples in groups, each at the place of its first member."""
    groups: dict[str, list[Sample]] = {}
    for one in samples:
        own = [one.fields.get(path) for path in fields]
        # A value that is absent differs from one that is null, as it does in `unlike`.
        own.append([path for path in fields if path not in one.fields])
        own.append(astuple(one.tested(checkpoint)))
        key = json.dumps(own) if fold and one.intact and one.run.config else one.run.id
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _chosen(samples: Sequence[Sample], grouped: Sequence[Sequence[str]]) -> list[list[Sample]]:
    """The samples in the groups that their ids are in."""
    by_id = {one.run.id: one for one in samples}
    groups = [[by_id[run_id] for run_id in ids if run_id in by_id] for ids in grouped]
    return [members for members in groups if members]


def _group(
    members: Sequence[Sample],
    fields: Sequence[str],
    machine: Sequence[str],
    checkpoint: CheckpointKind,
) -> Group:
    counted = one_of_each_seed(members)
    counting = {one.run.id for one in counted}
    first, older = members[0], [one for one in members if one.run.id not in counting]
    accuracies = [one.of("test", "accuracy", checkpoint) for one in counted]
    return Group(
        tuple(one.run for one in counted),
        first.tested(checkpoint),
        tuple(one.run for one in older),
        {path: first.fields[path] for path in fields if path in first.fields},
        {path: tuple(one.fields.get(path) for one in (*counted, *older)) for path in machine},
        figures_of(counted, {figure.name: figure.take for figure in FIGURES}, checkpoint),
        {name: figures_of_classes(counted, "test", name, checkpoint) for name in CLASS_FIGURES},
        tuple(value for value in accuracies if value is not None),
        not first.intact,
    )


def _same_images(groups: Iterable[Group]) -> bool | None:
    return on_same_images(group.tested for group in groups)


def _same_machine(groups: Iterable[Group]) -> bool:
    """Whether all runs that count are known to be of one data set and one device."""
    runs = [run for group in groups for run in group.runs]
    places = {(run.dataset, run.device, run.device_name) for run in runs}
    return len(places) == 1 and all(run.device and run.dataset != UNKNOWN for run in runs)


def _verdict(base: Group, group: Group) -> Verdict:
    return verdict(
        group.accuracies,
        base.accuracies,
        images=group.tested.images or 0,
        same_images=_same_images((base, group)),
    )
