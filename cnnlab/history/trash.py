"""The trash: runs that are out of the way, with all that they have, until it is emptied.

A run in the trash keeps its row, its folder and its name, so that it can come back as it was.
Lists, names and `latest` pass it by.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cnnlab.amounts import how_many
from cnnlab.errors import StorageError
from cnnlab.history.edits import editing, remove_folder, require_deletable
from cnnlab.history.ownership import is_alive, is_waiting
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.history.recorder import now
from cnnlab.home import Home

_AMONG = "id in (select value from json_each(?))"


def move_to_trash(home: Home, run_ids: Sequence[str]) -> None:
    """Moves runs to the trash, all or none; those that are there already stay as they are.

    Raises:
        ConfigError: there is no such run.
        HistoryError: one of them is still being trained, or waits for it.
    """
    # Nobody else can start one of them while this transaction has the write lock.
    with editing(home, run_ids) as db:
        with Reader(home) as reader:
            for run in reader.runs_among(run_ids):
                require_deletable(run)
        db.execute(
            f"update runs set trashed_at = ? where trashed_at is null and {_AMONG}",
            (now(), json.dumps(list(run_ids))),
        )


def restore(home: Home, run_ids: Sequence[str]) -> None:
    """Brings runs back from the trash; those that are not in it stay as they are.

    Raises:
        ConfigError: there is no such run.
    """
    with editing(home, run_ids) as db:
        chosen = json.dumps(list(run_ids))
        db.execute(f"update runs set trashed_at = null where {_AMONG}", (chosen,))


def trash_size(home: Home) -> tuple[int, int]:
    """The number of runs in the trash, and the bytes of the files in their folders."""
    with Reader(home) as reader:
        run_ids = reader.run_ids(RunFilter(trashed=True))
    return len(run_ids), sum(_bytes(home.run_folder(run_id)) for run_id in run_ids)


def empty_trash(home: Home) -> tuple[int, int]:
    """Deletes the runs in the trash for good, with their folders; returns how many, and the bytes.

    A run that somebody has begun to train again stays.

    Raises:
        StorageError: a folder cannot be removed; all the others are.
    """
    with Reader(home) as reader:
        if not reader.run_ids(RunFilter(trashed=True)):
            return 0, 0
    with editing(home, []) as db:
        with Reader(home) as reader:
            trashed = reader.runs(RunFilter(trashed=True))
        run_ids = [run.id for run in trashed if not (is_alive(run) or is_waiting(run))]
        db.execute(f"delete from runs where {_AMONG}", (json.dumps(run_ids),))
    freed, failures = 0, []
    for run_id in run_ids:
        size = _bytes(home.run_folder(run_id))
        try:
            remove_folder(home, run_id)
            freed += size
        except StorageError as error:
            failures.append(error)
    if failures:
        raise _several(failures)
    return len(run_ids), freed


def _several(failures: Sequence[StorageError]) -> StorageError:
    """The first failure, and the number of the others."""
    first, others = failures[0], len(failures) - 1
    if not others:
        return first
    more = f" So it is with the folders of {how_many(others, 'more deleted run')}."
    return StorageError(first.message + more, "Remove the folders by hand.")


def _bytes(folder: Path) -> int:
    """Bytes of the files in a folder; links are not followed."""
    if folder.is_symlink():
        return 0
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            # The run may be restored and go on meanwhile.
            with suppress(FileNotFoundError):
                total += Path(parent, name).lstat().st_size
    return total
