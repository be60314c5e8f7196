"""A study in words: what the command line and the screens say of its table in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnnlab.analysis.study_results import RowResult, StudyResults
from cnnlab.analysis.trained_rows import TrainedCount
from cnnlab.config.differences import flat
from cnnlab.config.studies import StudyRow
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
CHANGED = " *"
"""Behind what is of runs with other settings than their row's."""
OUTSIDE = "‡"
"""Before a published figure that lies outside the range of the measured runs."""


def name_of(result: RowResult) -> str:
    """The title of a row, with a sign where its runs do not compare with what was published."""
    return f"{result.row.title}{CHANGED}" if result.changed else result.row.title


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


def own_words(row: StudyRow, usual: dict[str, Any]) -> str:
    """What a row has of its own, in words."""
    own = own_settings(row, usual)
    return " ".join(f"{path}={setting(value)}" for path, value in own.items()) or "as most rows"


def _usual(values: Sequence[Any]) -> Any:
    """The value of more than half of the rows; None if there is none."""
    common = max(values, key=values.count)
    return common if 2 * values.count(common) > len(values) else None


def notes(results: StudyResults) -> list[str]:
    """What stands under the table: what its signs mean, and what to know when it is read."""
    return [*sign_notes(results), *remarks(results)]


def sign_notes(results: StudyResults) -> list[str]:
    """What the signs of a table mean: changes, several runs, a figure outside their range."""
    lines = [_changes(row) for row in results.rows if row.changed]
    return [" ".join(line.split()) for line in [*lines, *_signs(results)]]


def remarks(results: StudyResults) -> list[str]:
    """What to know when a table is read: odd runs, remarks, assumptions."""
    about = results.study.about
    lines = [note for row in results.rows for note in _odd_runs(row)]
    lines += [about.remark] if about.remark else []
    lines += ["Published figures are cut, not rounded."] if about.figures == "cut" else []
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


def _signs(results: StudyResults) -> list[str]:
    """What the signs of the figures of several runs mean."""
    lines = []
    if any(value.n > 1 for row in results.rows for value in row.figures.values()):
        lines.append(
            "Of several runs, one a seed: mean ± sample standard deviation (number of runs), and "
            "the best of them."
        )
    if any(_is_any_outside(row) for row in results.rows):
        lines.append(
            f"{OUTSIDE} The published figure lies outside the range of the measured runs, "
            f"{results.study.about.figures} as it is."
        )
    return lines


def _is_any_outside(result: RowResult) -> bool:
    return any(result.outside(name) for name in TITLES) or any(
        one for name in CLASS_TITLES for one in result.classes_outside(name)
    )


def trained_words(count: TrainedCount) -> str:
    """How many rows were trained; those that were trained otherwise do not count."""
    words = f"{count.as_said} of {count.rows} rows trained"
    if not count.otherwise:
        return words
    return f"{words} as the study says, {count.otherwise} with other settings"


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
    if result.other_images:
        runs = ", ".join(run.id for run in result.other_images)
        lines.append(f"{result.row.title}: runs tested on other images, not in the table: {runs}.")
    if result.diverged:
        lines.append(
            f"{result.row.title}: the loss of {result.diverged} of {len(result.runs)} runs is "
            "infinite or not a number; training diverged."
        )
    return lines


def _with_values(fields: Sequence[str], rows: Sequence[StudyRow]) -> str:
    """Fields with their value, where all rows that have them agree."""
    tables = [flat(row.preset.config) for row in rows]
    words = []
    for field in fields:
        values = {setting(table[field]) for table in tables if field in table}
        words.append(f"{field} {values.pop()}" if len(values) == 1 else field)
    return ", ".join(words)
