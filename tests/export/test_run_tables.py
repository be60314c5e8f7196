"""The tables of a run: what stands in which column."""

from __future__ import annotations

import dataclasses

import pytest
from history.samples import add_run, change, evaluated, evaluation, life, record

from cnnlab.events import Evaluation, RunFinished
from cnnlab.export.document import Table
from cnnlab.export.run_tables import (
    checkpoints_table,
    classes_table,
    evaluations_table,
    later_evaluations_table,
)
from cnnlab.history.queries import Reader
from cnnlab.history.records import evaluation_of
from cnnlab.home import Home


@pytest.fixture
def run(home: Home) -> str:
    """A run whose figures all differ from each other."""
    add_run(home, "r1")
    like = evaluation()
    one, *others = like.classes
    first = dataclasses.replace(one, precision=0.1, recall=0.2, f1=0.3, support=1_234)
    result = Evaluation(0.11, 0.22, 0.33, 0.44, 0.55, 0.66, (first, *others), like.confusion)
    record(home, "r1", *life()[:-4], evaluated("test", "best", 8, result), RunFinished("done"))
    return "r1"


def lines(table: Table) -> list[dict[str, str]]:
    """The rows by the names of their columns."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, (cell.text for cell in row), strict=True)) for row in table.rows]


def test_classes_end_with_their_macro_averages_as_a_summary(home: Home, run: str) -> None:
    with Reader(home) as reader:
        test = evaluation_of(reader.final_evaluations([run])[run], "test", "best")
    assert test is not None
    table = classes_table(test)
    first, *_, last = lines(table)
    assert first == {
        "class": "cat", "precision": "0.1000", "recall": "0.2000", "F1": "0.3000",
        "support": "1,234",
    }  # fmt: skip
    assert last == {
        "class": "macro average", "precision": "0.4400", "recall": "0.5500", "F1": "0.6600",
        "support": "1,294",
    }  # fmt: skip
    assert [all(cell.summary for cell in row) for row in table.rows] == [False] * 3 + [True]


def test_evaluations_have_their_figures_and_those_made_later_also_their_images(
    home: Home, run: str
) -> None:
    figures = {
        "accuracy": "0.2200", "top-5": "0.3300", "precision": "0.4400", "recall": "0.5500",
        "F1": "0.6600", "loss": "0.1100",
    }  # fmt: skip
    with Reader(home) as reader:
        own = evaluations_table(reader.final_evaluations([run])[run])
    assert lines(own) == [{"checkpoint": "best, epoch 2", "split": "test", **figures}]
    change(home, "update evaluations set dataset = 'other' where checkpoint is not null")
    with Reader(home) as reader:
        (found,) = lines(later_evaluations_table(reader.later_evaluations([run])[run]))
    assert found.pop("evaluated").startswith("20")
    assert found == {"images": "other, test", "checkpoint": "best", "epoch": "2", **figures}


def test_checkpoints_go_by_the_names_of_their_files(home: Home, run: str) -> None:
    with Reader(home) as reader:
        kept = reader.checkpoints([run])[run]
    expected = {
        "kind": "best", "epoch": "2", "step": "8", "monitored": "0.8000", "size": "1.0 kB",
        "file": "best-2.pt",
    }  # fmt: skip
    assert lines(checkpoints_table(kept))[0] == expected
    assert lines(checkpoints_table(kept, sums=True))[0] == {**expected, "sha256": "0" * 12}
