"""A run as a document: what it was, how it went, what came of it, and how to repeat it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cnnlab.config.toml import config_as_toml
from cnnlab.events import Command
from cnnlab.export import document
from cnnlab.export.document import Block, Cell, Column, Document, Section, Table
from cnnlab.export.format import format_time
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_data import BarsPlot, MatrixPlot, Plot
from cnnlab.export.repeating import commands, conditions
from cnnlab.export.run_plots import (
    against,
    curve_plots,
    evaluation_plots,
)
from cnnlab.export.run_tables import (
    checkpoint_file,
    checkpoints_table,
    classes_table,
    evaluations_table,
    later_evaluations_table,
)
from cnnlab.export.run_words import run_words
from cnnlab.export.unknown_axes import absence_words
from cnnlab.history.queries import Reader
from cnnlab.history.records import (
    CheckpointRecord,
    EvaluationRecord,
    InterventionRecord,
    LogRecord,
    RunRecord,
    evaluation_of,
)
from cnnlab.home import Home

_LARGEST_MATRIX = 20
"""Classes of a confusion matrix that is also a table."""
_MOST_PAIRS = 10
"""Pairs of classes that are told as confused."""
_MOST_WARNINGS = 20
"""Warnings that are written out."""


def run_document(
    reader: Reader, run: RunRecord, options: ExportOptions, *, home: Home | None = None
) -> Document:
    """All that the history knows of a run, but for its single steps.

    Args:
        options: the split and the checkpoint of the figures of classes, and how curves are drawn.
        home: where its preset is looked up, to tell how the run differs from it.

    Raises:
        ConfigError: the options name an unknown x axis.
    """
    ids = [run.id]
    evaluations = reader.final_evaluations(ids)[run.id]
    chosen = evaluation_of(evaluations, options.split, options.checkpoint)
    plots = evaluation_plots(reader, run, options)
    sections = (
        Section("", (_facts(reader, run),)),
        Section("Result", tuple(_result(evaluations, reader.later_evaluations(ids)[run.id]))),
        Section("Curves", tuple(_curves(reader, run, options))),
        Section("Classes", tuple(_classes(chosen, plots))),
        Section("Confused classes", tuple(_confusion(plots))),
        Section("By hand", tuple(_interventions(reader.interventions(ids)[run.id]))),
        Section("Notes", tuple(_notes(reader, run))),
        Section("Warnings", tuple(_warnings(reader.log(run.id)))),
        Section("Checkpoints", tuple(_checkpoints(reader.checkpoints(ids)[run.id]))),
        Section("How to repeat it", tuple(_repeating(reader, run, home))),
        Section("Config", tuple(_config(run))),
    )
    told = tuple(section for section in sections if section.blocks)
    return Document(run.name, _subtitle(run), told, key=f"{run.name}-{run.id}")


def _subtitle(run: RunRecord) -> str:
    model = f" with {run.model}" if run.model else ""
    ended = f", {format_time(run.ended_at)}" if run.ended_at else ""
    trashed = ", in the trash" if run.trashed_at else ""
    return f"{run.dataset}{model}: {run.status}{ended}{trashed}"


def _facts(reader: Reader, run: RunRecord) -> document.Facts:
    # The name is the title.
    (name, _), *rows = run_words(run, reader.epochs([run.id])[run.id])
    return document.Facts("", ((name, run.id), *(row for row in rows if row[1])))


# Figures


def _result(
    evaluations: Sequence[EvaluationRecord], later: Sequence[EvaluationRecord]
) -> Iterator[Block]:
    if evaluations:
        yield evaluations_table(evaluations)
    if later:
        yield later_evaluations_table(later)


def _curves(reader: Reader, run: RunRecord, options: ExportOptions) -> Iterator[Block]:
    plots = curve_plots(reader, run, options)
    absence = absence_words([run], against(options))
    if absence and not plots:
        yield document.Words((absence,))
    for plot in plots:
        smooth = f", training smoothed by {options.smooth:g}" if options.smooth else ""
        labels = " and ".join(curve.label for curve in plot.curves)
        of = f" of {labels}" if plot.quantity != "lr" else ""
        caption = f"{plot.title.capitalize()}{of} by {plot.x_label}{smooth}."
        yield document.Figure(plot, caption)


def _classes(chosen: EvaluationRecord | None, plots: Sequence[Plot]) -> Iterator[Block]:
    if chosen is None or not chosen.classes:
        return
    yield classes_table(chosen)
    for plot in plots:
        if isinstance(plot, BarsPlot):
            yield document.Figure(plot, f"{plot.title.capitalize()}.")


def _confusion(plots: Sequence[Plot]) -> Iterator[Block]:
    for plot in plots:
        if isinstance(plot, MatrixPlot):
            yield from _confused(plot)
            small = len(plot.classes) <= _LARGEST_MATRIX
            caption = f"{plot.title.capitalize()}: true classes in rows, predicted ones in columns."
            yield document.Figure(plot, caption, _matrix(plot) if small else None)


def _confused(plot: MatrixPlot) -> Iterator[Table]:
    """The pairs of classes that are taken for each other the most."""
    pairs = sorted(
        (-images, true, predicted)
        for true, row in enumerate(plot.images)
        for predicted, images in enumerate(row)
        if true != predicted and images
    )
    if not pairs:
        return
    rows = []
    for minus, true, predicted in pairs[:_MOST_PAIRS]:
        of = sum(plot.images[true])
        share = f"{-100 * minus / of:.1f} %"
        rows.append((plot.classes[true], plot.classes[predicted], f"{-minus:,}", f"{of:,}", share))
    columns = (
        Column("class"),
        Column("taken for"),
        Column("images", number=True),
        Column("of", number=True),
        Column("share", number=True),
    )
    notes: tuple[str, ...] = ()
    if len(pairs) > _MOST_PAIRS:
        notes = (f"The {_MOST_PAIRS} most frequent of {len(pairs):,} pairs that occur.",)
    yield Table("Most confused pairs", columns, document.words(rows), notes)


def _matrix(plot: MatrixPlot) -> Table:
    columns = (Column("true"), *(Column(name, number=True) for name in plot.classes))
    rows = tuple(
        (Cell(name), *(Cell(f"{images:,}", weak=not images) for images in row))
        for name, row in zip(plot.classes, plot.images, strict=True)
    )
    notes = ("Images of a true class, in rows, that were taken for a class, in columns.",)
    return Table(f"{plot.title[0].upper()}{plot.title[1:]}", columns, rows, notes)


# What people and the run itself said


def _interventions(done: Iterable[InterventionRecord]) -> Iterator[Block]:
    rows = [
        (
            Command(one.kind, one.value).in_words(),
            str(one.epoch),
            f"{one.step:,}",
            format_time(one.made_at),
        )
        for one in done
    ]
    if rows:
        columns = (
            Column("what"),
            Column("epoch", number=True),
            Column("after step", number=True),
            Column("when"),
        )
        yield Table("How its course was changed by hand", columns, document.words(rows))


def _notes(reader: Reader, run: RunRecord) -> Iterator[Block]:
    for note in reader.notes([run.id])[run.id]:
        yield document.Words((f"{format_time(note.written_at)}: {note.text}",))


def _warnings(log: Iterable[LogRecord]) -> Iterator[Block]:
    """The warnings of its log; its errors are tracebacks, and the status tells those."""
    told = [line.message for line in log if line.level == "warning"]
    if told:
        more = len(told) - _MOST_WARNINGS
        last = [f"And {more:,} more."] if more > 0 else []
        yield document.Words((*told[:_MOST_WARNINGS], *last))


# What is left of it


def _checkpoints(checkpoints: Sequence[CheckpointRecord]) -> Iterator[Block]:
    if not checkpoints:
        return
    yield checkpoints_table(checkpoints)
    # As `sha256sum --check` reads it.
    sums = [f"{one.sha256}  {checkpoint_file(one)}" for one in checkpoints]
    yield document.Listing("SHA-256 of the files", "\n".join(sums) + "\n")


def _repeating(reader: Reader, run: RunRecord, home: Home | None) -> Iterator[Block]:
    yield document.Words(tuple(conditions(run, reader.interventions([run.id])[run.id])))
    text = commands(run, home)
    if text:
        yield document.Listing("", text, "sh")


def _config(run: RunRecord) -> Iterator[Block]:
    if run.config:
        yield document.Listing("", config_as_toml(run.config), "toml")
