"""What a tidy table is: columns with types, units and meanings, and the query behind it.

Every format takes names, types and words from here: the header of CSV and its `datapackage.json`,
the schema of Parquet, and the JSON Schema of exports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from cnnlab.config.studies import Study
from cnnlab.events import CheckpointKind
from cnnlab.history.queries import Reader

ColumnType = Literal["text", "integer", "number", "boolean", "time"]
"""`time` is ISO 8601 in UTC with milliseconds; `boolean` the texts `true` and `false`."""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Column:
    """A column of a tidy table.

    Attributes:
        meaning: what it says, without a full stop.
        unit: of a quantity; empty for counts, shares and losses.
        sql: what it is made of, if not the column of the same name in the table's own rows.
        empty: whether it may be.
        allowed: all values that it can have, where they are few.
    """

    name: str
    type: ColumnType
    meaning: str
    unit: str = ""
    sql: str = ""
    empty: bool = False
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class TidyTable:
    """A table with one kind of observation; its first column is the run's id, if it is of runs.

    Attributes:
        what: what a row is, without a full stop.
        key: names of the columns that tell rows apart.
        rows: the part of the query from `from` on, up to `where`; the rows of one run are those
            where `of_run` is its id.
        own: the table, in that part, to which columns without `sql` belong.
        order: SQL by which the rows of a run are ordered.
        read: gives the rows of a run where no query alone does; the four before it are empty then.
        read_study: gives the rows of a table that is of a study; no run has rows of it.
    """

    name: str
    what: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rows: str = ""
    of_run: str = ""
    own: str = ""
    order: str = ""
    read: Callable[[Reader, str], Iterable[Row]] | None = None
    read_study: Callable[[Reader, Study, CheckpointKind], Iterable[Row]] | None = None

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    def rows_of(self, reader: Reader, run_id: str) -> Iterable[Row]:
        """The rows of a run, in their order.

        Raises:
            HistoryError, StorageError: the history is damaged, or cannot be read.
        """
        if self.read is not None:
            return self.read(reader, run_id)
        return reader.stream(self._query, [run_id])

    @cached_property
    def _query(self) -> str:
        """SQL for the rows of one run, whose id is its only value."""
        chosen = (column.sql or f"{self.own}.{column.name}" for column in self.columns)
        return (
            f"select {', '.join(chosen)} from {self.rows}"
            f" where {self.of_run} = ? order by {self.order}"
        )
