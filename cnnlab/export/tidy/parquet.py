"""Tidy tables as Parquet, through pyarrow: numbers, texts and times in their types.

Times are timestamps in UTC with milliseconds; a column's metadata holds its `meaning` and `unit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from cnnlab import __version__
from cnnlab.export.job import ExportJob
from cnnlab.export.tidy.columns import Column, ColumnType, Row, TidyTable
from cnnlab.export.tidy.rows import moment_of
from cnnlab.export.tidy.tables import chosen_tables
from cnnlab.history.rows import ImpossibleValue, sound

_BATCH = 2**16
"""Rows that are held in memory and written together."""

_TYPES: dict[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("ms", tz="UTC"),
}


def write_parquet(job: ExportJob, path: Path) -> list[str]:
    """Writes a folder with a file a table; a single table as one file.

    Raises:
        ConfigError: there is no such table.
        HistoryError, StorageError: the history is damaged, or cannot be read.
        OSError: the files cannot be written.
    """
    tables = chosen_tables(job)
    with moment_of(job) as moment, sound(job.home.history):
        if len(tables) == 1:
            _write_table(path, tables[0], moment.rows(tables[0]))
            return moment.told()
        path.mkdir()
        for number, table in enumerate(tables):
            rows = moment.rows(table, done=number, total=len(tables))
            _write_table(path / f"{table.name}.parquet", table, rows)
        return moment.told()


def _write_table(path: Path, table: TidyTable, rows: Iterable[Row]) -> None:
    schema = _schema(table)
    # Through a file of Python's, a full disk is told as such.
    with path.open("xb") as file, parquet.ParquetWriter(file, schema) as writer:
        for batch in _batches(rows):
            columns = zip(table.columns, zip(*batch, strict=True), strict=True)
            arrays = [_array(column, values) for column, values in columns]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, _BATCH)):
        yield batch


def _schema(table: TidyTable) -> pa.Schema:
    fields = [
        pa.field(
            column.name,
            _TYPES[column.type],
            nullable=column.empty,
            metadata={"meaning": column.meaning, **({"unit": column.unit} if column.unit else {})},
        )
        for column in table.columns
    ]
    return pa.schema(fields, metadata={"cnnlab": __version__, "row": table.what})


def _array(column: Column, values: tuple[Any, ...]) -> pa.Array:
    read = _READ.get(column.type)
    try:
        if read is not None:
            values = tuple(None if value is None else read(value) for value in values)
        return pa.array(values, _TYPES[column.type])
    except (TypeError, ValueError, OverflowError, pa.ArrowException) as error:
        raise ImpossibleValue(f"{column.name}: {error}") from error


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


_READ: dict[ColumnType, Callable[[str], Any]] = {
    "time": _time,
    "boolean": lambda text: text == "true",
}
