"""Changing the history by hand: names, tags, notes, and deleting runs for good."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from itertools import product
from typing import TYPE_CHECKING

from cnnlab.errors import HistoryError, StorageError, unknown_name
from cnnlab.history.connection import connect_for_writing, transaction
from cnnlab.history.naming import TagChange, checked_name, checked_note, trashed_run
from cnnlab.history.ownership import is_alive, is_waiting, owner_words
from cnnlab.history.recorder import now
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

if TYPE_CHECKING:
    from sqlite_utils import Database


def require_deletable(run: RunRecord) -> None:
    """Checks that nothing trains a run any more or will, as far as can be told from here.

    Raises:
        HistoryError: a process does, or has the run in its queue.
    """
    if is_alive(run):
        raise HistoryError(
            f"The run {run.name} ({run.id}) is still being trained by {owner_words(run)}.",
            f"Stop it first: `cnnlab runs stop {run.id}`, or x where it is watched.",
        )
    if is_waiting(run):
        raise HistoryError(
            f"The run {run.name} ({run.id}) waits to be trained by {owner_words(run)}.",
            "Take it out of the queue first, where it waits.",
        )


def delete_run(home: Home, run: RunRecord) -> None:
    """Removes a run from the history for good, then its folder with all checkpoints.

    Raises:
        HistoryError: the run is still being trained, or waits for it.
        StorageError: its files cannot be removed.
    """
    require_deletable(run)
    with closing(connect_for_writing(home)) as db, transaction(db, home.history):
        db.execute("delete from runs where id = ?", (run.id,))
    remove_folder(home, run.id)


def remove_folder(home: Home, run_id: str) -> None:
    """Removes the folder of a run that is deleted, if it has one.

    Raises:
        StorageError: it cannot be removed.
    """
    folder = home.run_folder(run_id)
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise StorageError(
            f"The run is deleted, but its folder {folder} cannot be removed:"
            f" {error.strerror or error}.",
            "Remove the folder by hand.",
        ) from error


def rename_run(home: Home, run_id: str, name: str) -> None:
    """Gives a run another name, without the blanks around it; several runs may share one.

    Raises:
        ConfigError: there is no such run, or no run may have that name.
        HistoryError: the run is in the trash.
    """
    chosen = checked_name(name)
    with _labelling(home, [run_id]) as db:
        db.execute("update runs set name = ? where id = ?", (chosen, run_id))


def change_tags(home: Home, run_ids: Collection[str], change: TagChange) -> int:
    """Adds tags to runs and takes others from them, on all of them or on none.

    To add a tag that a run has, or to take one that it does not have, is no error.

    Returns:
        how many of the runs had other tags before.

    Raises:
        ConfigError: there is no such run.
        HistoryError: one of them is in the trash.
    """
    with _labelling(home, run_ids) as db:
        query = "select run_id, tag from tags where run_id in (select value from json_each(?))"
        held = set(db.execute(query, [json.dumps(list(run_ids))]))
        new = set(product(run_ids, change.added)) - held
        gone = set(product(run_ids, change.removed)) & held
        # Not by sqlite-utils: it looks for the rowids of new rows, which this table does not have.
        db.conn.executemany("insert into tags (run_id, tag) values (?, ?)", new)
        db.conn.executemany("delete from tags where run_id = ? and tag = ?", gone)
    return len({run_id for run_id, _ in new | gone})


def add_note(home: Home, run_id: str, text: str) -> None:
    """Adds a note to a run; see `add_notes`."""
    add_notes(home, [run_id], text)


def add_notes(home: Home, run_ids: Collection[str], text: str) -> None:
    """Adds a note to runs, below their earlier ones, on all of them or on none.

    Raises:
        ConfigError: there is no such run, or the note is empty.
        HistoryError: one of them is in the trash.
    """
    note = checked_note(text)
    with _labelling(home, run_ids) as db:
        rows = [{"run_id": run_id, "text": note, "written_at": now()} for run_id in run_ids]
        db.table("notes").insert_all(rows)


@contextmanager
def _labelling(home: Home, run_ids: Collection[str]) -> Iterator[Database]:
    """A transaction on what people call runs and write on them.

    Raises:
        ConfigError: one of the runs is not there.
        HistoryError: one of them is in the trash, and stays as it went there.
    """
    with editing(home, run_ids) as db:
        trashed = db.execute(
            "select name, id from runs where trashed_at is not null"
            " and id in (select value from json_each(?))",
            [json.dumps(list(run_ids))],
        ).fetchone()
        if trashed is not None:
            raise trashed_run(*trashed)
        yield db


@contextmanager
def editing(home: Home, run_ids: Collection[str]) -> Iterator[Database]:
    """A transaction on the rows of runs that are there.

    Raises:
        ConfigError: one of them is not.
    """
    with closing(connect_for_writing(home)) as db, transaction(db, home.history):
        known = {row[0] for row in db.execute("select id from runs")}
        for run_id in run_ids:
            if run_id not in known:
                raise unknown_name("run", run_id, known, "See `cnnlab runs list`.")
        yield db
