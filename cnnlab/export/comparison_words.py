"""A comparison of runs in words: names of groups, figures, and what a difference means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len

from cnnlab.amounts import enumerated
from cnnlab.analysis.best import Apart
from cnnlab.analysis.comparison import ClassFigure, Comparison, Figure, Group, Unit
from cnnlab.analysis.evaluated_runs import Measured
from cnnlab.analysis.noise import Verdict
from cnnlab.export.format import format_duration, format_figure, format_points, one_line
from cnnlab.export.run_words import setting
from cnnlab.history.records import RunRecord

_SEED = "training.seed"
_LEAST_P = 0.001
_NO_SEEDS = {
    "one seed": "a single run",
    "no spread": "seeds that all came to one figure",
}
"""Verdicts without a test of the seeds, and of what there is none."""
_APART: dict[Apart, str] = {
    "other images": "Figures of different images do not compare",
    "images not known": "Whether figures are of the same images is not known",
    "other cuts": (
        "Validation and training figures of different seeds or validation shares are of different "
        "images"
    ),
    "cut not known": (
        "Whether validation and training figures are of the same images is not known"
    ),
    "other machines": "Times and images/s compare on one data set and one device alone",
    "unfinished": "Training times compare only where all runs were trained to their end",
}
"""Why figures do not compare, as the beginning of a sentence."""
_MOST_VALUES = 8
"""Values that are told of one field of a group's runs."""
LONGEST_LABEL = 32
"""Columns of a list of fields; where one is longer, groups go by the names of their runs."""

CLASS_TITLES: dict[ClassFigure, str] = {"f1": "F1", "precision": "precision", "recall": "recall"}


def labels(comparison: Comparison) -> list[str]:
    """A short name for each group: the fields that tell it apart, `adam lr=0.01`.

    Where a list of fields is too long, the runs of each group name it. That name is also added
    where the fields do not tell groups apart, as where a person changed a run's course; and the id
    of the first run where groups have one name. Repeats of one run go by what was repeated.
    """
    if repeated(comparison):
        return [_what(comparison.groups[0].runs)]
    fields = _telling(comparison)
    ends = Counter(_last(path) for path in fields)
    named = []
    for group in comparison.groups:
        words = [
            _field(path, group.settings[path], short=ends[_last(path)] == 1)
            for path in fields
            if path in group.settings
        ]
        named.append(" ".join(words))
    if max(map(cell_len, named), default=0) > LONGEST_LABEL:
        named = [""] * len(named)
    for told in (_name_of, lambda group: group.runs[0].id):
        counts = Counter(named)
        named = [
            name if counts[name] == 1 and name else f"{name} {told(group)}".strip()
            for name, group in zip(named, comparison.groups, strict=True)
        ]
    return named


def _name_of(group: Group) -> str:
    """The name of the first run; of several that are numbered, what stands before the numbers."""
    names = [one_line(run.name) for run in group.runs]
    parts = (name.rpartition("-") for name in names)
    stem, *others = {stem if number.isdecimal() else "" for stem, _, number in parts}
    return stem if stem and not others and len(names) > 1 else names[0]


def repeated(comparison: Comparison) -> bool:
    """Whether all runs are repeats of one: one group, of two runs or more."""
    groups = comparison.groups
    return len(groups) == 1 and len(groups[0].runs) + len(groups[0].repeats) > 1


def _what(runs: Sequence[RunRecord]) -> str:
    """What runs of one config are of: their preset, else model and data set."""
    presets = {run.preset for run in runs}
    first = runs[0]
    if first.preset and len(presets) == 1:
        return one_line(first.preset)
    return one_line(f"{first.model} on {first.dataset}")


def curve_label(name: str, group: Group, at: int) -> str:
    """The name of a group, with what tells one of its runs apart in it."""
    if len(group.runs) == 1:
        return name
    if _SEED not in group.machine:
        return f"{name} {one_line(group.runs[at].name)}"
    return f"{name} seed={setting(group.machine[_SEED][at])}"


def _telling(comparison: Comparison) -> list[str]:
    """The fields that differ, without those that a component of another name brings along."""
    sections = {path.removesuffix("name") for path in comparison.fields if _last(path) == "name"}
    return [
        path
        for path in comparison.fields
        if _last(path) == "name"
        or not any(path.startswith(section) for section in sections)
        or all(path in group.settings for group in comparison.groups if group.runs[0].config)
    ]


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _field(path: str, value: Any, *, short: bool) -> str:
    section, _, last = path.rpartition(".")
    if last == "name":
        return setting(value)
    return f"{last if short else f'{section}.{last}'.strip('.')}={setting(value)}"


def setting_words(group: Group, path: str) -> str:
    """The value of a field that differs between groups; a dash for a group without the field."""
    return setting(group.settings[path]) if path in group.settings else "–"


def machine_words(group: Group, path: str) -> str:
    """The values that a group's runs have in a field of the machine, each once.

    Of many the first ones and how many they are; of imported curves none is known.
    """
    if not group.runs[0].config:
        return "–"
    values = list(dict.fromkeys(map(setting, group.machine[path])))
    if len(values) > _MOST_VALUES:
        values[_MOST_VALUES - 1 :] = [f"… ({len(values)} values)"]
    return ", ".join(values)


def seeds_words(group: Group) -> str:
    """How many seeds a group has, and what does not count in it."""
    if not group.runs[0].config:
        return "imported curves"
    count = len(group.runs)
    words = f"{count} seeds" if count > 1 else "1 seed"
    if group.repeats:
        older = "an older run" if len(group.repeats) == 1 else f"{len(group.repeats)} older runs"
        words += f", without {older}"
    if not group.changed:
        return words
    status = group.runs[0].status
    return f"{words}, {'changed by hand' if status == 'finished' else status}"


def figure_words(figure: Figure, value: Measured | None) -> str:
    """A figure, with its sample standard deviation where there are several runs."""
    if value is None:
        return "–"
    if figure.unit == "count" and not value.std:
        return f"{value.mean:,.0f}"
    mean = number_words(figure.unit, value.mean)
    return mean if value.std is None else f"{mean} ± {number_words(figure.unit, value.std)}"


def marked(comparison: Comparison, figure: Figure) -> frozenset[int]:
    """The places of the groups whose mean is marked as the best: all that read as it does.

    Empty where no other figure stands beside it, or where figures do not compare.
    """
    words = {
        place: number_words(figure.unit, group.figures[figure.name].mean)
        for place, group in enumerate(comparison.groups)
        if figure.name in group.figures
    }
    tops = {words[place] for place in comparison.best(figure)}
    places = frozenset(place for place, text in words.items() if text in tops)
    return places if len(places) < len(words) else frozenset()


def unmarked_words(comparison: Comparison, figures: Sequence[Figure]) -> list[str]:
    """Why no best of some figures is marked where one looks for it, a sentence for each reason."""
    several = [
        figure
        for figure in figures
        if sum(figure.name in group.figures for group in comparison.groups) > 1
    ]
    reasons = {comparison.why_apart(figure) for figure in several}
    return [
        f"{words}: no best of them is marked." for why, words in _APART.items() if why in reasons
    ]


def best_words(figure: Figure, value: Measured | None) -> str:
    """The figure of the best run of a group."""
    if value is None:
        return "–"
    return number_words(figure.unit, value.best(larger_is_better=figure.larger_is_better))


def number_words(unit: Unit, value: float) -> str:
    """A number in its unit: `0.9821`, `61,706`, `3 m 05 s`."""
    if unit == "seconds":
        return format_duration(value)
    if unit in ("count", "rate"):
        return f"{value:,.0f}"
    return format_figure(value)


def verdict_words(verdict: Verdict, ours: int, theirs: int) -> str:
    """What the difference of two groups' test accuracies means.

    Args:
        ours: seeds of the group.
        theirs: seeds of the baseline.
    """
    words, notes = _verdict(verdict, ours, theirs), _notes([verdict])
    return " ".join([f"{words}.", *notes]) if notes else words


def _verdict(verdict: Verdict, ours: int, theirs: int) -> str:
    """What is of this one alone; `_notes` says what may hold for several."""
    if verdict.kind == "unknown":
        return "no test accuracy to compare"
    if verdict.kind == "other images":
        return "tested on other images: the figures do not compare"
    if verdict.kind == "images not known":
        return "not known whether it was tested on the same images"
    apart = f"{format_points(100 * verdict.difference, 2)} points"
    if verdict.kind in _NO_SEEDS:
        if not verdict.images:
            return apart
        beyond = abs(verdict.difference) > verdict.margin
        return (
            f"{apart}, {'beyond' if beyond else 'within'} the noise of the test images "
            f"(± {100 * verdict.margin:.2f})"
        )
    p = verdict.p or 0.0
    chance = f"p < {_LEAST_P}" if p < _LEAST_P else f"p = {p:.2f}" if p >= 0.1 else f"p = {p:.3f}"
    return f"{apart}, {verdict.kind} the noise of the seeds ({chance}; {ours} against {theirs})"


def _notes(verdicts: Sequence[Verdict]) -> list[str]:
    """What is to be known of verdicts without a test of their seeds, a sentence each."""
    alone = [one for one in verdicts if one.kind in _NO_SEEDS]
    notes = []
    images = sorted({one.images for one in alone if one.images})
    if images:
        count = " or ".join(f"{each:,}" for each in images)
        notes.append(
            f"± is the 95 % interval that chance leaves with {count} test images, in points."
        )
    seeds = [words for kind, words in _NO_SEEDS.items() if any(one.kind == kind for one in alone)]
    if seeds:
        also = " comes on top; it" if images else ""
        notes.append(f"The noise of the seeds{also} is not known from {' or '.join(seeds)}.")
    return notes


def images_words(same_images: bool | None) -> tuple[str, ...]:
    """A warning, unless figures are of the same images."""
    if same_images:
        return ()
    if same_images is None:
        return ("Whether all were tested on the same images is not known.",)
    return ("Not all were tested on the same images; their figures do not compare.",)


def _alone_words(comparison: Comparison) -> str:
    """In what the runs of a single group differ."""
    if not repeated(comparison):
        return "There is a single run, and nothing to hold it against."
    fields = comparison.machine_fields
    if not fields:
        return "These runs differ in no field: they are of one config and one seed."
    told = enumerated(["the seed" if path == _SEED else path for path in fields])
    return f"These runs differ in nothing but {told}."


def cut_words(comparison: Comparison, figure: Figure) -> tuple[str, ...]:
    """A warning where a figure is of other validation or training images of the same data."""
    why = comparison.why_apart(figure)
    return (f"{_APART[why]}.",) if why in ("other cuts", "cut not known") else ()


def summary_words(
    comparison: Comparison,
    names: Sequence[str],
    baseline: int,
    places: Sequence[int] | None = None,
) -> list[str]:
    """What the figures mean, line by line: a warning, each group against the baseline, notes.

    Args:
        places: of the groups to tell of; None for all.
    """
    groups = comparison.groups
    if len(groups) == 1:
        return [_alone_words(comparison)]
    main = comparison.main
    lines = [] if main is None else list(images_words(comparison.same_images_of(main)))
    told = [
        place for place in (range(len(groups)) if places is None else places) if place != baseline
    ]
    verdicts = [comparison.verdicts[baseline, place] for place in told]
    seeds = len(groups[baseline].accuracies)
    for place, verdict in zip(told, verdicts, strict=True):
        words = _verdict(verdict, len(groups[place].accuracies), seeds)
        lines.append(f"{names[place]}: {words}")
    return [*lines, *_notes(verdicts)]
