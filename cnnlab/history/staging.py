"""Rows from elsewhere in temporary tables, before they go into the history in one short stroke.

Millions of rows take a minute to read and to check. Nobody has to wait for that: temporary tables
are those of this connection alone, and the history is locked only while SQLite copies them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath

from cnnlab.history.ownership import LIVE
from cnnlab.history.recorder import now
from cnnlab.history.salvage import Shape
from cnnlab.history.whole_runs import EVALUATION_PARTS, Row, Value
from cnnlab.home import Home

_AT_ONCE = 5000
"""Rows to give to SQLite in one call."""


class Staging:
    """Runs that wait for their place in the history, each under a number.

    Args:
        tables: as `whole_runs.tables_of_runs` gives them; what is added has their columns.
    """

    def __init__(self, connection: sqlite3.Connection, tables: Mapping[str, Shape]) -> None:
        self._connection = connection
        self._tables = tables
        self._evaluations = 0
        for name in tables:
            connection.execute(
                f"create temp table staged_{name} as select * from main.{name} where 0"
            )
        connection.execute("create temp table staged_ids (number text primary key, id text)")

    def add(
        self, number: int, run: Row, rows: Iterable[tuple[str, Row]], tags: Iterable[str]
    ) -> None:
        """Takes a run, as one that has ended and is outside the trash.

        Raises:
            sqlite3.Error, UnicodeEncodeError: the rows cannot be stored.
        """
        ended: dict[str, Value] = {**run, "id": str(number), "trashed_at": None}
        if ended["status"] in (*LIVE, "queued"):
            where = f"on {ended['host']} when it was taken from there"
            ended["message"] = f"it was {ended['status']} {where}"
            ended["status"] = "interrupted"
            ended["ended_at"] = ended.get("heartbeat_at") or now()
        waiting: list[list[Value]] = []
        kind: tuple[str, tuple[str, ...]] = ("runs", tuple(ended))
        self._connection.execute("begin")
        try:
            self._insert(kind, [list(ended.values())])
            for table, row in self._numbered(number, rows, tags):
                columns = tuple(row)
                if (table, columns) != kind or len(waiting) >= _AT_ONCE:
                    self._insert(kind, waiting)
                    kind, waiting = (table, columns), []
                waiting.append(list(row.values()))
            self._insert(kind, waiting)
        finally:
            self._connection.execute("commit")

    def _numbered(
        self, number: int, rows: Iterable[tuple[str, Row]], tags: Iterable[str]
    ) -> Iterator[tuple[str, Row]]:
        """The rows with the number of their run or evaluation, and the further tags."""
        further = dict.fromkeys(tags)
        evaluations: dict[Value, int] = {}
        for table, row in rows:
            if table in EVALUATION_PARTS:
                yield table, {**row, "evaluation_id": evaluations[row["evaluation_id"]]}
                continue
            numbered: dict[str, Value] = {**row, "run_id": str(number)}
            if table == "evaluations":
                self._evaluations += 1
                evaluations[row["id"]] = numbered["id"] = self._evaluations
            elif table == "checkpoints":
                numbered["path"] = PurePath(str(row["path"])).name
            elif table == "tags":
                further.pop(str(row["tag"]), None)
            yield table, numbered
        for tag in further:
            yield "tags", {"run_id": str(number), "tag": tag}

    def _insert(self, kind: tuple[str, tuple[str, ...]], rows: list[list[Value]]) -> None:
        """Inserts rows of one shape, whose names were looked up in the schema."""
        table, columns = kind
        names, places = ", ".join(columns), ", ".join("?" * len(columns))
        query = f"insert into temp.staged_{table} ({names}) values ({places})"
        self._connection.executemany(query, rows)

    def epochs(self, number: int) -> int:
        """How many epochs a run has."""
        query = "select count(*) from temp.staged_epochs where run_id = ?"
        return int(self._connection.execute(query, (str(number),)).fetchone()[0])

    def write(self, home: Home, ids: Mapping[int, str]) -> None:
        """Copies runs into the history, within a transaction; the others are left where they are.

        Args:
            ids: those that the runs get, by their numbers.

        Raises:
            sqlite3.IntegrityError: a row breaks a rule of its table.
            sqlite3.Error: the history cannot be written.
        """
        execute = self._connection.execute
        execute("create unique index temp.staged_numbers on staged_evaluations (id)")
        self._connection.executemany(
            "insert into temp.staged_ids values (?, ?)", [(str(key), ids[key]) for key in ids]
        )
        (last,) = execute("select coalesce(max(id), 0) from main.evaluations").fetchone()
        before, after = str(home.checkpoints("\0")).split("\0")
        values = {"last": last, "before": before, "after": after}
        for table, shape in self._tables.items():
            execute(_copying(table, shape), values)
        # Of a run that was under way, its whole epochs tell how long it was trained.
        execute(
            "update runs set duration_s = (select sum(seconds) from epochs where run_id = runs.id)"
            " where status = 'interrupted' and duration_s is null"
            " and id in (select id from temp.staged_ids)"
        )


def _copying(table: str, shape: Shape) -> str:
    """The statement that copies a table of staged runs into the history."""
    key = shape.columns[shape.key] if shape.key is not None else None
    columns = [name for name in shape.columns if name != key or table == "evaluations"]
    instead = {"run_id": "ids.id"}
    if table == "runs":
        instead["id"] = "ids.id"
    elif table == "evaluations":
        instead["id"] = "staged.id + :last"
    elif table in EVALUATION_PARTS:
        instead["evaluation_id"] = "staged.evaluation_id + :last"
    elif table == "checkpoints":
        instead["path"] = ":before || ids.id || :after || '/' || staged.path"
    owner = "staged.id" if table == "runs" else "staged.run_id"
    joined = ""
    if table in EVALUATION_PARTS:
        owner = "owner.run_id"
        joined = " cross join temp.staged_evaluations owner on owner.id = staged.evaluation_id"
    # A cross join is carried out from left to right: rows come in the order in which they came.
    return (
        f"insert into main.{table} ({', '.join(columns)})"
        f" select {', '.join(instead.get(name, f'staged.{name}') for name in columns)}"
        f" from temp.staged_{table} staged{joined}"
        f" cross join temp.staged_ids ids on ids.number = {owner} order by staged.rowid"
    )
