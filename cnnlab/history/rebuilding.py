"""A new history out of the rows that could be read of a damaged one, and of its checkpoints' files.

A row is taken over if it makes sense in its table and belongs to a run that was saved. A run
whose config cannot be read is lost: nothing could show it, or train it again.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnlab.errors import HistoryError
from cnnlab.history.connection import MIGRATIONS, connect_for_writing, transaction
from cnnlab.history.rows import are_versions
from cnnlab.history.salvage import Row, Shape, Value, shape_of, shapes
from cnnlab.history.soundness import broken_rows
from cnnlab.home import RUN_ID, Home

if TYPE_CHECKING:
    from sqlite_utils import Database

_OWN_ID = re.compile(r"[0-9a-f]{8}")
"""What the id of a run that was trained here looks like."""
_CHECKPOINT = re.compile(r"(best|last)-epoch([0-9]+)-step([0-9]+)\.pt")


@dataclass(frozen=True)
class Rebuilt:
    """What a new history holds of a damaged one.

    Attributes:
        saved: rows of each table.
        lost_runs: ids of runs of which a folder or other rows tell, but whose own row is lost.
        relinked: checkpoints whose rows were made anew from their files.
    """

    saved: dict[str, int]
    lost_runs: list[str]
    relinked: int


def rebuild(home: Home, found: Iterable[Row], place: Home) -> Rebuilt:
    """Makes a new history.

    Args:
        home: where the folders of the runs are.
        found: the rows of the damaged history, in any order.
        place: a home without a history, where the new one is made.

    Raises:
        HistoryError: the rows are those of a newer cnnlab.
        StorageError: the new history cannot be written.
    """
    with closing(connect_for_writing(place)) as db:
        db.execute("pragma foreign_keys = off")
        with transaction(db, place.history):
            tables = shapes(db.conn)
            for row in found:
                if _is_migration(row):
                    continue
                shape = shape_of(row, tables)
                if shape is not None:
                    _insert(db, shape, row)
            told = {row[0] for row in db.execute("select id from runs")}
            for broken in list(broken_rows(db.conn)):
                db.execute(f"delete from {broken.table} where rowid = ?", (broken.rowid,))
            told |= _drop_orphans(db, tables)
            relinked = _relink_checkpoints(home, db)
            saved = {one.table: _count(db, one.table) for one in tables}
        kept = {row[0] for row in db.execute("select id from runs")}
    return Rebuilt(saved, sorted(_real_ids(home, told) - kept), relinked)


def _real_ids(home: Home, told: Iterable[str]) -> set[str]:
    """Ids of runs: those that have a folder, and what else looks like one among damaged rows."""
    folders: set[str] = set()
    with suppress(OSError):
        folders = {path.name for path in home.runs.iterdir() if path.is_dir()}
    found = {run_id for run_id in folders if RUN_ID.fullmatch(run_id)}
    return found | {run_id for run_id in told if _OWN_ID.fullmatch(run_id)}


def _is_migration(row: Row) -> bool:
    """Whether a row is of the table of migrations; what a newer cnnlab wrote is refused."""
    match row.values:
        case (None, "cnnlab", str(name), str()) if re.fullmatch(r"m[0-9]{3}_[a-z_]+", name):
            if name not in MIGRATIONS:
                raise HistoryError(
                    f"The history was written by a newer cnnlab (it has {name}).",
                    "Update cnnlab; the file was not touched.",
                )
            return True
    return False


def _insert(db: Database, shape: Shape, row: Row) -> None:
    """Takes a row over; one that breaks a rule of its table, or is there already, is left out."""
    values = list(row.values)
    columns = list(shape.columns[: len(values)])
    if shape.key is not None:
        values[shape.key] = row.rowid
    elif shape.has_rowid:
        # The order in which runs were made.
        columns, values = ["rowid", *columns], [row.rowid, *values]
    if shape.table == "runs":
        _leave_out_unreadable(columns, values)
    names, places = ", ".join(columns), ", ".join("?" * len(columns))
    # Not even the values may be of a wrong type, which `or ignore` does not pass by.
    with suppress(sqlite3.IntegrityError):
        query = f"insert or ignore into {shape.table} ({names}) values ({places})"
        db.conn.execute(query, values)


def _leave_out_unreadable(columns: list[str], values: list[Value]) -> None:
    """Empties versions and git state of a run that cannot be read, so that it need not be lost."""
    versions, git = columns.index("versions"), columns.index("git")
    if not are_versions(_parsed(values[versions])):
        values[versions] = "{}"
    state = _parsed(values[git])
    if not isinstance(state, dict) or not isinstance(state.get("commit"), str):
        values[git] = None


def _parsed(text: Value) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _drop_orphans(db: Database, tables: Iterable[Shape]) -> set[str]:
    """Removes the rows of runs and evaluations that are lost; returns the ids of those runs."""
    told: set[str] = set()
    for shape in tables:
        if "run_id" in shape.columns:
            orphans = f"from {shape.table} where run_id not in (select id from runs)"
            told |= {row[0] for row in db.execute(f"select distinct run_id {orphans}")}
            db.execute(f"delete {orphans}")
    for table in ("class_metrics", "confusion"):
        db.execute(f"delete from {table} where evaluation_id not in (select id from evaluations)")
    return told


def _count(db: Database, table: str) -> int:
    (count,) = db.execute(f"select count(*) from {table}").fetchone()
    return int(count)


def _relink_checkpoints(home: Home, db: Database) -> int:
    """Writes rows for the newest checkpoint of each kind that lies in the folder of a saved run.

    A file has its name only once it is whole, so its checksum can be taken from the file itself.
    """
    relinked = 0
    runs = db.execute("select id, best_step, best_value from runs").fetchall()
    for run_id, best_step, best_value in runs:
        held = db.execute("select kind from checkpoints where run_id = ?", (run_id,)).fetchall()
        missing = {"best", "last"} - {kind for (kind,) in held}
        newest: dict[str, tuple[int, int, Path]] = {}
        for path in home.checkpoints(run_id).glob("*.pt"):
            if (named := _CHECKPOINT.fullmatch(path.name)) and named[1] in missing:
                this = (int(named[3]), int(named[2]), path)
                newest[named[1]] = max(this, newest.get(named[1], this))
        for kind, (step, epoch, path) in newest.items():
            value = best_value if (kind, step) == ("best", best_step) else None
            with suppress(OSError):
                row = {"run_id": run_id, "kind": kind, "epoch": epoch, "step": step}
                db.table("checkpoints").insert({**row, **_file_columns(path), "value": value})
                relinked += 1
    return relinked


def _file_columns(path: Path) -> dict[str, str | int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    stat = path.stat()
    saved_at = datetime.fromtimestamp(stat.st_mtime, UTC).isoformat(timespec="milliseconds")
    return {
        "path": str(path),
        "bytes": stat.st_size,
        "sha256": digest,
        "saved_at": saved_at,
    }
