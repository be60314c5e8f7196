"""The tidy table of a study that is exported whole: published against measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import get_args

from cnnlab.analysis.evaluated_runs import Measured
from cnnlab.analysis.study_results import LESS_IS_BETTER, RowResult, best_of, study_results
from cnnlab.analysis.trained_rows import Status
from cnnlab.config.studies import Study
from cnnlab.events import CHECKPOINTS, SPLITS, CheckpointKind
from cnnlab.export.study_table import class_name
from cnnlab.export.study_words import CLASS_TITLES, TITLES
from cnnlab.export.tidy.columns import Column, Row, TidyTable
from cnnlab.history.queries import Reader

_SHARE = "a share from 0 to 1, of seconds a time in s"


def _rows(reader: Reader, study: Study, checkpoint: CheckpointKind) -> Iterator[Row]:
    """What was published or measured of each row of the study; its accuracy in any case."""
    for result in study_results(reader, study, checkpoint).rows:
        row = result.row
        before = (study.name, row.name, row.title, row.preset.name, result.status, checkpoint)
        for cells in (*_figures(result), *_classes(result)):
            yield *before, *cells


def _figures(result: RowResult) -> Iterator[Row]:
    for name in TITLES:
        published = getattr(result.row.words.published, name)
        measured = result.figures.get(name)
        if name == "accuracy" or published is not None or measured is not None:
            values = _values(result, name, published, measured, result.outside(name))
            yield name, _split_of(name), None, None, *values


def _classes(result: RowResult) -> Iterator[Row]:
    for name in CLASS_TITLES:
        columns = zip_longest(
            getattr(result.row.words.published, name) or (),
            result.classes.get(name, ()),
            result.classes_outside(name),
        )
        for number, (published, measured, outside) in enumerate(columns):
            values = _values(result, name, published, measured, outside)
            yield name, _split_of(name), number, class_name(result, number), *values


def _values(
    result: RowResult,
    name: str,
    published: float | None,
    measured: Measured | None,
    outside: bool | None,
) -> Row:
    """The columns from `published` on."""
    lies = None if outside is None else str(outside).lower()
    if measured is None:
        return published, None, None, None, None, None, None, None, lies
    points = result.points(name, published, measured)
    spread = (measured.mean, measured.std, measured.n, measured.minimum, measured.maximum)
    return published, *spread, best_of(name, measured), points, lies


def _split_of(name: str) -> str | None:
    """The split that a figure is of; none for a time."""
    if name in LESS_IS_BETTER:
        return None
    first = name.partition("_")[0]
    return first if first in SPLITS else "test"


STUDY = TidyTable(
    "study",
    "a figure of a study's row, or of one of its classes, published and measured",
    (
        Column("study", "text", "Name of the study"),
        Column("row", "text", "Name of the row"),
        Column("title", "text", "What the source calls the row"),
        Column("preset", "text", "Name of the row's preset, as its runs have it"),
        Column("status", "text", "Whether runs with the row's settings were measured, with other"
               " settings alone, or none", allowed=get_args(Status)),
        Column("checkpoint", "text", "Whose figures were measured", allowed=CHECKPOINTS),
        Column("figure", "text", "Name of the figure", allowed=(*TITLES, *CLASS_TITLES)),
        Column("split", "text", "Split that it is of; none for seconds", empty=True,
               allowed=SPLITS),
        Column("class_index", "integer", "Number of the class that it is of, counted from 0; none"
               " for a figure of all", empty=True),
        Column("class_name", "text", "Name of that class", empty=True),
        Column("published", "number", f"What the source prints, {_SHARE}", empty=True),
        Column("mean", "number", "Mean over the newest run of each seed", empty=True),
        Column("std", "number", "Sample standard deviation over these runs; none for a single one",
               empty=True),
        Column("n", "integer", "Number of these runs", empty=True),
        Column("minimum", "number", "Least of the figure over these runs", empty=True),
        Column("maximum", "number", "Largest of the figure over these runs", empty=True),
        Column("best", "number", "Figure of the best of these runs: the least of seconds, else the"
               " largest", empty=True),
        Column("points", "number", "How far the mean lies above what was published, in percentage"
               " points; none where they do not compare", empty=True),
        Column("outside", "boolean", "Whether what was published lies outside of minimum to"
               " maximum, shortened as the source does; none where nothing can be said",
               empty=True),
    ),
    key=("study", "row", "figure", "class_index"),
    read_study=_rows,
)  # fmt: skip


def as_objects(rows: Iterable[Row]) -> list[dict[str, object]]:
    """The rows as JSON has them."""
    return [
        {
            column.name: cell == "true" if column.type == "boolean" and cell is not None else cell
            for column, cell in zip(STUDY.columns, row, strict=True)
        }
        for row in rows
    ]
