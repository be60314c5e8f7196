"""All that the history holds of a run, as plain rows: what an archive takes away and brings back.

Tables and columns are those of the schema itself, so that nothing is left out when it grows.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping

from cnnlab.errors import HistoryError
from cnnlab.history.connection import translated
from cnnlab.history.reading import HistoryReading
from cnnlab.history.salvage import Shape, shapes
from cnnlab.home import Home

Value = None | int | float | str
Row = Mapping[str, Value]

EVALUATION_PARTS = ("class_metrics", "confusion")
"""Tables whose rows belong to an evaluation of a run."""

_TRAINED = ("epochs", "steps", "evaluations", *EVALUATION_PARTS)
"""What a training wrote and nothing changes afterwards."""

_ASKED = ("config", "dataset", "model", "monitor", "origin")
_NUMBERS = ("id", "evaluation_id")
"""Of evaluations; they depend on which of them count."""


def tables_of_runs(connection: sqlite3.Connection) -> dict[str, Shape]:
    """The tables that hold runs, by name: `runs`, those of a run's rows, those of evaluations."""
    found = {shape.table: shape for shape in shapes(connection)}
    own = [name for name, shape in found.items() if "run_id" in shape.columns]
    return {name: found[name] for name in ("runs", *own, *EVALUATION_PARTS)}


class WholeRuns:
    """The runs of a connection to the history, each with all that it holds.

    Attributes:
        tables: those that hold runs, by name.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._cursor = connection.cursor()
        self._cursor.row_factory = None
        self.tables = tables_of_runs(connection)
        self._plans = {name: _plan(shape) for name, shape in self.tables.items()}

    def rows(
        self, run_id: str, without: Collection[str] = ()
    ) -> Iterator[tuple[str, dict[str, Value]]]:
        """The rows of a run with their tables, its own first; none if there is no such run.

        Rows leave out `run_id`, and the numbers that SQLite gave them. Evaluations are counted
        from 1 as `id`, by which the rows of their parts, as `evaluation_id`, name them.

        Args:
            without: tables to leave out.
        """
        query = "select id from evaluations where run_id = ? order by id"
        found = self._cursor.execute(query, (run_id,)).fetchall()
        numbers: dict[Value, int] = {row[0]: place for place, row in enumerate(found, start=1)}
        for table, (query, columns) in self._plans.items():
            if table in without:
                continue
            number = "id" if table == "evaluations" else "evaluation_id"
            renumbered = table in ("evaluations", *EVALUATION_PARTS)
            for values in self._cursor.execute(query, (run_id,)):
                row = dict(zip(columns, values, strict=True))
                if renumbered:
                    row[number] = numbers[row[number]]
                yield table, row


def _plan(shape: Shape) -> tuple[str, list[str]]:
    """The question for the rows of a run in a table, and the columns of its answer."""
    key = shape.columns[shape.key] if shape.key is not None else None
    left_out = {"run_id", key if shape.table != "evaluations" else None}
    columns = [name for name in shape.columns if name not in left_out]
    condition = "run_id = ?"
    if shape.table == "runs":
        condition = "id = ?"
    elif shape.table in EVALUATION_PARTS:
        condition = "evaluation_id in (select id from evaluations where run_id = ?)"
    # Rows without a number lie in the order of their key, which comes first.
    order = key or ("rowid" if shape.has_rowid else ", ".join(shape.columns[:3]))
    names = ", ".join(columns)
    return f"select {names} from {shape.table} where {condition} order by {order}", columns


def content_digest(rows: Iterable[tuple[str, Row]]) -> str:
    """A checksum (64 hexadecimal digits) of what a training was and brought.

    What people change (name, tags, notes), and what becomes of a run's process and checkpoints,
    has no part in it, nor have evaluations that were made later. Of curves nor has the time of an
    evaluation, which may be that of their file.
    """
    digests = {table: hashlib.sha256() for table in ("runs", *_TRAINED)}
    counting: dict[tuple[str, ...], list[str]] = {}
    left_out: tuple[str, ...] = _NUMBERS
    later: set[Value] = set()
    for table, row in rows:
        if table not in digests:
            continue
        if table == "runs":
            row = {name: row.get(name) for name in _ASKED}  # noqa: PLW2901 - the part that counts
            row["origin"] = None if row["origin"] == "archive" else row["origin"]
            if row["origin"] is not None:
                left_out = (*_NUMBERS, "evaluated_at")
        elif table == "evaluations" and row.get("dataset") is not None:
            later.add(row.get("id"))
            continue
        elif table in EVALUATION_PARTS and row.get("evaluation_id") in later:
            continue
        columns = tuple(row)
        names = counting.get(columns)
        if names is None:
            names = sorted(set(columns).difference(left_out))
            counting[columns] = names
        # Numbers as SQLite gives back those of real columns.
        words = [
            f"{name}={float(value) if isinstance(value, int) else value!r}"
            for name in names
            if (value := row[name]) is not None
        ]
        digests[table].update("\n".join((*words, "")).encode("utf-8", "surrogatepass"))
    whole = "".join(digests[table].hexdigest() for table in sorted(digests))
    return hashlib.sha256(whole.encode()).hexdigest()


class WholeRunReader(HistoryReading):
    """Reads runs whole; belongs to the thread that made it.

    Raises:
        HistoryError: the file is damaged, of another program, or of a newer cnnlab.
    """

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self._whole: WholeRuns | None = None

    def in_order(self, run_ids: Iterable[str]) -> list[str]:
        """Runs in the order in which they came into the history; those not there come last."""
        ids = list(run_ids)
        among = "id in (select value from json_each(?))"
        found = self._rows(f"select id from runs where {among} order by rowid", [json.dumps(ids)])
        places = {str(row[0]): place for place, row in enumerate(found)}
        return sorted(ids, key=lambda run_id: places.get(run_id, len(places)))

    def checkpoint_bytes(self, run_ids: Iterable[str]) -> int:
        """What the checkpoints of some runs take, as the history has it."""
        among = "run_id in (select value from json_each(?))"
        query = f"select coalesce(sum(bytes), 0) from checkpoints where {among}"
        found = self._rows(query, [json.dumps(list(run_ids))])
        return int(found[0][0]) if found else 0

    def has(self, run_id: str) -> bool:
        """Whether there is such a run."""
        return bool(self._rows("select 1 from runs where id = ?", [run_id]))

    def checkpoint_rows(self, run_id: str) -> tuple[str, list[dict[str, Value]]]:
        """The status of a run, and the rows of its checkpoints.

        Raises:
            HistoryError: there is no such run any more, or it cannot be read.
        """
        found = list(self.rows(run_id, _TRAINED))
        status = next(str(row["status"]) for table, row in found if table == "runs")
        return status, [row for table, row in found if table == "checkpoints"]

    def rows(
        self, run_id: str, without: Collection[str] = ()
    ) -> Iterator[tuple[str, dict[str, Value]]]:
        """The rows of a run; see `WholeRuns`.

        Raises:
            HistoryError: there is no such run any more, or it cannot be read.
        """
        found = False
        if self._connection is not None:
            with translated(self._path):
                whole = self._whole = self._whole or WholeRuns(self._connection)
                for table, row in whole.rows(run_id, without):
                    found = True
                    yield table, row
        if not found:
            raise HistoryError(f"The run {run_id} is no longer in the history.")
