"""Rows of the history, as SQLite gives them, as records."""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from operator import itemgetter
from typing import Any, TypeVar

from cnnlab.history.records import RunRecord

Record = TypeVar("Record")


def record_of(kind: type[Record], row: sqlite3.Row, **more: Any) -> Record:
    """A row as a record, with what the table does not hold itself."""
    names = [field.name for field in fields(kind) if field.name not in more]  # type: ignore[arg-type]
    return kind(**{name: row[name] for name in names}, **more)


def runs_of(rows: Sequence[sqlite3.Row]) -> list[RunRecord]:
    """Rows as records, quickly even where they are thousands."""
    if not rows:
        return []
    names, columns = [each.name for each in fields(RunRecord)], rows[0].keys()
    ordered = itemgetter(*map(columns.index, names))
    config, versions, git, tags = map(names.index, ("config", "versions", "git", "tags"))
    # Most runs share the shorter texts.
    shared = functools.cache(json.loads)
    found = []
    for row in rows:
        values = list(ordered(row))
        values[config] = json.loads(values[config])
        values[versions] = shared(values[versions])
        values[git] = shared(values[git]) if values[git] else None
        values[tags] = tuple(shared(values[tags]))
        found.append(RunRecord(*values))
    return found
