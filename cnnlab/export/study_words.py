"""A study in words: what the command line and the screens say of its table in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnnlab.analysis.study_results import Measured, RowResult, StudyResults
from cnnlab.config.differences import flat
from cnnlab.config.studies import StudyRow
from cnnlab.data.catalog import KNOWN
from cnnlab.export.format import format_duration, format_figure
from cnnlab.export.run_words import setting

TITLES = {
    "accuracy": "accuracy",
    "train_accuracy": "train accuracy",
    "validation_accuracy": "validation accuracy",
    "top5_accuracy": "top-5",
    "precision_macro": "precision",
    "train_precision_macro": "train precision",
    "seconds": "time",
}
"""The figures of a row, and what they are called."""
CLASS_TITLES = {"class_precision": "test", "train_class_precision": "train"}
"""The figures of each class, and the split that they are of."""
FAR = 2.0
"""Percentage points; a measured share that lies further from the published one is marked."""


def figures_of(results: StudyResults) -> list[str]:
    """The figures that the table has columns for: accuracy, and what any row publishes."""
    return [
        name
        for name in TITLES
        if name == "accuracy"
        or any(getattr(row.row.words.published, name) is not None for row in results.rows)
    ]


def published_words(name: str, value: float | None) -> str:
    """A figure as its source prints it: 0.57 claims less than 0.5700."""
    if value is None:
        return "–"
    return format_duration(value) if name == "seconds" else str(value)


def measured_words(name: str, value: Measured) -> str:
    """The mean of a figure, without its deviation."""
    return format_duration(value.mean) if name == "seconds" else format_figure(value.mean)


def spread_words(name: str, value: Measured) -> str:
    """The deviation over several runs, and how many there are; empty for one run, or a time."""
    if value.std is None or name == "seconds":
        return ""
    return f"± {value.std:.4f} ({value.n})"


def points(result: RowResult, name: str = "accuracy") -> float | None:
    """How far a measured share lies from the published one, in percentage points.

    None where either is missing, or the runs do not compare.
    """
    published = getattr(result.row.words.published, name)
    measured = result.figures.get(name)
    if published is None or measured is None or result.changed:
        return None
    return float(100 * (measured.mean - published))


def published_classes(result: RowResult) -> list[str]:
    """The figures of each class that the source prints."""
    return [name for name in CLASS_TITLES if getattr(result.row.words.published, name) is not None]


def class_columns(result: RowResult, names: Sequence[str]) -> list[list[str]]:
    """For each of the figures of classes a column with the published, one with the measured."""
    columns = []
    for name in names:
        columns.append([str(value) for value in getattr(result.row.words.published, name)])
        columns.append([format_figure(each.mean) for each in result.classes.get(name, ())])
    return columns


def class_name(result: RowResult, number: int) -> str:
    """What a class is called; its number where the data set is not known."""
    known = KNOWN.get(result.row.preset.config.data.name)
    if known is None or number >= len(known.classes):
        return str(number)
    return known.classes[number]


def usual_settings(results: StudyResults) -> dict[str, Any]:
    """Of the fields that vary the values that more than half of the rows have, by path."""
    rows = [flat(row.row.preset.config) for row in results.rows]
    return {path: _usual([row.get(path) for row in rows]) for path in results.varies}


def own_settings(row: StudyRow, usual: dict[str, Any]) -> dict[str, Any]:
    """The fields of a row that vary in its study, where it is not as most rows are."""
    values = flat(row.preset.config)
    return {
        path: values[path]
        for path, value in usual.items()
        if path in values and values[path] != value
    }


def _usual(values: Sequence[Any]) -> Any:
    """The value of more than half of the rows; None if there is none."""
    common = max(values, key=values.count)
    return common if 2 * values.count(common) > len(values) else None


def notes(results: StudyResults) -> list[str]:
    """What stands under the table: changes, odd runs, remarks, assumptions."""
    about = results.study.about
    lines = [_changes(row) for row in results.rows if row.changed]
    lines += [note for row in results.rows for note in _odd_runs(row)]
    lines += [about.remark] if about.remark else []
    lines += [
        f"{row.row.title}: {row.row.words.remark}" for row in results.rows if row.row.words.remark
    ]
    if about.assumed:
        said = _with_values(about.assumed, [row.row for row in results.rows])
        lines.append(f"Assumed, since the source does not say: {said}.")
    lines += [
        f"Assumed in {row.row.title}: {_with_values(row.row.words.assumed, [row.row])}."
        for row in results.rows
        if row.row.words.assumed
    ]
    return [" ".join(line.split()) for line in lines]


def missing_words(results: StudyResults) -> list[str]:
    """Which rows have no run that compares, in a sentence each; empty if all have."""
    missing = [row for row in results.rows if row.status == "not run"]
    changed = [row for row in results.rows if row.status == "not comparable"]
    lines = []
    for words, rows in (("Not run yet", missing), ("Not run as the study says", changed)):
        if rows:
            names = ", ".join(row.row.name for row in rows)
            lines.append(f"{words}: {'all rows' if len(rows) == len(results.rows) else names}.")
    return lines


def _changes(result: RowResult) -> str:
    changes = ", ".join(
        f"{path} {setting(theirs)} instead of {setting(ours)}"
        for path, (ours, theirs) in result.changed.items()
    )
    return f"* {result.row.title}: does not compare with the published figure: {changes}."


def _odd_runs(result: RowResult) -> list[str]:
    """Runs of a row that are not in the table, or that should be read with care."""
    lines = []
    if result.failure:
        lines.append(f"{result.row.title}: its last run failed: {result.failure}")
    if result.hidden:
        runs = ", ".join(run.id for run in result.hidden)
        lines.append(f"{result.row.title}: runs with other settings, not in the table: {runs}.")
    if result.diverged:
        lines.append(
            f"{result.row.title}: the loss of {result.diverged} of {len(result.runs)} runs is not "
            "a number; training diverged."
        )
    return lines


def _with_values(fields: Sequence[str], rows: Sequence[StudyRow]) -> str:
    """Fields with their value, where all rows that have them agree and it is a short one."""
    tables = [flat(row.preset.config) for row in rows]
    words = []
    for field in fields:
        values = {setting(table[field]) for table in tables if field in table}
        value = values.pop() if len(values) == 1 else ""
        words.append(f"{field} {value}" if value and "{" not in value else field)
    return ", ".join(words)
