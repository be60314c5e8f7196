"""Rows of the history, as SQLite gives them, as records.

SQLite keeps the types of columns. What it does not know (that a text is a time, a status or a
config) is checked here, so that a damaged history is told as such wherever it is read.
"""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar, get_args

from cnnlab.errors import HistoryError
from cnnlab.events import Command, CommandKind
from cnnlab.history.connection import translated
from cnnlab.history.copies import REPAIR_HINT
from cnnlab.history.records import InterventionRecord, RunRecord

Record = TypeVar("Record")

_TABLES = {"data", "model", "optimizer", "schedule", "loss", "fine_tuning", "training"}

STATUSES = ("queued", "running", "paused", "finished", "stopped", "failed", "interrupted")


def _of_test(figure: str) -> str:
    """A figure of the run's own test split with its best checkpoint."""
    return (
        f"(select {figure} from evaluations where run_id = runs.id and split = 'test'"
        " and checkpoint = 'best' and dataset is null)"
    )


DERIVED = {
    "epochs_done": "(select coalesce(max(epoch), 0) from epochs where run_id = runs.id)",
    "test_accuracy": _of_test("accuracy"),
    "test_precision_macro": _of_test("precision_macro"),
    "test_loss": _of_test("loss"),
}
"""What is told of a run out of other tables, as SQL for a row of `runs`."""


class ImpossibleValue(ValueError):  # noqa: N818 - it says what was found
    """A value that no cnnlab has written."""


@contextmanager
def sound(path: Path) -> Iterator[None]:
    """Turns what is wrong with rows, and SQLite's errors, into sentences.

    Raises:
        HistoryError, StorageError: see `translated`.
    """
    try:
        with translated(path):
            yield
    except (ImpossibleValue, RecursionError) as error:
        raise HistoryError(f"The history {path} is damaged ({error}).", REPAIR_HINT) from error


def record_of(kind: type[Record], row: sqlite3.Row, **more: Any) -> Record:
    """A row as a record, with what the table does not hold itself."""
    names = [field.name for field in fields(kind) if field.name not in more]  # type: ignore[arg-type]
    record = kind(**{name: row[name] for name in names}, **more)
    for name in _times(kind):  # type: ignore[arg-type]
        _require_time(name, row[name])
    if isinstance(record, InterventionRecord):
        _require_command(record)
    return record


@functools.cache
def _times(kind: Hashable) -> tuple[str, ...]:
    """The fields that hold a time."""
    return tuple(field.name for field in fields(kind) if field.name.endswith("_at"))  # type: ignore[arg-type]


def _require_time(name: str, value: str | None) -> None:
    if value is None:
        return
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise ImpossibleValue(f"{name} is no time") from error


def _require_command(record: InterventionRecord) -> None:
    if record.kind not in get_args(CommandKind):
        raise ImpossibleValue("an intervention of no kind")
    try:
        Command(record.kind, record.value)
    except ValueError as error:
        raise ImpossibleValue(str(error)) from error


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
        _require_run(found[-1])
    return found


def _require_run(run: RunRecord) -> None:
    if run.status not in STATUSES:
        raise ImpossibleValue(f"the status of the run {run.id!r} is none")
    for name in _times(RunRecord):
        _require_time(name, getattr(run, name))
    git = run.git is None or (
        isinstance(run.git, dict) and isinstance(run.git.get("commit", ""), str)
    )
    if not isinstance(run.config, dict) or not all(map(_is_sound, run.config.items())):
        raise ImpossibleValue(f"the config of the run {run.id!r} is none")
    if not are_versions(run.versions) or not git:
        raise ImpossibleValue(f"what the run {run.id!r} was made with cannot be read")


def are_versions(value: Any) -> bool:
    """Whether a value tells the versions of packages: texts by names."""
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _is_sound(part: tuple[str, Any]) -> bool:
    """Whether a part of a config is a table, or a list of them, where every cnnlab has one.

    Of what is in them only the seed is looked at, by which runs are put together.
    """
    name, value = part
    if name == "augmentation":
        return isinstance(value, list) and all(isinstance(each, dict) for each in value)
    if name == "training" and isinstance(value, dict):
        return type(value.get("seed")) in (int, type(None))
    return name not in _TABLES or isinstance(value, dict)
