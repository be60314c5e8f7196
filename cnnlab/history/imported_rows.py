"""Whether rows from elsewhere are such as the history holds, and everything can read."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from cnnlab.errors import ExchangeError
from cnnlab.history.records import (
    CheckpointRecord,
    EvaluationRecord,
    InterventionRecord,
    LogRecord,
    NoteRecord,
)
from cnnlab.history.rows import DERIVED, record_of, runs_of
from cnnlab.history.salvage import Shape
from cnnlab.history.whole_runs import EVALUATION_PARTS, Row, Value

_TYPES: dict[str, tuple[type, ...]] = {"TEXT": (str,), "INTEGER": (int,), "REAL": (float, int)}
_LARGEST = 1 << 63
_CHECKSUM = re.compile(r"[0-9a-f]{64}")
_UNKNOWN = ", ".join(f"null as {name}" for name in DERIVED)
_READERS: tuple[tuple[str, str, str, Callable[[sqlite3.Row], object]], ...] = (
    ("runs", f"*, json_array() as tags, {_UNKNOWN}", "id", lambda row: runs_of([row])),
    ("evaluations", "*", "run_id", lambda row: record_of(EvaluationRecord, row, classes=())),
    ("checkpoints", "*", "run_id", partial(record_of, CheckpointRecord)),
    ("interventions", "*", "run_id", partial(record_of, InterventionRecord)),
    ("log", "*", "run_id", partial(record_of, LogRecord)),
    ("notes", "*", "run_id", partial(record_of, NoteRecord)),
)
"""Tables, their columns, the one that names the run, and what reads a row of them."""

REMEDY = "Nothing was imported; the file is damaged, or was not made for cnnlab."


def impossible(source: Path, what: str) -> ExchangeError:
    """The error for a row that cannot be."""
    return ExchangeError(f"{source} holds what no history does: {what}.", REMEDY)


class RowCheck:
    """Checks rows against the tables of a history.

    Args:
        tables: as `whole_runs.tables_of_runs` gives them.
    """

    def __init__(self, tables: Mapping[str, Shape]) -> None:
        self._tables = tables
        self._known: dict[tuple[str, tuple[str, ...]], list[tuple[type, ...]]] = {}

    def run(self, row: Row, source: Path) -> None:
        """Checks the row of a run; one without an id will get it.

        Raises:
            ExchangeError: it is none.
        """
        self._row("runs", {"id": "", **row}, source)

    def each(self, rows: Iterable[tuple[str, Row]], source: Path) -> Iterator[tuple[str, Row]]:
        """The rows of a run's other tables, each checked.

        Raises:
            ExchangeError: one is none of a history, or of an evaluation that is not there.
        """
        parts = _Parts(source)
        for table, row in rows:
            if table == "runs" or table not in self._tables:
                raise impossible(source, f"a table {table!a} of a run")
            self._row(table, row, source)
            if table == "evaluations":
                parts.open(row)
            elif table in EVALUATION_PARTS:
                parts.take(table, row)
            elif table == "checkpoints":
                _require_checkpoint(row, source)
            yield table, row
        parts.close()

    def _row(self, table: str, row: Row, source: Path) -> None:
        columns = tuple(row)
        allowed = self._known.get((table, columns))
        if allowed is None:
            allowed = self._known[table, columns] = self._allowed(table, columns, source)
        for (name, value), types in zip(row.items(), allowed, strict=True):
            # A bool is an int to Python, and no number of a history.
            if type(value) not in types or (type(value) is int and abs(value) >= _LARGEST):
                raise impossible(source, f"{table}.{name} is {str(value)[:40]!a}")

    def _allowed(
        self, table: str, columns: tuple[str, ...], source: Path
    ) -> list[tuple[type, ...]]:
        """The types that the values of these columns may have.

        Raises:
            ExchangeError: the table has other columns, or needs more.
        """
        shape = self._tables[table]
        types = {}
        for name, kind, needed in zip(shape.columns, shape.types, shape.needed, strict=True):
            types[name] = _TYPES[kind] if needed else (*_TYPES[kind], type(None))
        given = {"run_id"} if table != "runs" else set()
        if table != "evaluations" and shape.key is not None:
            given.add(shape.columns[shape.key])
        odd = [name for name in columns if name not in types or name in given]
        if odd:
            raise impossible(source, f"a column {odd[0]!a} of {table}")
        needs = zip(shape.columns, shape.needed, strict=True)
        for name, needed in needs:
            if needed and name not in given and name not in columns:
                raise impossible(source, f"{table} without {name}")
        return [types[name] for name in columns]


class _Parts:
    """The evaluations of a run: each has its classes from 0 on, and counts pairs of them."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._classes: dict[Value, int] = {}
        self._largest: dict[Value, int] = {}

    def open(self, row: Row) -> None:
        """Takes an evaluation."""
        if row["id"] in self._classes:
            raise impossible(self._source, "two evaluations of one number")
        self._classes[row["id"]] = 0

    def take(self, table: str, row: Row) -> None:
        """Takes a row of one of its parts."""
        key = row["evaluation_id"]
        if key not in self._classes:
            raise impossible(self._source, f"a row of {table} of no evaluation")
        if table == "class_metrics":
            if row["class_index"] != self._classes[key]:
                raise impossible(self._source, "classes of an evaluation out of their order")
            self._classes[key] += 1
            return
        pair = [row["true_index"], row["predicted_index"], row["images"]]
        if any(not isinstance(one, int) or one < 0 for one in pair):
            raise impossible(self._source, "a confusion of no classes")
        largest = max(one for one in pair[:2] if isinstance(one, int))
        self._largest[key] = max(largest, self._largest.get(key, 0))

    def close(self) -> None:
        """Looks at what can be seen at the end alone."""
        if any(largest >= self._classes[key] for key, largest in self._largest.items()):
            raise impossible(self._source, "a confusion of classes that are not there")


def _require_checkpoint(row: Row, source: Path) -> None:
    size, name = row["bytes"], Path(str(row["path"])).name
    if not isinstance(size, int) or size < 0 or name in ("", ".", ".."):
        raise impossible(source, "a checkpoint that is no file")
    if not _CHECKSUM.fullmatch(str(row["sha256"])):
        raise impossible(source, "a checkpoint without a checksum")


def require_readable(connection: sqlite3.Connection, sources: Sequence[Path]) -> None:
    """Reads staged runs as everything else will read them in the history.

    Args:
        sources: where each of them comes from, by their numbers; see `staging.Staging`.

    Raises:
        ExchangeError: a value makes no sense, such as a time that is none.
    """
    reader = connection.cursor()
    reader.row_factory = sqlite3.Row
    for table, columns, key, read in _READERS:
        found = reader.execute(f"select {columns} from temp.staged_{table}")
        times = [one[0] for one in found.description if one[0].endswith("_at")]
        for row in found:
            try:
                read(row)
                _require_own_times(row, times)
            except (ValueError, RecursionError) as error:
                raise impossible(sources[int(row[key])], str(error)) from error


def _require_own_times(row: sqlite3.Row, times: Iterable[str]) -> None:
    """Checks that times are written as the history writes them, which sorts them as texts.

    Raises:
        ValueError: one is not.
    """
    for name in times:
        if row[name] is not None:
            own = datetime.fromisoformat(row[name]).replace(tzinfo=UTC)
            if row[name] != own.isoformat(timespec="milliseconds"):
                raise ValueError(f"{name} is {row[name]!a}, no time in UTC to the millisecond")
