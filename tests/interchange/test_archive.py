"""An archive holds all of a run, and gives it back on another machine as it was."""

from __future__ import annotations

import json
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from execution.conftest import recorded
from history import samples
from history.samples import TABLES, add_run, record
from interchange.archives import add_whole_run, bring, rewrite, write
from waiting import SECONDS, wait_until

from cnnlab.history import connection
from cnnlab.history.queries import Reader
from cnnlab.history.repair import problems
from cnnlab.history.salvage import shapes
from cnnlab.home import Home

HOSTILE = "a,b \"c\" & _d \\ 'e' é 🦉 \n \x1b[31m \u2028 \x00 end"


def content(home: Home, run_id: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of a run by its table; numbers that SQLite gave are counted anew."""
    found: dict[str, list[dict[str, Any]]] = {}
    with closing(sqlite3.connect(home.history)) as db:
        db.row_factory = sqlite3.Row
        numbers = [row[0] for row in db.execute(
            "select id from evaluations where run_id = ? order by id", [run_id])]  # fmt: skip
        for shape in shapes(db):
            among = "run_id = ?1" if "run_id" in shape.columns else "id = ?1"
            if "evaluation_id" in shape.columns:
                among = "evaluation_id in (select id from evaluations where run_id = ?1)"
            order = "rowid" if shape.has_rowid else ", ".join(shape.columns[:3])
            rows = db.execute(
                f"select * from {shape.table} where {among} order by {order}", [run_id]
            )
            found[shape.table] = [dict(row) for row in rows]
    for table, rows_of in found.items():
        for place, row in enumerate(rows_of):
            if "evaluation_id" in row:
                row["evaluation_id"] = numbers.index(row["evaluation_id"])
            elif table != "runs" and "id" in row:
                row["id"] = place
    return found


def fill_every_column(home: Home) -> None:
    """Gives a value to whatever is null."""
    with closing(sqlite3.connect(home.history)) as db, db:
        for shape in shapes(db):
            for name, kind in zip(shape.columns, shape.types, strict=True):
                value: object = {"TEXT": HOSTILE, "INTEGER": 7, "REAL": float("inf")}[kind]
                if name.endswith("_at"):
                    value = "2026-01-02T03:04:05.678+00:00"
                if name in ("versions", "git", "config"):
                    value = json.dumps({"commit": HOSTILE})
                if name in ("origin", "checkpoint", "trashed_at"):
                    continue
                db.execute(f"update {shape.table} set {name} = ? where {name} is null", [value])


def test_every_row_and_column_of_the_history_comes_back(
    home: Home, other: Home, tmp_path: Path
) -> None:
    add_run(other, "ffff0001")
    record(other, "ffff0001", *samples.life())
    add_whole_run(home, "aaaa0001", name=HOSTILE, tags=[HOSTILE, "b"], note=HOSTILE)
    samples.command(home, "aaaa0001")
    record(
        home,
        "aaaa0001",
        samples.evaluated("validation", None, 4, samples.evaluation([HOSTILE, "\n", "é"])),
    )
    fill_every_column(home)
    before = content(home, "aaaa0001")
    assert set(before) == set(TABLES), "a new table is archived, or left out for a reason"
    assert all(before.values()), "every table has rows"
    assert write(home, tmp_path / "x.zip", "aaaa0001") == []
    bring(other, tmp_path / "x.zip")
    after = content(other, "aaaa0001")
    for table, rows in before.items():
        for row, arrived in zip(rows, after[table], strict=True):
            expected = dict(row)
            if table == "runs":
                expected["origin"] = "archive"
            if table == "checkpoints":
                expected["path"] = str(other.checkpoints("aaaa0001") / Path(row["path"]).name)
            assert arrived == expected, table
    assert problems(other) == []
    for name in ("run.log", "checkpoints/best-epoch0002-step0000008.pt"):
        there, here = (one.run_folder("aaaa0001") / name for one in (home, other))
        assert there.read_bytes() == here.read_bytes()
        assert stat.S_IMODE(here.stat().st_mode) == 0o600
    assert stat.S_IMODE(other.checkpoints("aaaa0001").stat().st_mode) == 0o700


def test_several_runs_come_in_one_archive_and_once(home: Home, other: Home, tmp_path: Path) -> None:
    for run_id in ("aaaa0001", "aaaa0002", "aaaa0003"):
        add_whole_run(home, run_id)
    path = tmp_path / "x.zip"
    write(home, path, "aaaa0002", "aaaa0001")
    first = bring(other, path, tags=("moved",))
    assert [one.written.id for one in first] == ["aaaa0001", "aaaa0002"]
    with Reader(other) as reader:
        assert {run.id: run.tags for run in reader.runs()} == dict.fromkeys(
            ["aaaa0001", "aaaa0002"], ("moved",)
        )
    before = samples.counts(other)
    assert not any(one.written.is_new for one in bring(other, path))
    assert samples.counts(other) == before
    assert not any(one.written.is_new for one in bring(home, path)), "where it comes from"


@pytest.mark.parametrize("asked", ["newest first", "oldest first", "mixed"])
def test_runs_of_one_moment_keep_their_order(
    home: Home, other: Home, tmp_path: Path, asked: str
) -> None:
    for run_id in ("cccc0001", "aaaa0001", "dddd0001", "bbbb0001"):
        add_run(home, run_id)
    samples.change(home, "update runs set created_at = '2026-01-02T03:04:05.678+00:00'")
    with Reader(home) as reader:
        ids, latest = reader.run_ids(), reader.resolve("latest")
    assert latest == "bbbb0001"
    named = {"newest first": ids, "oldest first": ids[::-1], "mixed": sorted(ids)}[asked]
    write(home, tmp_path / "x.zip", *named)
    bring(other, tmp_path / "x.zip")
    with Reader(other) as reader:
        assert (reader.run_ids(), reader.resolve("latest")) == (ids, latest)


def test_an_archive_of_an_archive_is_the_same_run(
    home: Home, other: Home, whole: Path, tmp_path: Path
) -> None:
    bring(other, whole)
    write(other, tmp_path / "y.zip", "aaaa0001")
    (back,) = bring(home, tmp_path / "y.zip")
    assert (back.written.id, back.written.is_new) == ("aaaa0001", False)


def test_a_run_gets_another_name_when_it_is_brought_alone(other: Home, whole: Path) -> None:
    bring(other, whole, name=" mine ")
    assert recorded(other, "aaaa0001").name == "mine"


def test_a_run_without_files_is_archived_too(home: Home, other: Home, tmp_path: Path) -> None:
    add_run(home, "aaaa0001")
    (told,) = write(home, tmp_path / "x.zip", "aaaa0001")
    assert "is queued" in told
    bring(other, tmp_path / "x.zip")
    assert recorded(other, "aaaa0001").status == "interrupted"
    assert not other.run_folder("aaaa0001").exists()


def test_a_run_that_is_gone_is_told(home: Home, other: Home, tmp_path: Path) -> None:
    add_run(home, "aaaa0001")
    told, _ = write(home, tmp_path / "x.zip", "aaaa0002", "aaaa0001")
    assert told == "1 run was deleted meanwhile and left out."
    bring(other, tmp_path / "x.zip")
    with Reader(other) as reader:
        assert reader.run_ids() == ["aaaa0001"]


def test_the_rows_are_those_of_one_moment(home: Home, other: Home, tmp_path: Path) -> None:
    """A program writes into both ends of a run, all the time, while it is exported."""
    add_run(home, "aaaa0001", epochs=0)
    record(home, "aaaa0001", samples.steps(1, (0.5,) * 20_000))
    begun, done = threading.Event(), threading.Event()

    def write_on() -> None:
        with closing(sqlite3.connect(home.history, SECONDS, isolation_level=None)) as db:
            while not done.is_set():
                db.execute("begin immediate")
                db.execute("update runs set epochs_planned = epochs_planned + 1")
                db.execute("insert into tags select id, epochs_planned from runs")
                db.execute("insert into notes select null, id, '', created_at from runs")
                db.execute("commit")
                begun.set()

    def planned_here() -> int:
        ((planned,),) = samples.plain(home, "select epochs_planned from runs")
        return int(planned)

    def exported() -> bool:
        """Whether the program wrote while the run was exported."""
        (tmp_path / "x.zip").unlink(missing_ok=True)
        before = planned_here()
        write(home, tmp_path / "x.zip", "aaaa0001")
        return planned_here() > before

    thread = threading.Thread(target=write_on)
    thread.start()
    try:
        assert begun.wait(SECONDS)
        wait_until(exported, "an export among writes")
    finally:
        done.set()
        thread.join()
    bring(other, tmp_path / "x.zip")
    counts = "select epochs_planned, (select count(*) from {}) from runs"
    for table in ("tags", "notes"):
        ((planned, rows),) = samples.plain(other, counts.format(table))
        assert planned == rows, table
    assert 0 < planned <= planned_here()


def without_new_columns(name: str, data: bytes) -> bytes:
    """What a cnnlab would have written that had not seen the migration of archives."""
    if name == "manifest.json":
        return data.replace(connection.MIGRATIONS[-1].encode(), b"m004_survival")
    lines = [json.loads(line) for line in data.splitlines()] if name.endswith("rows.jsonl") else []
    at: list[int] = []
    for number, line in enumerate(lines):
        if isinstance(line, dict):
            new = {"runs": ("group_id", "origin"), "evaluations": ("dataset",)}.get(
                line["table"], ()
            )
            at = [line["columns"].index(one) for one in new]
        values = line["columns"] if isinstance(line, dict) else line
        kept = [one for place, one in enumerate(values) if place not in at]
        lines[number] = {**line, "columns": kept} if isinstance(line, dict) else kept
    return "\n".join(map(json.dumps, lines)).encode() if lines else data


def test_an_older_archive_lacks_columns_and_is_read(home: Home, other: Home, whole: Path) -> None:
    rewrite(whole, without_new_columns)
    bring(other, whole)
    assert recorded(other, "aaaa0001").group_id is None
    assert not bring(home, whole)[0].written.is_new


def test_a_config_of_another_cnnlab_comes_in_and_is_told(
    home: Home, other: Home, tmp_path: Path
) -> None:
    known = {"data": {"name": "mnist"}, "model": {"name": "lenet"}}
    for run_id, config in (("aaaa0001", known), ("bbbb0001", {**known, "training": {"hue": 1}})):
        add_whole_run(home, run_id, config=config)
    write(home, tmp_path / "x.zip", "aaaa0001", "bbbb0001")
    told = [one.run.remarks for one in bring(other, tmp_path / "x.zip")]
    assert told[0] == ()
    assert "of another cnnlab, so that this one cannot train it again: training.hue" in told[1][0]
    assert recorded(other, "bbbb0001").config["training"] == {"hue": 1}
