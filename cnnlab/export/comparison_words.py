"""A comparison of runs in words: names of groups, figures, and what a difference means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len

from cnnlab.analysis.comparison import Comparison, Figure, Group, Unit, Verdict
from cnnlab.analysis.study_results import Measured
from cnnlab.export.format import format_duration, format_figure, one_line
from cnnlab.export.run_words import component, setting

_LEAST_P = 0.001
LONGEST_LABEL = 32
"""Columns of a list of fields; where one is longer, groups go by the names of their runs."""


def labels(comparison: Comparison) -> list[str]:
    """A short name for each group: the fields that tell it apart, `adam lr=0.01`.

    Where a list of fields is too long, the first run of each group names it. That name is also
    added where the fields do not tell groups apart, as where a person changed a run's course.
    """
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
    counts = Counter(named)
    return [
        name if counts[name] == 1 and name else _with_run(name, group)
        for name, group in zip(named, comparison.groups, strict=True)
    ]


def _with_run(name: str, group: Group) -> str:
    return f"{name} {one_line(group.runs[0].name)}".strip()


def _telling(comparison: Comparison) -> list[str]:
    """The fields that differ, without those that a component of another name brings along."""
    sections = {path.removesuffix("name") for path in comparison.fields if _last(path) == "name"}
    return [
        path
        for path in comparison.fields
        if _last(path) == "name"
        or not any(path.startswith(section) for section in sections)
        or all(path in group.settings for group in comparison.groups)
    ]


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _field(path: str, value: Any, *, short: bool) -> str:
    section, _, last = path.rpartition(".")
    if last == "name":
        return value_words(value)
    return f"{last if short else f'{section}.{last}'.strip('.')}={value_words(value)}"


def value_words(value: Any) -> str:
    """The value of a config's field, short; `none` for one that is empty."""
    if value is None or value == []:
        return "none"
    if isinstance(value, list) and all(isinstance(one, dict) and "name" in one for one in value):
        return one_line("+".join(map(component, value)))
    return one_line(setting(value))


def seeds_words(group: Group) -> str:
    """How many seeds a group has, and what does not count in it."""
    count = len(group.runs)
    words = f"{count} seeds" if count > 1 else "1 seed"
    if group.repeats:
        words += f", {len(group.repeats)} repeated"
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
    mean = _number(figure.unit, value.mean)
    return mean if value.std is None else f"{mean} ± {_number(figure.unit, value.std)}"


def _number(unit: Unit, value: float) -> str:
    if unit == "seconds":
        return format_duration(value)
    if unit in ("count", "rate"):
        return f"{value:,.0f}"
    return format_figure(value)


def points(difference: float, digits: int = 1) -> str:
    """A difference in percentage points with its sign: `+0.4`, `-1.2`, `0.0`."""
    text = f"{difference:+.{digits}f}"
    return text[1:] if float(text) == 0 else text


def verdict_words(verdict: Verdict, ours: int, theirs: int) -> str:
    """What the difference of two groups' test accuracies means.

    Args:
        ours: seeds of the group.
        theirs: seeds of the baseline.
    """
    if verdict.kind == "unknown":
        return "no test accuracy to compare"
    if verdict.kind == "other images":
        return "tested on other images: the figures do not compare"
    apart = f"{points(100 * verdict.difference, 2)} points"
    if verdict.kind == "one seed":
        least = f"{verdict.images:,} test images alone leave ± {100 * verdict.error:.2f}"
        return f"{apart}; with one seed its noise is not known, and {least}"
    p = verdict.p or 0.0
    chance = f"p < {_LEAST_P}" if p < _LEAST_P else f"p = {p:.2f}" if p >= 0.1 else f"p = {p:.3f}"
    return f"{apart}, {verdict.kind} the noise of the seeds ({chance}; {ours} against {theirs})"


def summary_words(comparison: Comparison, names: Sequence[str], baseline: int) -> list[str]:
    """What the figures mean, line by line: warnings, then each group against the baseline."""
    groups = comparison.groups
    if len(groups) == 1:
        return ["These runs differ in nothing but the seed: their mean and standard deviation."]
    lines = []
    if not comparison.same_images:
        lines.append("Not all were tested on the same images; their figures do not compare.")
    for place, group in enumerate(groups):
        if place != baseline:
            words = verdict_words(
                comparison.verdicts[baseline, place],
                len(group.accuracies),
                len(groups[baseline].accuracies),
            )
            lines.append(f"{names[place]}: {words}")
    return lines
