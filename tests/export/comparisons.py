"""Runs with known figures, and the document of their comparison in parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from history.samples import STARTED, add_run, change, checkpoint, epoch, evaluated, record

from cnnlab.config.overrides import apply_settings
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.events import ClassMetrics, EpochFinished, Evaluation, RunFinished
from cnnlab.export.comparison_document import comparison_document
from cnnlab.export.document import Document, Figure, Table, Words
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_data import CurvesPlot
from cnnlab.history.queries import Reader
from cnnlab.home import Home

TABLES: dict[str, Any] = {
    "data": {"name": "mnist-5k"},
    "model": {"name": "lenet"},
    "optimizer": {"name": "sgd"},
}


def finished(
    home: Home, name: str, accuracy: float, *settings: str, epochs: int = 2, **row: Any
) -> str:
    """A run with known accuracies: of the test, of each class, and of each epoch."""
    config = validate(RunConfig, apply_settings(TABLES, settings)).model_dump(mode="json")
    add_run(home, name, **({"name": name, "config": config} | row))
    classes = tuple(
        ClassMetrics(each, accuracy, accuracy, accuracy + shift, 50)
        for each, shift in (("cat", 0.01), ("dog", -0.01))
    )
    result = Evaluation(
        1 - accuracy, accuracy, None, accuracy, accuracy, accuracy, classes, ((1, 0), (0, 1))
    )
    record(
        home,
        name,
        STARTED,
        *(course(number, accuracy) for number in range(1, epochs + 1)),
        checkpoint("best", 1),
        evaluated("test", "best", 8, result),
        RunFinished("done"),
    )
    return name


def course(number: int, accuracy: float) -> EpochFinished:
    reached = accuracy - 0.1 / number
    return EpochFinished(
        number, number * 4, 1 - reached, reached, 1.1 - reached, reached - 0.05, 0.01, 1.5, 266.7
    )


def imported(home: Home, name: str, *, validated: bool = True) -> str:
    """A run of curves alone."""
    add_run(home, name, name=name, config={}, model="", dataset="somewhere")
    epochs = [epoch(number) for number in (1, 2)]
    record(home, name, *epochs, RunFinished("imported"))
    change(home, "update runs set origin = 'csv', device = null where id = ?", [name])
    if not validated:
        change(
            home,
            "update epochs set validation_accuracy = null, validation_loss = null where run_id = ?",
            [name],
        )
    return name


def document(home: Home, ids: Sequence[str], **options: Any) -> Document:
    with Reader(home) as reader:
        return comparison_document(reader, ids, ExportOptions(), home=home, **options)


def blocks(found: Document, kind: type[Any]) -> list[Any]:
    return [
        block for section in found.sections for block in section.blocks if isinstance(block, kind)
    ]


def table(found: Document, title: str) -> Table:
    (one,) = [block for block in blocks(found, Table) if block.title == title]
    assert isinstance(one, Table)
    return one


def row(found: Table, name: str) -> list[str]:
    (one,) = [cells for cells in found.rows if cells[0].text == name]
    return [cell.text for cell in one[1:]]


def curves(found: Document) -> dict[str, CurvesPlot]:
    plots = [block.plot for block in blocks(found, Figure)]
    return {plot.name: plot for plot in plots if isinstance(plot, CurvesPlot)}


def heads(found: Table) -> list[str]:
    return [column.name for column in found.columns]


def said(found: Document) -> list[str]:
    """All that is told in words."""
    return [line for words in blocks(found, Words) for line in words.paragraphs]
