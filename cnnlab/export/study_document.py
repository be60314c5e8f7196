"""A study as a document: published against measured, classes, settings, runs, how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from cnnlab.analysis.study_results import StudyResults, study_results
from cnnlab.analysis.trained_rows import count_of
from cnnlab.config.studies import Study, StudyRow
from cnnlab.config.toml import config_as_toml
from cnnlab.events import CheckpointKind
from cnnlab.export.document import (
    Block,
    Cell,
    Column,
    Document,
    Facts,
    Figure,
    Listing,
    Section,
    Table,
    Words,
)
from cnnlab.export.format import format_figure, format_time
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_data import BarsPlot
from cnnlab.export.study_table import StudyCell, StudyTable, class_table, study_table
from cnnlab.export.study_words import (
    CHANGED,
    missing_words,
    name_of,
    own_settings,
    own_words,
    remarks,
    sign_notes,
    trained_words,
    usual_settings,
)
from cnnlab.history.queries import Reader
from cnnlab.history.records import evaluation_of

_OF_CHANGED = "* was not trained as the study says; the notes of the table tell what differs."


def study_document(reader: Reader, study: Study, options: ExportOptions) -> Document:
    """Everything that `cnnlab study show` says of a study, with its runs and a plot.

    Of each row and seed the newest run counts; figures are those of the options' checkpoint.
    """
    results = study_results(reader, study, options.checkpoint)
    sections = [
        Section("", tuple(_figures(results))),
        Section("Classes", tuple(_classes(results))),
        Section("What varies", tuple(_settings(results))),
        Section("What to know", tuple(_remarks(results))),
        Section("Runs", tuple(_runs(reader, results))),
        Section("How to repeat it", (Listing("", _commands(results), "sh"),)),
    ]
    return Document(
        study.about.title or study.name,
        _subtitle(results),
        tuple(section for section in sections if section.blocks),
        key=f"{study.name}-{options.checkpoint}",
    )


def comparison_plot(results: StudyResults) -> BarsPlot | None:
    """The published and the measured accuracy of each row; None where nothing was measured.

    The names of rows whose runs do not compare have a sign.
    """
    rows = results.rows
    measured = [row.figures.get("accuracy") for row in rows]
    if not any(measured):
        return None
    none = (None,) * len(rows)
    published = tuple(row.row.words.published.accuracy for row in rows)
    means = tuple(None if one is None else one.mean for one in measured)
    spreads = tuple(None if one is None else one.std for one in measured)
    series = (("published", published, none), ("measured", means, spreads))
    title = f"test accuracy, {results.checkpoint} checkpoint"
    names = tuple(name_of(row) for row in rows)
    return BarsPlot(
        "comparison",
        title,
        names,
        series if any(value is not None for value in published) else series[1:],
        "test accuracy",
        "comparison",
        of=f"{results.checkpoint} checkpoint",
    )


def _subtitle(results: StudyResults) -> str:
    parts = [
        results.study.about.source,
        f"study {results.study.name}",
        trained_words(count_of(row.status for row in results.rows)),
        f"figures of the {results.checkpoint} checkpoint of the {results.which} run of each seed",
    ]
    return ", ".join(part for part in parts if part)


def _figures(results: StudyResults) -> Iterator[Block]:
    description = " ".join(results.study.about.description.split())
    if description:
        yield Words((description,))
    yield _table("Published against measured", study_table(results), tuple(sign_notes(results)))
    plot = comparison_plot(results)
    if plot is not None:
        yield Figure(plot, _caption(plot))


def _caption(plot: BarsPlot) -> str:
    kinds = " and ".join(label for label, _, _ in plot.series).capitalize()
    spread = any(value is not None for _, _, spreads in plot.series for value in spreads)
    told = f"{kinds} {plot.title}{'; bars are standard deviations' if spread else ''}."
    changed = any(name.endswith(CHANGED) for name in plot.names)
    return f"{told} {_OF_CHANGED}" if changed else told


def _classes(results: StudyResults) -> Iterator[Block]:
    for result in results.rows:
        table = class_table(result)
        if table is not None:
            yield _table(f"Precision of each class: {result.row.title}", table)


def _table(title: str, table: StudyTable, notes: tuple[str, ...] = ()) -> Table:
    columns, cells = [Column(table.heading)], [[Cell(name) for name in table.names]]
    for figure in table.figures:
        for column in figure.columns:
            columns.append(Column(f"{figure.title}, {column.kind}", number=True))
            cells.append([_cell(cell) for cell in column.cells])
    return Table(title, tuple(columns), tuple(zip(*cells, strict=True)), notes)


def _cell(cell: StudyCell) -> Cell:
    return Cell(cell.line, remark=cell.outside or cell.changed, weak=cell.tone == "muted")


def _settings(results: StudyResults) -> Iterator[Block]:
    usual = usual_settings(results)
    if usual:
        rows = [
            (_title_and_name(result.row), own_words(result.row, usual)) for result in results.rows
        ]
        yield Facts("", tuple(rows))
    plainest = min(results.rows, key=lambda each: len(own_settings(each.row, usual))).row
    yield Listing(
        f"Config of {_title_and_name(plainest)}",
        config_as_toml(plainest.preset.config.model_dump(mode="json")),
        "toml",
    )


def _title_and_name(row: StudyRow) -> str:
    """The title, as in the tables, with the name that commands take."""
    return row.title if row.title == row.name else f"{row.title} ({row.name})"


def _remarks(results: StudyResults) -> Iterator[Block]:
    lines = [*remarks(results), *missing_words(results)]
    if lines:
        yield Words(tuple(lines))


def _runs(reader: Reader, results: StudyResults) -> Iterator[Block]:
    """The runs that were measured, so that each figure can be traced."""
    runs = [(row, run) for row in results.rows for run in row.runs]
    if not runs:
        return
    evaluations = reader.final_evaluations([run.id for _, run in runs])
    names = ("row", "run", "name", "seed", "test accuracy", "started", "device")
    columns = tuple(Column(name, name in ("seed", "test accuracy")) for name in names)
    rows = []
    for row, run in runs:
        test = evaluation_of(evaluations.get(run.id, ()), "test", results.checkpoint)
        texts = (
            row.row.title,
            run.id,
            run.name,
            str(run.seed),
            format_figure(None if test is None else test.accuracy),
            format_time(run.started_at),
            run.device_name or run.device or "",
        )
        rows.append(tuple(map(Cell, texts)))
    yield Table("", columns, tuple(rows))


def _commands(results: StudyResults) -> str:
    """The commands that train the rows again as they were, and show them.

    Rows that were trained with the study's own config go by their seeds; runs with another one
    are repeated each by itself. Without any run the whole study is trained.
    """
    study = shlex.quote(results.study.name)
    lines = [
        f"cnnlab study run {study}{_rows_option(results, rows)} --seeds {seeds}"
        for seeds, rows in _by_seeds(results).items()
    ]
    lines += [
        f"cnnlab run --from {run.id}" for row in results.rows if row.changed for run in row.runs
    ]
    return "\n".join([*(lines or [f"cnnlab study run {study}"]), _show_command(study, results)])


def _by_seeds(results: StudyResults) -> dict[str, list[str]]:
    """The names of the rows that were trained with the same seeds."""
    found: dict[str, list[str]] = {}
    for row in results.rows:
        if row.status == "measured":
            known = sorted(run.seed for run in row.runs if run.seed is not None)
            seeds = ",".join(map(str, known))
            found.setdefault(seeds, []).append(row.row.name)
    return found


def _rows_option(results: StudyResults, rows: Sequence[str]) -> str:
    return "" if len(rows) == len(results.rows) else f" --rows {','.join(rows)}"


def _show_command(study: str, results: StudyResults) -> str:
    usual: CheckpointKind = "best"
    option = "" if results.checkpoint == usual else f" --checkpoint {results.checkpoint}"
    return f"cnnlab study show {study}{option}"
