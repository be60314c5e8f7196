"""CSV files as tables of numbers, as programs and spreadsheets write them.

Delimiters are commas, semicolons or tabs; numbers may have decimal commas and percent signs. Where
cells are parted by commas, one such as `1,234` may be a thousand: it is a number only where its
column tells that commas are of decimals.
Blank lines, and lines between rows that begin with `#`, are no rows. Cells are kept as texts no
longer than it takes to read a file: they need several times the memory of their numbers.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from cnnlab.errors import ConfigError, ExchangeError

RUN = "run_id"
"""The column that tells runs apart."""

_HEAD = 2**16
"""Bytes of a file that are looked at to tell what it is."""
_DELIMITERS = (",", ";", "\t")
_DECIMAL_COMMA = re.compile(
    r"[+-]?(0,\d+|\d+,(\d{1,2}|\d{4,}))(e[+-]?\d+)?\s*%?", re.ASCII | re.IGNORECASE
)
"""A number whose comma cannot part thousands, without blanks around it."""
_LONGEST_SHOWN = 40
"""Letters of a row in an error."""


@dataclass(frozen=True)
class Column:
    """The numbers of a column, None where there is none.

    Attributes:
        gaps: how many cells hold something that is no finite number; an empty one holds nothing.
        in_percent: whether there are numbers with a percent sign.
    """

    numbers: list[float | None]
    gaps: int
    in_percent: bool


@dataclass(frozen=True)
class Table:
    """The rows of one run in a file, as numbers by the names of its columns.

    Attributes:
        path: of the file.
        rows: how many there are.
        remarks: what is odd about them, a line each.
    """

    path: Path
    columns: Mapping[str, Column]
    rows: int
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """What is in a file.

    Attributes:
        names: of its columns.
        runs: the rows of each run by the name that the file gives it; empty where it has none.
    """

    names: tuple[str, ...]
    runs: Mapping[str, Table]


def read_sheet(path: Path) -> Sheet:
    """A file as tables, one for each run.

    Raises:
        ConfigError: several columns have one name.
        ExchangeError: it cannot be read, or a quote is not closed.
    """
    try:
        with path.open("rb") as file:
            encoding = _encoding_of(file.read(2))
        with path.open(encoding=encoding, errors="replace", newline="") as text:
            names, delimiter, records = _begun(text)
            rows = list(records)
    except (csv.Error, UnicodeError) as error:
        raise ExchangeError(
            f"{path} is no CSV file that can be read: {error}.", "Check what is in it."
        ) from error
    except OSError as error:
        raise ExchangeError(f"{path} cannot be read: {error.strerror}.", "Check it.") from error
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ConfigError(f"{path} has several columns {twice[0]!r}.", "Give each its own name.")
    commas = [
        delimiter != "," or _has_decimal_commas([row[at] for row in rows if at < len(row)])
        for at in range(len(names))
    ]
    runs = {
        run_id: Table(path, _columns(names, those, commas), len(those), _remarks(names, those))
        for run_id, those in _by_run(names, rows).items()
    }
    return Sheet(tuple(names), runs)


def _by_run(names: Sequence[str], rows: list[list[str]]) -> dict[str, list[list[str]]]:
    """The rows of each run, by the name that the file gives it; empty without any."""
    if RUN not in names:
        return {"": rows} if rows else {}
    at = names.index(RUN)
    found: dict[str, list[list[str]]] = defaultdict(list)
    for row in rows:
        found[row[at] if at < len(row) else ""].append(row)
    return found


def _columns(
    names: Sequence[str], rows: Sequence[Sequence[str]], commas: Sequence[bool]
) -> dict[str, Column]:
    return {
        name: _column([row[at] if at < len(row) else "" for row in rows], comma=comma)
        for at, (name, comma) in enumerate(zip(names, commas, strict=True))
    }


def _column(cells: Sequence[str], *, comma: bool) -> Column:
    numbers = [_number(cell, comma=comma) for cell in cells]
    gaps = sum(
        bool(cell.strip()) if number is None else not math.isfinite(number)
        for cell, number in zip(cells, numbers, strict=True)
    )
    in_percent = any(
        "%" in cell and number is not None for cell, number in zip(cells, numbers, strict=True)
    )
    return Column(numbers, gaps, in_percent)


def _remarks(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What is odd about rows."""
    width = len(names)
    odd = sum(len(row) < width or any(map(str.strip, row[width:])) for row in rows)
    if not odd:
        return ()
    return (
        f"{rows_have(odd)} more or fewer cells than the first line: "
        "missing ones are gaps, others are not read.",
    )


def first_names(path: Path) -> list[str] | None:
    """What the first line of a file names, as far as it can be told from its first bytes.

    None where it is no text, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    encoding = _encoding_of(head)
    if b"\0" in head and encoding != "utf-16":
        return None
    with suppress(csv.Error):
        return _begun(io.StringIO(head.decode(encoding, "replace"), newline=""))[0]
    return []


def _encoding_of(head: bytes) -> str:
    """How a text is encoded, by its first bytes."""
    return "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"


def _begun(text: Iterable[str]) -> tuple[list[str], str, Iterator[list[str]]]:
    """The names in the first line of a text, what parts its cells, and the records after it.

    Raises:
        csv.Error: the first record is none.
    """
    lines = iter(text)
    first = next((line for line in lines if _holds_cells(line)), "")
    delimiter = max(_DELIMITERS, key=first.count)
    records = _records(chain([first], lines), delimiter)
    return [name.strip() for name in next(records, [])], delimiter, records


def _holds_cells(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _records(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """The records of a text; within quotes a blank line or a `#` is nothing but text.

    Raises:
        csv.Error: a record is none.
    """
    left = iter(lines)
    for line in left:
        if _holds_cells(line):
            yield next(csv.reader(_until_closed(line, left), delimiter=delimiter))


def _until_closed(line: str, left: Iterator[str]) -> Iterator[str]:
    """A line, and those after it, of which a reader takes what its quotes ask for.

    Raises:
        csv.Error: they ask for more than there is.
    """
    yield line
    yield from left
    raise csv.Error(f"a quote is not closed in the row {line.strip()[:_LONGEST_SHOWN]!a}")


def rows_have(count: int) -> str:
    """So many rows, as the beginning of a sentence."""
    return "1 row has" if count == 1 else f"{count:,} rows have"


def _has_decimal_commas(cells: Sequence[str]) -> bool:
    """Whether a column tells that its commas are of decimals, and nowhere that they are not."""
    return any(map(_is_decimal, cells)) and not any(map(_has_other_marks, cells))


def _is_decimal(cell: str) -> bool:
    """Whether a cell is a number whose comma cannot part thousands."""
    return "," in cell and _DECIMAL_COMMA.fullmatch(cell.strip()) is not None


def _has_other_marks(cell: str) -> bool:
    """Whether a cell is a number with a point, or with several commas."""
    marked = "." in cell or cell.count(",") > 1
    return marked and _number(cell.replace(",", ""), comma=False) is not None


def _number(text: str, *, comma: bool) -> float | None:
    """A cell as a number; minutes and seconds, such as 01:30, as seconds.

    Args:
        comma: whether any comma is of decimals; else one is that cannot part thousands.
    """
    plain = text.strip().rstrip("%")
    if "." not in plain and (comma or _is_decimal(plain)):
        plain = plain.replace(",", ".")
    try:
        parts = [float(part) for part in plain.split(":")]
    except ValueError:
        return None
    total = 0.0
    for part in parts:
        total = 60 * total + part
    return total
