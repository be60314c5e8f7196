"""Tidy exports are complete, typed, and tell of one moment: written, and read back."""

from __future__ import annotations

import functools
import json
import math
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest
from export.tidy_exports import (
    FORMATS,
    UNTOLD,
    as_text,
    job_of,
    read_csv,
    read_json,
    read_jsonl,
    read_parquet,
    tables_in,
    with_one_of_each,
    with_whole_runs,
    write,
)
from history import samples
from pyarrow import parquet

from cnnlab.errors import ConfigError, HistoryError, StorageError
from cnnlab.export.job import ExportJob
from cnnlab.export.tidy.tables import TABLES
from cnnlab.export.writing import write_whole
from cnnlab.history.edits import add_note, delete_run
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.interchange.readers import ImportOptions, import_runs

INSIDE = {
    "runs.config": ("a config", '[{"deep": 0.125}]', 0.125),
    "runs.versions": ("a version",),
    "runs.git": ("a commit",),
}

POSITIONS = re.compile(r"(evaluations|notes|log|interventions)\.id|.*_index|.*\.evaluation_id")
"""What JSON tells by nesting, and by the order of lists."""


@pytest.fixture
def one_of_each(home: Home) -> dict[str, Any]:
    return with_one_of_each(home)


@pytest.fixture
def whole(home: Home) -> Home:
    return with_whole_runs(home)


def leaves(value: Any) -> Iterator[Any]:
    """All values in nested lists and tables."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def parts(home: Home, place: str, value: Any) -> tuple[Any, ...]:
    """What is exported of a value: a checkpoint with the path that it has in this home."""
    if place == "checkpoints.path":
        value = str(home.checkpoints("11111111") / value)
    return INSIDE.get(place, (value,))


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_each_column_of_the_history_is_in_a_table(
    home: Home, one_of_each: dict[str, Any], tmp_path: Path, form: str
) -> None:
    write(job_of(home, "11111111"), form, tmp_path / "out")
    tables = tables_in(tmp_path / "out")
    found = {as_text(cell) for cell in leaves([*tables.values()])}
    for place, value in one_of_each.items():
        for part in parts(home, place, value)[:2]:
            assert as_text(part) in found, f"{place} is not exported"
    assert tables["runs"][0]["git_modified"] in ("true", True)
    assert all(len(rows) == 1 for name, rows in tables.items() if name != "config")


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_each_column_of_the_history_is_in_the_json(
    home: Home, one_of_each: dict[str, Any], tmp_path: Path, form: str
) -> None:
    write(job_of(home, "11111111"), form, tmp_path / "out")
    read = {"json": read_json, "jsonl": read_jsonl}[form]
    runs = read(tmp_path / "out")
    found = list(leaves(runs))
    for place, value in one_of_each.items():
        if not POSITIONS.fullmatch(place):
            for part in parts(home, place, value):
                if not str(part).startswith("["):
                    assert part in found, f"{place} is not exported"


def delete(home: Home, run_id: str) -> None:
    with Reader(home) as reader:
        run = reader.run(run_id)
    delete_run(home, run)


def test_csv_and_parquet_say_the_same(whole: Home, tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        write(job_of(whole), form, tmp_path / form)
    written, typed = tables_in(tmp_path / "csv"), tables_in(tmp_path / "parquet")
    assert list(written) == list(typed) == sorted(TABLES)
    for name, rows in typed.items():
        assert written[name] == [
            {column: as_text(cell) for column, cell in row.items()} for row in rows
        ]


def test_the_tables_hold_every_row_of_the_history(whole: Home, tmp_path: Path) -> None:
    write(job_of(whole), "csv", tmp_path / "out")
    tables = tables_in(tmp_path / "out")
    for name, count in samples.counts(whole).items():
        if name not in UNTOLD:
            assert len(tables[name]) == count, name
    package = json.loads((tmp_path / "out" / "datapackage.json").read_text("utf-8"))
    assert {each["name"]: each["rows"] for each in package["resources"]} == {
        name: len(rows) for name, rows in tables.items()
    }


@pytest.mark.parametrize("form", FORMATS)
def test_checkpoints_lie_in_this_home_wherever_they_were_written(
    whole: Home, tmp_path: Path, form: str
) -> None:
    samples.change(whole, "update checkpoints set path = '/gone/' || path")
    write(job_of(whole, "00000002"), form, tmp_path / "out")
    if form in ("csv", "parquet"):
        rows = tables_in(tmp_path / "out")["checkpoints"]
    else:
        read = {"json": read_json, "jsonl": read_jsonl}[form]
        (run,) = read(tmp_path / "out")
        rows = run["checkpoints"]
    folder = whole.checkpoints("00000002")
    assert [row["path"] for row in rows] == [str(folder / f"{row['kind']}-2.pt") for row in rows]
    assert len(rows) == 2


def test_what_an_evaluation_is_of(whole: Home, tmp_path: Path) -> None:
    write(job_of(whole, "00000002", tables=("evaluations",)), "csv", tmp_path / "out.csv")
    rows = read_csv(tmp_path / "out.csv")
    told = [(row["stage"], row["dataset"], row["split"], row["checkpoint"]) for row in rows]
    assert told == [
        ("during", "mnist-5k", "validation", ""),
        ("during", "mnist-5k", "validation", ""),
        ("end", "mnist-5k", "test", "best"),
        ("end", "mnist-5k", "train", "best"),
        ("end", "mnist-5k", "test", "last"),
        ("after", "usps", "train", "best"),
    ]


def test_confusions_name_their_classes_and_leave_out_what_never_was(
    whole: Home, tmp_path: Path
) -> None:
    write(job_of(whole, "00000001", tables=("confusion",)), "csv", tmp_path / "out.csv")
    rows = [row for row in read_csv(tmp_path / "out.csv") if row["checkpoint"] == "last"]
    pairs = [(row["true_class"], row["predicted_class"], row["images"]) for row in rows]
    assert pairs == [
        ("cat", "cat", "27"), ("cat", "dog", "3"), ("dog", "dog", "27"), ("dog", "owl", "3"),
        ("owl", "cat", "3"), ("owl", "owl", "27"),
    ]  # fmt: skip


def test_a_config_in_rows_tells_types_apart(home: Home, tmp_path: Path) -> None:
    config = {
        "optimizer": {"lr": 1e-05, "betas": [0.9, 0.999], "name": "0.1", "nesterov": False},
        "training": {"epochs": 3, "limit": None, "more": {}},
    }
    samples.add_run(home, "00000001", config=config)
    write(job_of(home, tables=("config",)), "parquet", tmp_path / "out.parquet")
    told = [
        (row["field"], row["type"], row["value"]) for row in read_parquet(tmp_path / "out.parquet")
    ]
    assert told == [
        ("optimizer.lr", "number", "1e-05"),
        ("optimizer.betas", "list", "[0.9, 0.999]"),
        ("optimizer.name", "text", "0.1"),
        ("optimizer.nesterov", "boolean", "false"),
        ("training.epochs", "integer", "3"),
        ("training.limit", "null", None),
        ("training.more", "table", "{}"),
    ]


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "parquet"])
def test_runs_keep_the_order_in_which_they_were_asked_for(
    whole: Home, tmp_path: Path, form: str
) -> None:
    job = job_of(whole, "00000003", "00000001", "00000002", "00000001")
    write(job, form, tmp_path / "out")
    if form in ("json", "jsonl"):
        runs = {"json": read_json, "jsonl": read_jsonl}[form](tmp_path / "out")
        assert [run["id"] for run in runs] == ["00000003", "00000001", "00000002"]
        return
    tables = tables_in(tmp_path / "out")
    assert [run["run_id"] for run in tables["runs"]] == ["00000003", "00000001", "00000002"]
    steps = [(row["run_id"], int(row["step"])) for row in tables["steps"]]
    assert steps == [(run, step) for run in ("00000001", "00000002") for step in range(1, 9)]


@pytest.mark.parametrize("form", FORMATS)
def test_a_run_that_was_deleted_meanwhile_is_told_and_left_out(
    whole: Home, tmp_path: Path, form: str
) -> None:
    job = job_of(whole)
    delete(whole, "00000001")
    told = write(job, form, tmp_path / "out")
    assert told[0] == "1 run was deleted meanwhile and left out."
    text = "".join(
        path.read_bytes().decode("latin-1")
        for path in [tmp_path / "out", *tmp_path.rglob("*.*")]
        if path.is_file()
    )
    assert "00000002" in text
    assert "00000001" not in text


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_is_of_one_moment_while_the_history_goes_on(
    whole: Home, tmp_path: Path, form: str
) -> None:
    job = job_of(whole)
    changed = []

    def change(*_: object) -> None:
        """Another process writes and deletes, as soon as the export is under way."""
        if not changed:
            delete(whole, "00000001")
            add_note(whole, "00000002", "written meanwhile")
            changed.append(True)

    write(job, form, tmp_path / "before")
    write(ExportJob(job.home, job.run_ids, progress=change), form, tmp_path / "meanwhile")
    assert changed
    for path in [tmp_path / "before", *(tmp_path / "before").glob("*")]:
        other = tmp_path / "meanwhile" / path.relative_to(tmp_path / "before")
        if path.is_file() and path.name != "datapackage.json":
            assert _without_time(other.read_bytes()) == _without_time(path.read_bytes())


def _without_time(content: bytes) -> bytes:
    return re.sub(rb'"exported_at":"[^"]*"', b"", content)


def test_no_runs_are_tables_without_rows(home: Home, tmp_path: Path) -> None:
    for form in FORMATS:
        assert write(ExportJob(home, ()), form, tmp_path / form) in (
            [], ["datapackage.json says what the columns mean."],
        )  # fmt: skip
    assert read_json(tmp_path / "json") == read_jsonl(tmp_path / "jsonl") == []
    for form in ("csv", "parquet"):
        assert tables_in(tmp_path / form) == {name: [] for name in sorted(TABLES)}
    header = parquet.read_schema(tmp_path / "parquet" / "runs.parquet").names
    assert header == list(TABLES["runs"].header)
    assert not home.root.exists()


# Choosing tables


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_one_table_is_a_file_and_several_are_a_folder(
    whole: Home, tmp_path: Path, form: str
) -> None:
    write(job_of(whole, tables=("tags",)), form, tmp_path / "one")
    read = read_csv if form == "csv" else read_parquet
    assert read(tmp_path / "one") == [
        {"run_id": run, "tag": tag} for run in ("00000001", "00000002") for tag in ("a", "b")
    ]
    write(job_of(whole, tables=("tags", "runs")), form, tmp_path / "two")
    assert list(tables_in(tmp_path / "two")) == ["runs", "tags"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_unknown_table_names_the_nearest_and_makes_nothing(
    whole: Home, tmp_path: Path, form: str
) -> None:
    with pytest.raises(ConfigError, match=r"Unknown table 'epoch'.*'epochs'"):
        write(job_of(whole, tables=("runs", "epoch")), form, tmp_path / "out")
    assert not list((tmp_path).glob("out*"))


# Numbers and times


def test_numbers_come_back_as_they_were(home: Home, tmp_path: Path) -> None:
    losses = (0.1 + 0.2, 1e-300, math.pi, math.inf, -math.inf, math.nan, 123456789.123456789)
    samples.add_run(home, "00000001")
    samples.record(home, "00000001", samples.STARTED, samples.steps(1, losses))
    expected = [None if math.isnan(loss) else loss for loss in losses]
    for form in FORMATS:
        write(job_of(home, tables=("steps",)), form, tmp_path / form)
    typed = [row["loss"] for row in read_parquet(tmp_path / "parquet")]
    assert typed == expected
    frame = pandas.read_csv(tmp_path / "csv", dtype={"run_id": str})
    assert [None if math.isnan(loss) else loss for loss in frame["loss"]] == expected
    assert frame["run_id"].unique().tolist() == ["00000001"]
    finite = [None if loss is None or math.isinf(loss) else loss for loss in expected]
    for run in (*read_json(tmp_path / "json"), *read_jsonl(tmp_path / "jsonl")):
        assert run["steps"]["loss"] == finite
        assert run["steps"]["step"] == [1, 2, 3, 4, 5, 6, 7]


def test_what_imported_curves_do_not_tell_is_empty(home: Home, tmp_path: Path) -> None:
    (tmp_path / "curves.csv").write_text("epoch,step,loss,val_loss\n1,1,2,\n1,2,1,3\n")
    import_runs(home, [tmp_path / "curves.csv"], ImportOptions())
    for form in ("csv", "json", "parquet"):
        write(job_of(home), form, tmp_path / form)
    frames = {form: tables_in(tmp_path / form) for form in ("csv", "parquet")}
    (run,) = read_json(tmp_path / "json")
    (epoch,) = run["epochs"]
    unknown = ("lr", "seconds", "images_per_second")
    assert [epoch[name] for name in unknown] == [None] * 3
    assert run["steps"]["lr"] == [None, None]
    package = json.loads((tmp_path / "csv" / "datapackage.json").read_text("utf-8"))
    fields = {
        (table["name"], one["name"]): one
        for table in package["resources"]
        for one in table["schema"]["fields"]
    }
    for table, name in (*(("epochs", name) for name in unknown), ("steps", "lr")):
        assert {row[name] for row in frames["csv"][table]} == {""}
        assert {row[name] for row in frames["parquet"][table]} == {None}
        assert not fields[table, name].get("constraints", {}).get("required")
        assert parquet.read_schema(tmp_path / "parquet" / f"{table}.parquet").field(name).nullable


def test_parquet_knows_types_units_and_meanings(whole: Home, tmp_path: Path) -> None:
    write(job_of(whole), "parquet", tmp_path / "out")
    for name, table in TABLES.items():
        schema = parquet.read_schema(tmp_path / "out" / f"{name}.parquet")
        assert schema.names == list(table.header)
        for column in table.columns:
            assert schema.field(column.name).metadata[b"meaning"].decode() == column.meaning
    schema = parquet.read_schema(tmp_path / "out" / "runs.parquet")
    assert str(schema.field("created_at").type) == "timestamp[ms, tz=UTC]"
    assert str(schema.field("git_modified").type) == "bool"
    assert schema.field("duration_s").metadata[b"unit"] == b"s"


def test_a_full_disk_is_told_and_nothing_half_stays(home: Home, tiny_disk: Path) -> None:
    draw = random.Random(0)
    samples.add_run(home, "00000001")
    losses = [draw.random() for _ in range(150_000)]
    samples.record(home, "00000001", samples.STARTED, samples.steps(1, losses))
    for form in FORMATS:
        with pytest.raises(StorageError, match=r"cannot be written: No space left.*Free some"):
            write_whole(tiny_disk / form, functools.partial(write, job_of(home), form))
        assert not list(tiny_disk.iterdir())


def test_a_damaged_time_is_a_sentence(whole: Home, tmp_path: Path) -> None:
    samples.change(whole, "update notes set written_at = 'yesterday'")
    with pytest.raises(HistoryError, match=r"is damaged \(written_at: .*'yesterday'"):
        write(job_of(whole), "parquet", tmp_path / "out")


@pytest.mark.parametrize("form", FORMATS)
def test_a_damaged_config_is_a_sentence(whole: Home, tmp_path: Path, form: str) -> None:
    samples.change(whole, "update runs set config = '[1' where id = '00000002'")
    with pytest.raises(HistoryError, match="is damaged"):
        write(job_of(whole), form, tmp_path / "out")


def test_the_datapackage_describes_what_the_files_hold(whole: Home, tmp_path: Path) -> None:
    write(job_of(whole), "csv", tmp_path / "out")
    package = json.loads((tmp_path / "out" / "datapackage.json").read_text("utf-8"))
    for resource in package["resources"]:
        rows = read_csv(tmp_path / "out" / resource["path"])
        fields = resource["schema"]["fields"]
        key = resource["schema"]["primaryKey"]
        assert len({tuple(row[name] for name in key) for row in rows}) == len(rows)
        for field in fields:
            limits = field.get("constraints", {})
            for row in rows:
                cell = row[field["name"]]
                assert cell or not limits.get("required"), (resource["name"], field)
                assert not cell or cell in limits.get("enum", [cell])
