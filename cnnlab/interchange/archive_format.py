"""The layout of an archive: one zip that holds runs with all that they have.

    manifest.json                   what the archive is, its runs, and every other member with its
                                    size and checksum
    runs/<id>/rows.jsonl            the rows of the history
    runs/<id>/checkpoints.jsonl     those of its checkpoints, of a run that has some
    runs/<id>/checkpoints/<file>    the checkpoints, as they are
    runs/<id>/run.log               the log in its folder

A file of rows holds JSON lines: an object that names a table and its columns, then arrays with
their values; infinities are written as Python writes them. What is in the tables is told in
`history/migrations.py`, and what makes rows portable in `history/whole_runs.py`. Checkpoints are
not packed, since weights hardly shrink; all else is deflated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field

from cnnlab.history.whole_runs import Row, Value

FORMAT = "cnnlab archive"
VERSION = 1
"""Of the layout. The tables have a version of their own: the last migration that they have seen."""

MANIFEST = "manifest.json"
ROWS, CHECKPOINT_ROWS, LOG = "rows.jsonl", "checkpoints.jsonl", "run.log"

LARGEST_MANIFEST = 32 << 20
"""Bytes; so much tells of some fifty thousand runs."""

LONGEST_LINE = 16 << 20
"""Bytes of one row; the longest are configs, notes and tracebacks."""

_LINES_AT_ONCE = 1000

MEMBER = re.compile(
    r"runs/(?P<run>[A-Za-z0-9_-]{1,64})/"
    r"(?P<file>rows\.jsonl|checkpoints\.jsonl|run\.log|checkpoints/[A-Za-z0-9_-][\w.-]{0,120}\.pt)",
    re.ASCII,
)
"""The names that members have."""


class Member(BaseModel):
    """Size and checksum of a member."""

    model_config = ConfigDict(extra="forbid", strict=True)

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ArchivedRun(BaseModel):
    """A run of an archive."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    name: str


class Manifest(BaseModel):
    """What an archive is and holds.

    Attributes:
        history: the last migration that its tables have seen.
        cnnlab: the version that wrote it.
        made_at: ISO 8601, UTC.
        members: by their names, without the manifest itself.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["cnnlab archive"]
    version: int
    history: str
    cnnlab: str
    made_at: str
    runs: list[ArchivedRun]
    members: dict[str, Member]


def member_name(run_id: str, file: str) -> str:
    """The name of a member of a run."""
    return f"runs/{run_id}/{file}"


_encode = json.JSONEncoder(separators=(",", ":")).encode
_decode = json.JSONDecoder().decode


def written(rows: Iterable[tuple[str, Row]]) -> Iterator[bytes]:
    """Rows as lines, many at once."""
    kind: tuple[str, tuple[str, ...]] = ("", ())
    lines: list[str] = []
    for table, row in rows:
        if (table, tuple(row)) != kind:
            kind = (table, tuple(row))
            lines.append(_encode({"table": table, "columns": list(row)}))
        lines.append(_encode(list(row.values())))
        if len(lines) >= _LINES_AT_ONCE:
            yield ("\n".join(lines) + "\n").encode("ascii")
            lines.clear()
    if lines:
        yield ("\n".join(lines) + "\n").encode("ascii")


def read(file: BinaryIO) -> Iterator[tuple[str, dict[str, Value]]]:
    """Lines as rows, of whatever tables, columns and values they name.

    Raises:
        ValueError, RecursionError: they are no such lines.
    """
    table, columns = "", [""]
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise ValueError("a row is too long")
        values = _decode(line.decode("ascii"))
        if isinstance(values, dict):
            table, columns = _kind(values)
        elif table and isinstance(values, list) and len(values) == len(columns):
            yield table, dict(zip(columns, values, strict=True))
        else:
            raise ValueError("a line is no row")


def _kind(stated: dict[str, Any]) -> tuple[str, list[str]]:
    """The table and the columns that a line names."""
    table, columns = stated.get("table"), stated.get("columns")
    if not (isinstance(table, str) and isinstance(columns, list) and len(stated) == 2):
        raise ValueError("a line names no table")
    if not all(isinstance(name, str) for name in columns) or len(set(columns)) != len(columns):
        raise ValueError("the columns of a table are not named")
    return table, columns
