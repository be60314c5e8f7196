"""A study on the console: the source's own table, published against measured."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnlab.analysis.study_results import Measured, RowResult, StudyResults
from cnnlab.cli.tables import fits, pairs_table, plain_table, print_table
from cnnlab.config.differences import flat
from cnnlab.config.preset_files import Published
from cnnlab.config.studies import StudyRow
from cnnlab.data.catalog import KNOWN
from cnnlab.export.format import format_duration, format_figure, one_line
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
CLASS_TITLES = {"class_precision": "test", "train_class_precision": "train"}
FAR = 0.02
"""A measured share that lies further from the published one than this is marked."""


def print_study(console: Console, results: StudyResults) -> None:
    """Title, table, per-class tables, and what to know when they are read."""
    about = results.study.about
    console.print(Text(about.title or results.study.name, style="bold"))
    if about.source:
        console.print(Text(about.source, style="dim"))
    if about.description:
        console.print(Text(" ".join(about.description.split())))
    for figures in _figures_that_fit(console, results):
        console.print()
        print_table(console, _table(results, figures))
    for row in results.rows:
        _print_classes(console, row)
    _print_settings(console, results)
    _print_notes(console, results)


def _figures(results: StudyResults) -> list[str]:
    """The figures that the table has columns for: accuracy, and what any row publishes."""
    return [
        name
        for name in TITLES
        if name == "accuracy"
        or any(getattr(row.row.words.published, name) is not None for row in results.rows)
    ]


def _figures_that_fit(console: Console, results: StudyResults) -> list[list[str]]:
    """The figures, in as many tables as it takes for each to fit the console."""
    tables: list[list[str]] = [[]]
    for figure in _figures(results):
        if tables[-1] and not fits(console, _table(results, [*tables[-1], figure])):
            tables.append([])
        tables[-1].append(figure)
    return tables


def _table(results: StudyResults, figures: Sequence[str]) -> Table:
    columns = ["row"]
    for name in figures:
        columns += [f"{TITLES[name]}\npublished", "\nmeasured"]
        if name == "accuracy":
            columns.append("\npoints")
    table = plain_table(*columns)
    for row in results.rows:
        cells = [Text(one_line(row.row.title))]
        for name in figures:
            published = getattr(row.row.words.published, name)
            measured = row.figures.get(name)
            cells += [Text(_published(name, published)), _measured(name, measured, row)]
            if name == "accuracy":
                cells.append(_points(published, measured, row))
        table.add_row(*cells)
    return table


def _published(name: str, value: float | None) -> str:
    """A figure as its source prints it: 0.57 claims less than 0.5700."""
    if value is None:
        return "–"
    return format_duration(value) if name == "seconds" else str(value)


def _measured(name: str, value: Measured | None, row: RowResult) -> Text:
    if value is None:
        return Text("–", style="dim")
    if name == "seconds":
        text = format_duration(value.mean)
    else:
        text = format_figure(value.mean)
        if value.std is not None:
            text += f" ± {value.std:.4f} ({value.n})"
    return Text(f"{text} *" if row.changed else text, style="dim" if row.changed else "")


def _points(published: float | None, measured: Measured | None, row: RowResult) -> Text:
    """How far the measured accuracy is from the published one, in percentage points."""
    if published is None or measured is None or row.changed:
        return Text("")
    distance = measured.mean - published
    return Text(f"{100 * distance:+.1f}", style="yellow" if abs(distance) > FAR else "")


def _print_classes(console: Console, result: RowResult) -> None:
    """The precision of each class, where the source prints it."""
    published = result.row.words.published
    shown = [name for name in CLASS_TITLES if getattr(published, name) is not None]
    if not shown:
        return
    console.print()
    console.print(Text(f"Precision of each class: {one_line(result.row.title)}", style="bold"))
    columns = [f"{CLASS_TITLES[name]}\n{kind}" for name in shown for kind in ("published", "meas.")]
    table = plain_table("class", *columns)
    for number, cells in enumerate(zip_longest(*_class_columns(published, result, shown))):
        table.add_row(_class_name(result, number), *(cell or "–" for cell in cells))
    print_table(console, table)


def _class_columns(
    published: Published, result: RowResult, shown: Sequence[str]
) -> list[list[str]]:
    columns = []
    for name in shown:
        columns.append([str(value) for value in getattr(published, name)])
        columns.append([format_figure(each.mean) for each in result.classes.get(name, ())])
    return columns


def _class_name(result: RowResult, number: int) -> Text:
    known = KNOWN.get(result.row.preset.config.data.name)
    if known is None or number >= len(known.classes):
        return Text(str(number))
    return Text(known.classes[number])


def _print_settings(console: Console, results: StudyResults) -> None:
    """The fields that vary, by the names of the rows; what most rows have is left out."""
    if not results.varies:
        return
    rows = [flat(row.row.preset.config) for row in results.rows]
    usual = {path: _usual([row.get(path) for row in rows]) for path in results.varies}
    lines = []
    for result, values in zip(results.rows, rows, strict=True):
        own = [
            f"{path}={setting(values[path])}"
            for path in results.varies
            if path in values and values[path] != usual[path]
        ]
        lines.append((result.row.name, " ".join(own) or "as most rows"))
    console.print()
    console.print(Text("What varies", style="bold"))
    console.print(pairs_table(lines))


def _usual(values: Sequence[Any]) -> Any:
    """The value of more than half of the rows; None if there is none."""
    common = max(values, key=values.count)
    return common if 2 * values.count(common) > len(values) else None


def _print_notes(console: Console, results: StudyResults) -> None:
    """What stands under the table: changes, remarks, assumptions, and what is missing."""
    about = results.study.about
    notes = [_changes(row) for row in results.rows if row.changed]
    notes += [note for row in results.rows for note in _odd_runs(row)]
    notes += [about.remark] if about.remark else []
    notes += [
        f"{row.row.title}: {row.row.words.remark}" for row in results.rows if row.row.words.remark
    ]
    if about.assumed:
        said = _with_values(about.assumed, [row.row for row in results.rows])
        notes.append(f"Assumed, since the source does not say: {said}.")
    notes += [
        f"Assumed in {row.row.title}: {_with_values(row.row.words.assumed, [row.row])}."
        for row in results.rows
        if row.row.words.assumed
    ]
    notes += _missing(results)
    for note in notes:
        console.print()
        console.print(Text(" ".join(note.split())), soft_wrap=not console.is_terminal)


def _changes(result: RowResult) -> str:
    changes = ", ".join(
        f"{path} {setting(theirs)} instead of {setting(ours)}"
        for path, (ours, theirs) in result.changed.items()
    )
    return f"* {result.row.title}: does not compare with the published figure: {changes}."


def _missing(results: StudyResults) -> list[str]:
    missing = [row for row in results.rows if row.status == "not run"]
    changed = [row for row in results.rows if row.status == "not comparable"]
    notes = []
    for words, rows in (("Not run yet", missing), ("Not run as the study says", changed)):
        if rows:
            names = ", ".join(row.row.name for row in rows)
            notes.append(f"{words}: {'all rows' if len(rows) == len(results.rows) else names}.")
    if notes:
        notes[-1] += f" `cnnlab study run {results.study.name}` trains what is missing."
    return notes


def _odd_runs(result: RowResult) -> list[str]:
    """Runs of a row that are not in the table, or that should be read with care."""
    notes = []
    if result.failure:
        notes.append(f"{result.row.title}: its last run failed: {result.failure}")
    if result.hidden:
        runs = ", ".join(run.id for run in result.hidden)
        notes.append(f"{result.row.title}: runs with other settings, not in the table: {runs}.")
    if result.diverged:
        notes.append(
            f"{result.row.title}: the loss of {result.diverged} of {len(result.runs)} runs is not "
            "a number; training diverged."
        )
    return notes


def _with_values(fields: Sequence[str], rows: Sequence[StudyRow]) -> str:
    """Fields with their value, where all rows that have them agree and it is a short one."""
    tables = [flat(row.preset.config) for row in rows]
    words = []
    for field in fields:
        values = {setting(table[field]) for table in tables if field in table}
        value = values.pop() if len(values) == 1 else ""
        words.append(f"{field} {value}" if value and "{" not in value else field)
    return ", ".join(words)
