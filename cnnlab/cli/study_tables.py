"""A study on the console: the source's own table, published against measured."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from cnnlab.analysis.study_results import RowResult, StudyResults
from cnnlab.export.format import one_line
from cnnlab.export.pairs import Pairs
from cnnlab.export.study_layout import StudyLayout
from cnnlab.export.study_table import StudyTable, class_table, study_table
from cnnlab.export.study_words import missing_words, notes, own_words, usual_settings


def print_study(console: Console, results: StudyResults) -> None:
    """Title, table, per-class tables, and what to know when they are read."""
    about = results.study.about
    console.print(Text(about.title or results.study.name, style="bold"))
    if about.source:
        console.print(Text(about.source, style="dim"))
    if about.description:
        console.print(Text(" ".join(about.description.split())))
    console.print()
    _print_table(console, study_table(results))
    for row in results.rows:
        _print_classes(console, row)
    _print_settings(console, results)
    _print_notes(console, results)


def _print_classes(console: Console, result: RowResult) -> None:
    """The precision of each class, where the source prints it."""
    table = class_table(result)
    if table is not None:
        console.print()
        console.print(Text(f"Precision of each class: {one_line(result.row.title)}", style="bold"))
        _print_table(console, table)


def _print_table(console: Console, table: StudyTable) -> None:
    # In a terminal that is too narrow even for it, whole lines go on in the next one.
    console.print(StudyLayout(table), soft_wrap=True)


def _print_settings(console: Console, results: StudyResults) -> None:
    """The fields that vary, by the names of the rows; what most rows have is left out."""
    if not results.varies:
        return
    usual = usual_settings(results)
    lines = [(result.row.name, own_words(result.row, usual)) for result in results.rows]
    console.print()
    console.print(Text("What varies", style="bold"))
    console.print(Pairs(lines))


def _print_notes(console: Console, results: StudyResults) -> None:
    """What stands under the table: changes, remarks, assumptions, and what is missing."""
    lines, missing = notes(results), missing_words(results)
    if missing:
        missing[-1] += f" `cnnlab study run {results.study.name}` trains what is missing."
    for line in [*lines, *missing]:
        console.print()
        console.print(Text(line))
