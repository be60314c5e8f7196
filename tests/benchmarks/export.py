"""How long exports of a large history take, and how much memory: seconds, MB, rows a second.

Run it with ``python tests/benchmarks/export.py``: it writes runs with steps, epochs, evaluations,
classes and confusions into a temporary home, exports them in each format in a process of its own,
and counts what can be read back. Everything is compared with a plain `select *` of all tables.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cnnlab.config.run import RunConfig
from cnnlab.export.formats import export_format
from cnnlab.export.job import ExportJob
from cnnlab.history.connection import connect_for_writing, transaction
from cnnlab.history.queries import Reader
from cnnlab.home import Home

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
EPOCHS = 10
FINAL = [(split, kind) for split in ("train", "validation", "test") for kind in ("best", "last")]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
TABLES = (
    "runs", "epochs", "steps", "evaluations", "class_metrics", "confusion", "checkpoints", "tags",
    "notes", "interventions", "log",
)  # fmt: skip

Insert = tuple[str, list[tuple[Any, ...]]]


def fill(home: Home, count: int, steps: int) -> None:
    """Writes the runs straight into the tables, one transaction for all."""
    draw = random.Random(0)
    config = RunConfig.model_validate({"data": {"name": "cifar10"}, "model": {"name": "lenet"}})
    text = json.dumps(config.model_dump(mode="json"))
    with closing(connect_for_writing(home)) as db, transaction(db, home.history):
        for number in range(count):
            for statement, rows in written(number, steps, text, draw):
                db.conn.executemany(statement, rows)


def written(number: int, steps: int, config: str, draw: random.Random) -> Iterator[Insert]:
    """What a run leaves in the tables."""
    run_id = f"{number:08x}"
    at = (FIRST + timedelta(minutes=number)).isoformat(timespec="milliseconds")
    columns = (
        "id, name, status, preset, dataset, model, config, monitor, epochs_planned, host, pid,"
        " versions, created_at, started_at, ended_at, duration_s"
    )
    run = (
        run_id, f"lenet-{number}", "finished", "cifar10/lenet", "cifar10", "lenet", config,
        "validation_accuracy", EPOCHS, "here", 1, '{"torch": "2.15.0", "cnnlab": "1.0"}', at, at,
        at, draw.uniform(1, 9999),
    )  # fmt: skip
    yield _insert("runs", columns, 16), [run]
    yield (
        "insert into steps values (?, ?, ?, ?, ?, ?)",
        [
            (run_id, step, 1 + (step - 1) * EPOCHS // steps, draw.random(), draw.random(), 0.01)
            for step in range(1, steps + 1)
        ],
    )
    yield (
        "insert into epochs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (run_id, epoch, epoch * steps // EPOCHS, *(draw.random() for _ in range(4)), 0.01, 9.9,
             5000.0)
            for epoch in range(1, EPOCHS + 1)
        ],
    )  # fmt: skip
    yield from _evaluations(number, run_id, at, draw)
    saved = [
        (run_id, kind, EPOCHS, steps, f"/home/{run_id}/{kind}.pt", 10**6, "0" * 64, 0.5, at)
        for kind in ("best", "last")
    ]
    yield "insert into checkpoints values (?, ?, ?, ?, ?, ?, ?, ?, ?)", saved
    yield "insert into tags values (?, ?)", [(run_id, "paper")]
    yield _insert("log", "run_id, level, message, logged_at", 4), [(run_id, "info", "Done.", at)]


def _insert(table: str, columns: str, count: int) -> str:
    return f"insert into {table} ({columns}) values ({', '.join('?' * count)})"


def _evaluations(number: int, run_id: str, at: str, draw: random.Random) -> Iterator[Insert]:
    on_the_way = [("validation", None)] * EPOCHS
    kinds = [*on_the_way, *FINAL]
    first = number * len(kinds) + 1
    columns = (
        "id, run_id, split, checkpoint, epoch, step, loss, accuracy, precision_macro, recall_macro,"
        " f1_macro, evaluated_at"
    )
    figures = [draw.random() for _ in range(5)]
    yield (
        _insert("evaluations", columns, 12),
        [
            (first + place, run_id, split, kind, min(place + 1, EPOCHS), place + 1, *figures, at)
            for place, (split, kind) in enumerate(kinds)
        ],
    )
    yield (
        "insert into class_metrics values (?, ?, ?, ?, ?, ?, ?)",
        [
            (first + place, index, name, draw.random(), draw.random(), draw.random(), 1000)
            for place in range(len(kinds))
            for index, name in enumerate(CLASSES)
        ],
    )
    yield (
        "insert into confusion values (?, ?, ?, ?)",
        [
            (first + EPOCHS + place, truth, answer, draw.randrange(1, 900))
            for place in range(len(FINAL))
            for truth in range(10)
            for answer in range(10)
            if truth == answer or draw.random() < 0.5
        ],
    )


def read_all(home: Home) -> dict[str, int]:
    """Reads every row of the history, as SQLite gives them; returns how many there are."""
    with closing(sqlite3.connect(home.history)) as connection:
        return {
            table: sum(1 for _ in connection.execute(f"select * from {table}")) for table in TABLES
        }


def export(form: str, home: Home, path: Path) -> None:
    """Exports all runs of a home."""
    with Reader(home) as reader:
        ids = tuple(reader.run_ids())
    export_format(form).load()(ExportJob(home, ids), path)


def measured(work: Callable[..., object], arguments: tuple[object, ...]) -> tuple[float, float]:
    """Seconds and the peak of memory in MB; of this process, so it wants one of its own."""
    started = time.perf_counter()
    work(*arguments)
    seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def alone(work: Callable[..., object], *arguments: object) -> tuple[float, float]:
    """The same in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measured, (work, arguments))


def rows_in(form: str, path: Path) -> dict[str, int]:
    """The rows that can be read back from an export, by table."""
    if form == "csv":
        return {file.stem: _csv_rows(file) for file in path.glob("*.csv")}
    if form == "parquet":
        from pyarrow import parquet

        return {file.stem: parquet.read_metadata(file).num_rows for file in path.glob("*.parquet")}
    found = dict.fromkeys(TABLES, 0)
    for run in _runs_in(form, path):
        found["runs"] += 1
        found["steps"] += len(run["steps"]["step"])
        for key in ("epochs", "evaluations", "checkpoints", "tags", "notes", "log"):
            found[key] += len(run[key])
        found["interventions"] += len(run["interventions"])
        found["evaluations"] += len(run["validations"])
        for one in (*run["evaluations"], *run["validations"]):
            found["class_metrics"] += len(one["classes"])
            matrix = one.get("confusion", ())
            found["confusion"] += sum(images > 0 for row in matrix for images in row)
    return found


def _csv_rows(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def _runs_in(form: str, path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith('{"id"'):
                yield json.loads(line.rstrip(",\n") if form == "json" else line)


def size(path: Path) -> float:
    """MB of a file, or of all files in a folder."""
    files = path.glob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files) / 1e6


def main() -> None:
    """Prints one row a format."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--steps", type=int, default=200, help="of each run")
    parser.add_argument("--formats", nargs="+", default=["csv", "json", "jsonl", "parquet"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        fill(home, options.runs, options.steps)
        there = read_all(home)
        total = sum(there.values())
        words = ", ".join(f"{count:,} {table}" for table, count in there.items())
        print(f"{total:,} rows, {home.history.stat().st_size / 1e6:.0f} MB: {words}")
        print(
            f"{'':10}{'seconds':>9}{'of select *':>13}{'peak MB':>9}{'file MB':>9}{'read back':>12}"
        )
        plain, peak = alone(read_all, home)
        print(f"{'select *':10}{plain:9.1f}{1:13.1f}{peak:9.0f}")
        for form in options.formats:
            path = Path(folder) / f"export.{form}"
            seconds, peak = alone(export, form, home, path)
            found = rows_in(form, path)
            back = sum(found[table] for table in TABLES)
            print(
                f"{form:10}{seconds:9.1f}{seconds / plain:13.1f}{peak:9.0f}{size(path):9.0f}"
                f"{back:12,}{'' if back == total else '  NOT ALL'}"
            )


if __name__ == "__main__":
    main()
