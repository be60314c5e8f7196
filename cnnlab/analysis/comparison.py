"""Several runs beside each other: what differs in their configs, and what in their results.

Runs that differ only in the seed, or in where and how they were computed, count as one group
with a mean and a sample standard deviation, where they were tested on the same images. Of several
runs with one seed the newest counts: the others repeat it. A run whose course a person changed, or
that did not come to its end, stands alone, and so does one that was imported as curves, of which no
config is known. Pairs of groups are tested one by one, without a correction for their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any, Literal

from cnnlab.analysis.best import Apart, Of, why_apart
from cnnlab.analysis.evaluated_runs import (
    Measured,
    Take,
    Tested,
    figures_of,
    figures_of_classes,
    of_split,
    on_same_images,
    one_of_each_seed,
)
from cnnlab.analysis.folding import Sample, chosen, folded, samples_of
from cnnlab.analysis.noise import Verdict, verdict
from cnnlab.config.differences import MACHINE_FIELDS, unlike
from cnnlab.events import CheckpointKind
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord

Unit = Literal["share", "loss", "count", "seconds", "rate"]
ClassFigure = Literal["f1", "precision", "recall"]
CLASS_FIGURES: tuple[ClassFigure, ...] = ("f1", "precision", "recall")

MAIN_FIGURE = "test accuracy"
"""The figure by which groups are told apart from noise."""


@dataclass(frozen=True)
class Figure:
    """A figure of runs: its name, its unit, whether a larger one is better, what it depends on."""

    name: str
    unit: Unit
    larger_is_better: bool
    take: Take[Sample]
    of: Of


def _share(name: str, split: str, figure: str) -> Figure:
    of: Of = "test" if split == "test" else "cut"
    return Figure(name, "share", True, of_split(split, figure), of)


FIGURES: tuple[Figure, ...] = (
    _share(MAIN_FIGURE, "test", "accuracy"),
    _share("top-5 accuracy", "test", "top5_accuracy"),
    _share("macro precision", "test", "precision_macro"),
    _share("macro recall", "test", "recall_macro"),
    _share("macro F1", "test", "f1_macro"),
    Figure("test loss", "loss", False, of_split("test", "loss"), "test"),
    _share("validation accuracy", "validation", "accuracy"),
    _share("training accuracy", "train", "accuracy"),
    Figure(
        "best validation accuracy",
        "share",
        True,
        lambda one, _: one.extreme("validation_accuracy", max),
        "cut",
    ),
    Figure(
        "lowest validation loss",
        "loss",
        False,
        lambda one, _: one.extreme("validation_loss", min),
        "cut",
    ),
    Figure("parameters", "count", False, lambda one, _: one.run.parameters, "model"),
    Figure("training time", "seconds", False, lambda one, _: one.run.duration_s, "time"),
    Figure("images/s", "rate", True, lambda one, _: one.images_per_second(), "pace"),
)
"""What is compared, in this order. Precision, recall and F1 are those of the test split."""

OF_EPOCHS = frozenset({"best validation accuracy", "lowest validation loss"})
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
        sources: by its name, the runs that a figure is of.
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
    sources: Mapping[str, tuple[RunRecord, ...]]
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

    def why_apart(self, figure: Figure) -> Apart | None:
        """Why a figure does not compare between the groups that have it; None where it does."""
        runs = [group.sources[figure.name] for group in self._having(figure)]
        return why_apart(figure.of, runs, self.same_images_of(figure))

    def same_images_of(self, figure: Figure) -> bool | None:
        """Whether the groups that have a figure are of the same images; None where not known."""
        return _same_images(self._having(figure))

    def _having(self, figure: Figure) -> list[Group]:
        return [group for group in self.groups if figure.name in group.figures]

    def compares(self, figure: Figure) -> bool:
        """Whether one group's figure can be better than another's."""
        return self.why_apart(figure) is None

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
        samples = samples_of(reader, run_ids)
    known = [one.fields for one in samples if one.run.config]
    paths = unlike(known) if known else []
    fields = tuple(path for path in paths if not fold or path not in MACHINE_FIELDS)
    machine = tuple(path for path in paths if path in MACHINE_FIELDS)
    apart = (
        folded(samples, fields, checkpoint, fold=fold)
        if grouped is None
        else chosen(samples, grouped)
    )
    groups = tuple(_group(members, fields, machine, checkpoint) for members in apart)
    compared = Comparison(checkpoint, groups, fields, machine, _figures(groups), {})
    pairs: Iterable[tuple[int, int]] = permutations(range(len(groups)), 2)
    if baseline is not None:
        base = compared.place_of(baseline)
        pairs = ((base, other) for other in range(len(groups)) if other != base)
    return replace(compared, verdicts={(a, b): _verdict(groups[a], groups[b]) for a, b in pairs})


def _figures(groups: Sequence[Group]) -> tuple[Figure, ...]:
    """The figures that at least one group has, and that say something of their own."""
    evaluated = {one.name for one in FIGURES if one.of in ("test", "cut")} - OF_EPOCHS
    needed = any(evaluated.isdisjoint(group.figures) for group in groups)
    return tuple(
        one
        for one in FIGURES
        if any(one.name in group.figures for group in groups)
        and (needed or one.name not in OF_EPOCHS)
    )


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
    sources = {
        figure.name: tuple(one.run for one in counted if figure.take(one, checkpoint) is not None)
        for figure in FIGURES
    }
    return Group(
        tuple(one.run for one in counted),
        first.tested(checkpoint),
        tuple(one.run for one in older),
        {path: first.fields[path] for path in fields if path in first.fields},
        {path: tuple(one.fields.get(path) for one in (*counted, *older)) for path in machine},
        figures_of(counted, {figure.name: figure.take for figure in FIGURES}, checkpoint),
        sources,
        {name: figures_of_classes(counted, "test", name, checkpoint) for name in CLASS_FIGURES},
        tuple(value for value in accuracies if value is not None),
        not first.intact,
    )


def _same_images(groups: Iterable[Group]) -> bool | None:
    return on_same_images(group.tested for group in groups)


def _verdict(base: Group, group: Group) -> Verdict:
    return verdict(
        group.accuracies,
        base.accuracies,
        images=group.tested.images or 0,
        same_images=_same_images((base, group)),
    )
