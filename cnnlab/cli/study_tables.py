"""A study on the console: the source's own table, published against measured."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnlab.analysis.study_results import RowResult, StudyResults
from cnnlab.cli.tables import fits, pairs_table, plain_table, print_table
from cnnlab.export.format import format_points, one_line
from cnnlab.export.study_words import (
    CLASS_TITLES,
    FAR,
    TITLES,
    best_words,
    class_columns,
    class_name,
    figures_of,
    has_best,
    measured_words,
    missing_words,
    notes,
    own_words,
    points,
    published_classes,
    published_words,
    spread_words,
    usual_settings,
)


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


def _figures_that_fit(console: Console, results: StudyResults) -> list[list[str]]:
    """The figures, in as many tables as it takes for each to fit the console."""
    tables: list[list[str]] = [[]]
    for figure in figures_of(results):
        if tables[-1] and not fits(console, _table(results, [*tables[-1], figure])):
            tables.append([])
        tables[-1].append(figure)
    return tables


def _table(results: StudyResults, figures: Sequence[str]) -> Table:
    columns = ["row"]
    for name in figures:
        columns += [f"{TITLES[name]}\npublished", "\nmeasured"]
        if has_best(results.rows, name):
            columns.append("\nbest")
        if name == "accuracy":
            columns.append("\npoints")
    table = plain_table(*columns)
    for row in results.rows:
        cells = [Text(one_line(row.row.title))]
        for name in figures:
            cells += [Text(published_words(row, name)), _measured(name, row)]
            if has_best(results.rows, name):
                cells.append(Text(best_words(row, name), style="dim" if row.changed else ""))
            if name == "accuracy":
                cells.append(_points(row))
        table.add_row(*cells)
    return table


def _measured(name: str, row: RowResult) -> Text:
    value = row.figures.get(name)
    if value is None:
        return Text("–", style="dim")
    text = f"{measured_words(name, value)} {spread_words(name, value)}".strip()
    return Text(f"{text} *" if row.changed else text, style="dim" if row.changed else "")


def _points(row: RowResult) -> Text:
    """How far the measured accuracy is from the published one, in percentage points."""
    distance = points(row)
    if distance is None:
        return Text("")
    return Text(format_points(distance), style="yellow" if abs(distance) > FAR else "")


def _print_classes(console: Console, result: RowResult) -> None:
    """The precision of each class, where the source prints it."""
    shown = published_classes(result)
    if not shown:
        return
    console.print()
    console.print(Text(f"Precision of each class: {one_line(result.row.title)}", style="bold"))
    columns = [f"{CLASS_TITLES[name]}\n{kind}" for name in shown for kind in ("published", "meas.")]
    table = plain_table("class", *columns)
    rows = zip_longest(*class_columns(result, shown, spread=True))
    for number, cells in enumerate(rows):
        table.add_row(Text(class_name(result, number)), *(cell or "–" for cell in cells))
    print_table(console, table)


def _print_settings(console: Console, results: StudyResults) -> None:
    """The fields that vary, by the names of the rows; what most rows have is left out."""
    if not results.varies:
        return
    usual = usual_settings(results)
    lines = [(result.row.name, own_words(result.row, usual)) for result in results.rows]
    console.print()
    console.print(Text("What varies", style="bold"))
    console.print(pairs_table(lines))


def _print_notes(console: Console, results: StudyResults) -> None:
    """What stands under the table: changes, remarks, assumptions, and what is missing."""
    lines, missing = notes(results), missing_words(results)
    if missing:
        missing[-1] += f" `cnnlab study run {results.study.name}` trains what is missing."
    for line in [*lines, *missing]:
        console.print()
        console.print(Text(line))
