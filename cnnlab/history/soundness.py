"""Rows of a sound file that make no sense: what no cnnlab has written, and nobody could read.

They are read as everything else reads them, one by one, so that one bad row is told from the rest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from cnnlab.history.records import (
    CheckpointRecord,
    EvaluationRecord,
    InterventionRecord,
    LogRecord,
    NoteRecord,
    RunRecord,
)
from cnnlab.history.rows import record_of, runs_of

_KINDS: dict[str, type] = {
    "checkpoints": CheckpointRecord,
    "interventions": InterventionRecord,
    "log": LogRecord,
    "notes": NoteRecord,
}
_TEXTS = ("class_metrics", "commands", "tags")
_MOST_TOLD = 20


@dataclass(frozen=True)
class BrokenRow:
    """A row that cannot be read, and why."""

    table: str
    rowid: int
    reason: str


def broken_rows(connection: sqlite3.Connection) -> Iterator[BrokenRow]:
    """The rows that cannot be read of a history that is up to date.

    Raises:
        sqlite3.Error: a text of another table is not UTF-8, or the file is damaged.
    """
    reader = connection.cursor()
    reader.row_factory = sqlite3.Row
    # What is in no column of its own is as of a run that nothing is known of.
    columns = {row[1] for row in connection.execute("pragma table_info(runs)")}
    absent = [each.name for each in fields(RunRecord) if each.name not in columns]
    more = ", ".join(f"{'json_array()' if name == 'tags' else 'null'} as {name}" for name in absent)
    yield from _broken(reader, "runs", f"*, {more}", lambda row: runs_of([row]))
    for table, kind in _KINDS.items():
        yield from _broken(reader, table, "*", lambda row, kind=kind: record_of(kind, row))
    yield from _broken(
        reader, "evaluations", "*", lambda row: record_of(EvaluationRecord, row, classes=())
    )


def _broken(reader: sqlite3.Cursor, table: str, columns: str, read: Any) -> Iterator[BrokenRow]:
    for (rowid,) in reader.execute(f"select rowid from {table}").fetchall():
        try:
            row = reader.execute(
                f"select {columns} from {table} where rowid = ?", (rowid,)
            ).fetchone()
            read(row)
        except (sqlite3.OperationalError, ValueError, RecursionError) as error:
            yield BrokenRow(table, rowid, str(error))


def unreadable_rows(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the rows of a history whose file is sound: the first few of them."""
    found = [
        f"a row of {table} belongs to none of {parent}"
        for table, _, parent, _ in connection.execute("pragma foreign_key_check")
    ]
    found += [f"a row of {row.table}: {row.reason}" for row in broken_rows(connection)]
    try:
        for table in _TEXTS:
            for _ in connection.execute(f"select * from {table}"):
                pass
    except (sqlite3.Error, UnicodeDecodeError) as error:
        found.append(str(error))
    return found[:_MOST_TOLD]
