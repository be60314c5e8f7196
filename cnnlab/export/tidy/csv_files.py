"""Tidy tables as CSV (RFC 4180) that pandas, R and spreadsheets read unchanged.

UTF-8 without a byte order mark, a comma between cells, a line feed at the end of lines, quotes
around cells that need them. What is not known is an empty cell, infinities are `inf` and `-inf`,
numbers have all the digits that they need to come back the same. Cells are never altered, also
where they begin with a sign that makes a spreadsheet take them for a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from cnnlab.export.job import ExportJob
from cnnlab.export.tidy.columns import Row, TidyTable
from cnnlab.export.tidy.datapackage import write_datapackage
from cnnlab.export.tidy.rows import moment_of
from cnnlab.export.tidy.tables import chosen_tables


class _LineFeeds:
    """Ends lines with a line feed alone.

    Told to end them so itself, Python's writer leaves a carriage return in a cell without quotes,
    which readers take for the end of a line.
    """

    def __init__(self, file: TextIO) -> None:
        self._write = file.write

    def write(self, line: str) -> int:
        """Takes a line that ends with a carriage return and a line feed."""
        return self._write(line[:-2] + "\n")


class _Counted:
    """Passes rows on and counts them."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.count = 0
        self._rows = rows

    def __iter__(self) -> Iterator[Row]:
        """The rows."""
        for row in self._rows:
            self.count += 1
            yield row


def write_csv(job: ExportJob, path: Path) -> list[str]:
    """Writes a folder with a file a table and a `datapackage.json`; a single table as one file.

    Raises:
        ConfigError: there is no such table.
        HistoryError, StorageError: the history is damaged, or cannot be read.
        OSError: the files cannot be written.
    """
    tables = chosen_tables(job)
    with moment_of(job) as moment:
        if len(tables) == 1:
            _write_table(path, tables[0], moment.rows(tables[0]))
            return moment.told()
        path.mkdir()
        counts = {}
        for number, table in enumerate(tables):
            rows = moment.rows(table, done=number, total=len(tables))
            counts[table.name] = _write_table(path / f"{table.name}.csv", table, rows)
        write_datapackage(path / "datapackage.json", tables, counts)
        return [*moment.told(), "datapackage.json says what the columns mean."]


def _write_table(path: Path, table: TidyTable, rows: Iterable[Row]) -> int:
    """Writes a table; returns the number of its rows."""
    counted = _Counted(rows)
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(_LineFeeds(file), lineterminator="\r\n")
        writer.writerow(table.header)
        writer.writerows(counted)
    return counted.count
