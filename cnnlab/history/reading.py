"""Asking the history: a connection that reads, and rows that become records."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from cnnlab.history.connection import connect_for_reading, translated
from cnnlab.history.rows import Record, record_of, sound
from cnnlab.home import Home


class HistoryReading:
    """A connection to the history of a home; belongs to the thread that made it.

    A home without a history reads as an empty one, and nothing is created.

    Raises:
        HistoryError: the file is damaged, of another program, or of a newer cnnlab.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._path = home.history
        self._connection = connect_for_reading(home)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        if self._connection is None:
            return []
        with translated(self._path):
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Several questions about one moment, whatever is written meanwhile; nests."""
        if self._connection is None or self._connection.in_transaction:
            yield
            return
        with translated(self._path):
            self._connection.execute("begin")
        try:
            yield
        finally:
            self._connection.rollback()

    def stream(self, query: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The answer to a query row by row, for more rows than memory should hold.

        Raises:
            HistoryError, StorageError: the history cannot be read.
        """
        if self._connection is None:
            return
        cursor = self._connection.cursor()
        cursor.row_factory = None
        with translated(self._path):
            # Not `yield from`: that closes the cursor, perhaps after its connection.
            for row in cursor.execute(query, values):  # noqa: UP028
                yield row

    def _grouped(
        self,
        table: str,
        kind: type[Record],
        run_ids: Iterable[str],
        order: str,
        condition: str = "1",
    ) -> dict[str, list[Record]]:
        """Rows of a table as records, by run."""
        found: dict[str, list[Record]] = defaultdict(list)
        query = (
            f"select * from {table} where run_id in (select value from json_each(?))"
            f" and {condition} order by run_id, {order}"
        )
        with sound(self._path):
            for row in self._rows(query, [json.dumps(list(run_ids))]):
                found[row["run_id"]].append(record_of(kind, row))
        return found
