"""Exports of a home, and what their readers read in them."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from history import samples
from pyarrow import parquet

from cnnlab.export.formats import export_format
from cnnlab.export.job import ExportJob, ExportOptions
from cnnlab.history.connection import connect_for_writing
from cnnlab.history.queries import Reader
from cnnlab.home import Home

Tables = dict[str, list[dict[str, Any]]]

FIXED = {
    "runs.id": "11111111",
    "runs.status": "finished",
    "runs.origin": "archive",
    "runs.config": '{"optimizer": {"name": "a config"}, "augmentation": [{"deep": 0.125}]}',
    "runs.versions": '{"torch": "a version"}',
    "runs.git": '{"commit": "a commit", "modified": true}',
    "evaluations.id": 77,
    "evaluations.split": "validation",
    "evaluations.checkpoint": "last",
    "class_metrics.class_index": 0,
    "confusion.true_index": 0,
    "confusion.predicted_index": 0,
    "checkpoints.kind": "previous",
    "log.level": "warning",
    "interventions.kind": "scale_lr",
}
"""What the history allows where it allows few values, or keeps tables in a text."""

UNTOLD = ("commands",)
"""What came of commands are the interventions."""

FORMATS = ("csv", "json", "jsonl", "parquet")


def job_of(home: Home, *run_ids: str, tables: tuple[str, ...] = ()) -> ExportJob:
    """The export of these runs, or of all of them, the oldest first."""
    with Reader(home) as reader:
        chosen = run_ids or tuple(reader.run_ids(ascending=True))
    return ExportJob(home, chosen, options=ExportOptions(tables=tables))


def write(job: ExportJob, format_name: str, path: Path) -> list[str]:
    return export_format(format_name).load()(job, path)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def read_parquet(path: Path) -> list[dict[str, Any]]:
    return parquet.read_table(path).to_pylist()


def read_json(path: Path) -> list[dict[str, Any]]:
    document = json.loads(path.read_text("utf-8"), parse_constant=pytest.fail)
    assert list(document) == ["cnnlab", "schema", "exported_at", "study", "runs"]
    return document["runs"]


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text("utf-8").split("\n")
    assert lines.pop() == ""
    return [json.loads(line, parse_constant=pytest.fail) for line in lines]


def tables_in(folder: Path) -> Tables:
    """The tables in a folder of CSV or Parquet, by their names."""
    read = {".csv": read_csv, ".parquet": read_parquet}
    found = sorted(path for path in folder.iterdir() if path.suffix in read)
    return {path.stem: read[path.suffix](path) for path in found}


def as_text(cell: Any) -> str:
    """A cell of Parquet as CSV has it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if hasattr(cell, "isoformat"):
        return cell.isoformat(timespec="milliseconds")
    return cell if isinstance(cell, str) else repr(cell)


def with_whole_runs(home: Home) -> Home:
    """Two whole runs, of which one was evaluated later, and one that waits."""
    for run_id in ("00000001", "00000002"):
        samples.add_run(home, run_id, name=f"run {run_id}", tags=["b", "a"], note="a word")
        samples.record(home, run_id, *samples.life())
    samples.add_run(home, "00000003")
    later = "insert into evaluations select null, run_id, split, checkpoint, epoch, step, loss"
    rest = "accuracy, top5_accuracy, precision_macro, recall_macro, f1_macro, evaluated_at, 'usps'"
    samples.change(
        home, f"{later}, {rest} from evaluations where run_id = '00000002' and split = 'train'"
    )
    return home


def with_one_of_each(home: Home) -> dict[str, Any]:
    """A history with one row in each table, and a value of its own in each column."""
    connect_for_writing(home).close()
    values: dict[str, Any] = {}
    with closing(sqlite3.connect(home.history)) as connection, connection:
        listed = "select name from sqlite_master where type = 'table' and name not like '\\_%'"
        names = [row[0] for row in connection.execute(f"{listed} escape '\\' order by rowid")]
        for table in names:
            if table in UNTOLD or table.startswith("sqlite"):
                continue
            columns = connection.execute(f"pragma table_info({table})").fetchall()
            row = {name: value_of(table, name, kind) for _, name, kind, *_ in columns}
            marks = ", ".join("?" * len(row))
            connection.execute(
                f"insert into {table} ({', '.join(row)}) values ({marks})", [*row.values()]
            )
            values |= {f"{table}.{name}": value for name, value in row.items()}
    return values


def value_of(table: str, column: str, kind: str) -> Any:
    """A value that no other column has."""
    place = f"{table}.{column}"
    number = sum(place.encode()) * 1000 + len(place)
    if place in FIXED:
        return FIXED[place]
    if column in ("run_id", "evaluation_id"):
        return FIXED["runs.id" if column == "run_id" else "evaluations.id"]
    if column.endswith("_at"):
        return (
            f"2031-01-01T{number % 24:02}:{number % 60:02}:{number % 59:02}.{number % 999:03}+00:00"
        )
    return {"TEXT": f"the {place}", "INTEGER": number, "REAL": number + 0.5}[kind]
