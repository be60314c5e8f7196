"""The rows of a damaged SQLite file: every page that holds rows is read by itself.

What is damaged is left out: a page, or single rows of it. Neither the schema nor the inner pages
of the trees are needed, so that a file without its beginning or its end still gives its rows. Which
table a row is of is told by its shape. Rows that were deleted may come back where the list of free
pages cannot be read. The format is that of https://www.sqlite.org/fileformat2.html.
"""

from __future__ import annotations

import math
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Value = None | int | float | str | bytes

MAGIC = b"SQLite format 3\0"
PAGE_BYTES = 4096
"""The page size that SQLite gives to a new file."""

_HEADER_BYTES = 100
_LEAF_OF_TABLE, _LEAF_OF_INDEX, _INNER_OF_INDEX = 0x0D, 0x0A, 0x02
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_TYPES: dict[str, tuple[type, ...]] = {
    "TEXT": (str,),
    "INTEGER": (int,),
    "REAL": (float, int),  # SQLite stores 1.0 as 1
}


class _DamageError(Exception):
    """A page or a row of it makes no sense."""


@dataclass(frozen=True)
class Row:
    """A row as it lies in a page; `rowid` is None where the table has none."""

    rowid: int | None
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Shape:
    """What the rows of a table look like.

    Attributes:
        columns: their names.
        types: `TEXT`, `INTEGER` or `REAL` of each.
        needed: whether each must have a value.
        key: the place of the column that is the rowid itself; None without one.
        has_rowid: whether the rows lie in the tree of a table, not of an index.
    """

    table: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    needed: tuple[bool, ...]
    key: int | None
    has_rowid: bool

    def fits(self, row: Row) -> bool:
        """Whether a row can be of this table; columns that were added later may be missing."""
        values = row.values
        if (row.rowid is not None) != self.has_rowid or len(values) > len(self.columns):
            return False
        if any(self.needed[len(values) :]):
            return False
        return all(self._allows(place, value) for place, value in enumerate(values))

    def _allows(self, place: int, value: Value) -> bool:
        if place == self.key:
            return value is None
        if value is None:
            return not self.needed[place]
        return isinstance(value, _TYPES[self.types[place]])


def shape_of(row: Row, tables: Sequence[Shape]) -> Shape | None:
    """The table that a row is of: of those that it fits, the one that misses least."""
    fitting = [one for one in tables if one.fits(row)]
    return min(fitting, key=lambda one: len(one.columns), default=None)


def shapes(connection: sqlite3.Connection) -> list[Shape]:
    """The shapes of the strict tables of a database."""
    tables = connection.execute(
        "select name, wr from pragma_table_list where schema = 'main' and type = 'table'"
        " and strict order by name"
    ).fetchall()
    found = []
    for table, without_rowid in tables:
        columns = connection.execute(
            'select name, type, "notnull", pk from pragma_table_info(?)', (table,)
        ).fetchall()
        keys = [place for place, (_, _, _, pk) in enumerate(columns) if pk]
        is_rowid = not without_rowid and len(keys) == 1 and columns[keys[0]][1] == "INTEGER"
        found.append(
            Shape(
                table,
                tuple(name for name, _, _, _ in columns),
                tuple(kind for _, kind, _, _ in columns),
                tuple(bool(needed or pk) for _, _, needed, pk in columns),
                keys[0] if is_rowid else None,
                not without_rowid,
            )
        )
    return found


def rows(content: bytes) -> Iterator[Row]:
    """All rows of a file that can be read, those of indexes too."""
    file = _File(content)
    skipped = file.free_pages()
    for page in range(1, file.pages + 1):
        if page not in skipped:
            yield from file.rows_of(page)


def page_bytes(content: bytes) -> int:
    """The page size that a file tells, if its header can be believed."""
    if content[:16] == MAGIC and len(content) >= _HEADER_BYTES:
        told = int.from_bytes(content[16:18], "big")
        size = 65536 if told == 1 else told
        if size >= 512 and size.bit_count() == 1:
            return size
    return PAGE_BYTES


class _File:
    """A database file as a row of pages, counted from 1."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._size = page_bytes(content)
        self.pages = len(content) // self._size

    def _page(self, number: int) -> bytes:
        if not 1 <= number <= self.pages:
            raise _DamageError
        return self._content[(number - 1) * self._size : number * self._size]

    def free_pages(self) -> set[int]:
        """Pages that hold nothing any more, as far as their list can be read."""
        found: set[int] = set()
        if self._content[:16] != MAGIC or len(self._content) < _HEADER_BYTES:
            return found
        trunk = int.from_bytes(self._content[32:36], "big")
        while 1 < trunk <= self.pages and trunk not in found:
            page = self._page(trunk)
            following, count = struct.unpack_from(">II", page)
            if count > self._size // 4 - 2:
                break
            found |= {trunk, *struct.unpack_from(f">{count}I", page, 8)}
            trunk = following
        return found

    def rows_of(self, number: int) -> Iterator[Row]:
        """The rows of one page that can be read; none if it is of another kind."""
        page = self._page(number)
        start = _HEADER_BYTES if number == 1 else 0
        kind, count = page[start], int.from_bytes(page[start + 3 : start + 5], "big")
        if kind not in (_LEAF_OF_TABLE, _LEAF_OF_INDEX, _INNER_OF_INDEX):
            return
        places = start + (12 if kind == _INNER_OF_INDEX else 8)
        if places + 2 * count > self._size:
            return
        for (at,) in struct.iter_unpack(">H", page[places : places + 2 * count]):
            try:
                yield self._row(page, at, kind)
            except (_DamageError, IndexError, struct.error):
                continue

    def _row(self, page: bytes, at: int, kind: int) -> Row:
        if kind == _INNER_OF_INDEX:
            at += 4  # the page to the left
        length, at = _varint(page, at)
        rowid = None
        if kind == _LEAF_OF_TABLE:
            rowid, at = _varint(page, at)
            if rowid >= 1 << 63:
                rowid -= 1 << 64
        return Row(rowid, _values(self._payload(page, at, length, in_table=rowid is not None)))

    def _payload(self, page: bytes, at: int, length: int, *, in_table: bool) -> bytes:
        """The bytes of a row; what does not fit into its page goes on in a chain of others."""
        usable = self._size
        most = usable - 35 if in_table else (usable - 12) * 64 // 255 - 23
        if length > len(self._content):
            raise _DamageError
        if length <= most:
            return page[at : at + length]
        least = (usable - 12) * 32 // 255 - 23
        here = least + (length - least) % (usable - 4)
        here = here if here <= most else least
        parts, missing = [page[at : at + here]], length - here
        following = int.from_bytes(page[at + here : at + here + 4], "big")
        while missing > 0:
            overflow = self._page(following)
            following = int.from_bytes(overflow[:4], "big")
            parts.append(overflow[4 : 4 + missing])
            missing -= usable - 4
        return b"".join(parts)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for place in range(at, at + 8):
        value = value << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return value, place + 1
    return value << 8 | data[at + 8], at + 9


def _values(payload: bytes) -> tuple[Value, ...]:
    """The columns of a row; a text that is not UTF-8 keeps what can be read of it."""
    end_of_header, at = _varint(payload, 0)
    kinds = []
    while at < end_of_header:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values = []
    for kind in kinds:
        length = _length(kind)
        values.append(_value(kind, payload[at : at + length]))
        at += length
    if at != len(payload):
        raise _DamageError
    return tuple(values)


def _length(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    return 8 if kind == 7 else _INTEGER_BYTES.get(kind, 0)


def _value(kind: int, data: bytes) -> Value:
    if kind >= 12:
        return data.decode(errors="replace") if kind % 2 else data
    if kind in _INTEGER_BYTES:
        return int.from_bytes(data, "big", signed=True)
    if kind == 7:
        (number,) = struct.unpack(">d", data)
        return None if math.isnan(number) else float(number)
    if kind in (10, 11):
        raise _DamageError
    return {0: None, 8: 0, 9: 1}[kind]
