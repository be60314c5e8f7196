"""Steps and times that nobody told of imported curves are empty wherever the run is written."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from export.tidy_exports import FORMATS, job_of, read_csv, write
from jsonschema import Draft202012Validator
from pyarrow import parquet

from cnnlab.analysis.curves import read_series
from cnnlab.export.comparison_document import comparison_document
from cnnlab.export.document import Figure, Words
from cnnlab.export.job import ExportOptions
from cnnlab.export.run_document import run_document
from cnnlab.export.run_json import run_as_json
from cnnlab.export.run_words import created_words, run_words
from cnnlab.export.tidy.json_schema import export_schema
from cnnlab.history.origins import COUNTS_EPOCHS_ALONE, IS_DATED, counts_epochs_alone, is_dated
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.interchange.readers import ImportOptions, import_runs

KERAS = "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.5,1.5,0.25,1.75\n1,0.75,0.5,0.5,0.75\n"
WHOLE = (
    "epoch,train_loss,val_loss,val_accuracy,val_precision,val_recall,val_f1\n"
    "1,1.5,1.6,0.5,0.5,0.5,0.5\n2,1.0,1.1,0.6,0.6,0.6,0.6\n"
)
STEPS = "epoch,step,train_loss,val_loss\n1,10,1.5,\n1,20,1.0,1.1\n2,30,0.9,\n2,40,0.8,0.9\n"
TIMED = "epoch,wall_time,train_loss\n1,1600000000,1.5\n2,1600000060,1.0\n"
OF_STEPS = {"step", "best_step", "steps_per_epoch"}
OF_TIMES = {"started_at", "ended_at", "evaluated_at"}
WRITTEN = datetime(2019, 3, 1, 10, tzinfo=UTC)


@pytest.fixture
def brought(home: Home, tmp_path: Path):
    """Imports a text as the file `name`.csv of 2019, and returns the id of the run."""

    def bring(text: str, name: str = "keras") -> str:
        path = tmp_path / f"{name}.csv"
        path.write_text(text)
        os.utime(path, (WRITTEN.timestamp(),) * 2)
        (arrival,) = import_runs(home, [path], ImportOptions())
        return arrival.written.id

    return bring


def values(found: Any, names: set[str]) -> list[Any]:
    """The values of all keys of these names, wherever they are."""
    if isinstance(found, dict):
        own = [value for key, value in found.items() if key in names]
        return [*own, *(one for value in found.values() for one in values(value, names))]
    return [one for value in found for one in values(value, names)] if type(found) is list else []


def texts(document: Any) -> list[str]:
    return [
        text
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Words)
        for text in block.paragraphs
    ]


# Steps


@pytest.mark.parametrize("text", [KERAS, WHOLE], ids=["keras", "whole validations"])
def test_steps_are_null_in_json(home: Home, brought: Any, text: str) -> None:
    run_id = brought(text)
    with Reader(home) as reader:
        for whole in (False, True):
            run = run_as_json(reader, reader.run(run_id), whole=whole)
            run.pop("steps", None)
            found = values(run, OF_STEPS)
            assert len(found) == 4 + len(run["validations"])
            assert set(found) == {None}
            assert run["best_epoch"] == 2
            assert [one["epoch"] for one in run["epochs"]] == [1, 2]


@pytest.mark.parametrize("name", FORMATS)
def test_steps_are_empty_in_every_format(
    home: Home, brought: Any, tmp_path: Path, name: str
) -> None:
    brought(WHOLE)
    target = tmp_path / "export"
    write(job_of(home), name, target)
    if name.startswith("json"):
        exported = json.loads(target.read_text())
        runs = exported["runs"] if name == "json" else [exported]
        (run,) = runs
        of_run = {"$ref": "#/$defs/run", "$defs": export_schema()["$defs"]}
        Draft202012Validator(of_run).validate(run)
        assert run.pop("steps")["step"] == []
        assert set(values(run, OF_STEPS | OF_TIMES)) == {None}
        return
    tables: dict[str, list[dict[str, Any]]] = {}
    for table in ("runs", "epochs", "evaluations"):
        path = target / f"{table}.{name}"
        tables[table] = read_csv(path) if name == "csv" else parquet.read_table(path).to_pylist()
    found = values(list(tables.values()), OF_STEPS | OF_TIMES)
    assert len(found) == 4 + 2 + 4
    assert set(found) <= {"", None}


def test_a_table_of_epochs_comes_back_as_the_same_run(
    home: Home, brought: Any, tmp_path: Path
) -> None:
    run_id = brought(KERAS)
    there = Home(tmp_path / "there")
    write(job_of(home, tables=("epochs",)), "csv", tmp_path / "epochs.csv")
    write(job_of(home), "archive", tmp_path / "x.zip")
    for file in ("epochs.csv", "x.zip"):
        (arrival,) = import_runs(there, [tmp_path / file], ImportOptions())
        assert arrival.written.id == run_id
        with Reader(there) as reader:
            assert counts_epochs_alone(reader.run(run_id))
            assert not is_dated(reader.run(run_id))


def test_steps_that_were_told_are_kept(home: Home, brought: Any) -> None:
    run_id = brought(STEPS)
    with Reader(home) as reader:
        run = run_as_json(reader, reader.run(run_id))
        assert (run["steps_per_epoch"], run["best_step"]) == (20, 40)
        assert [one["step"] for one in run["epochs"]] == [20, 40]
        assert read_series(reader, run_id).curves("loss", "step")


def test_epochs_of_a_single_step_that_was_logged_keep_it(home: Home, brought: Any) -> None:
    run_id = brought("step,epoch,train_loss_step,val_loss\n1,1,1.5,1.6\n2,2,1.0,1.1\n3,3,0.9,1\n")
    with Reader(home) as reader:
        assert len(reader.step_columns(run_id).steps) == 3
        run = run_as_json(reader, reader.run(run_id))
        assert [one["step"] for one in run["epochs"]] == [1, 2, 3]
        assert run["best_step"] == 3


@pytest.mark.parametrize(("by", "axis"), [("step", "steps"), ("time", "times")])
def test_a_report_says_what_nobody_told_instead_of_curves(
    home: Home, brought: Any, by: str, axis: str
) -> None:
    ids = [brought(KERAS, "one"), brought(KERAS.replace("0.25", "0.3"), "two")]
    told = f"No {axis} were imported with these curves: draw them by epoch."
    options = ExportOptions(by=by)
    with Reader(home) as reader:
        single = run_document(reader, reader.run(ids[0]), options)
        several = comparison_document(reader, ids, options)
    for document in (single, several):
        assert told in texts(document)
        blocks = [block for section in document.sections for block in section.blocks]
        assert not [one for one in blocks if isinstance(one, Figure) and "by" in one.caption]


def test_of_several_runs_those_without_steps_are_told(home: Home, brought: Any) -> None:
    ids = [brought(STEPS, "one"), brought(KERAS, "two")]
    with Reader(home) as reader:
        document = comparison_document(reader, ids, ExportOptions(by="step"))
    captions = [
        block.caption
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Figure)
    ]
    assert any("the others have no validation loss by step" in one for one in captions)


# Times


def test_the_time_of_a_file_is_no_start(home: Home, brought: Any) -> None:
    run_id = brought(WHOLE)
    with Reader(home) as reader:
        run = reader.run(run_id)
        found = run_as_json(reader, run, whole=True)
        words = dict(run_words(run, reader.epochs([run_id])[run_id]))
    assert set(values(found, OF_TIMES)) == {None}
    assert found["created_at"] == "2019-03-01T10:00:00.000+00:00"
    day = WRITTEN.astimezone().strftime("%Y-%m-%d %H:%M")
    assert words["started"] == ""
    assert words["origin"] == f"imported from CSV: curves only, file of {day}"
    assert created_words(run) == f"file of {day}"
    assert created_words(run, short=True) == f"file of {day[:10]}"


def test_seconds_of_epochs_are_told_without_a_start(home: Home, brought: Any) -> None:
    run_id = brought("epoch,train_loss,seconds\n1,1.5,12\n2,1.0,14\n")
    with Reader(home) as reader:
        words = dict(run_words(reader.run(run_id), reader.epochs([run_id])[run_id]))
    assert (words["started"], words["time"]) == ("", "13 s an epoch")


def test_times_that_the_rows_tell_are_kept(home: Home, brought: Any) -> None:
    run_id = brought(TIMED)
    with Reader(home) as reader:
        run = reader.run(run_id)
        words = dict(run_words(run, reader.epochs([run_id])[run_id]))
    assert is_dated(run)
    assert run.started_at == "2020-09-13T12:26:40.000+00:00"
    assert run.ended_at == "2020-09-13T12:27:40.000+00:00"
    assert words["started"].endswith("took 1 m 00 s, 1 m 00 s an epoch")


# What SQL and Python tell


def test_sql_tells_the_same_of_every_run(home: Home, brought: Any) -> None:
    from history.samples import add_run, life, record

    add_run(home, "aaaa0001")
    record(home, "aaaa0001", *life())
    add_run(home, "aaaa0002")
    for number, text in enumerate((KERAS, WHOLE, STEPS, TIMED)):
        brought(text, f"file{number}")
    with Reader(home) as reader:
        rows = reader.stream(f"select id, {COUNTS_EPOCHS_ALONE}, {IS_DATED} from runs", [])
        by_sql = {row[0]: (bool(row[1]), bool(row[2])) for row in rows}
        runs = reader.runs()
    assert by_sql == {run.id: (counts_epochs_alone(run), is_dated(run)) for run in runs}
    assert len(set(by_sql.values())) == 4
