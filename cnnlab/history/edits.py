"""Changing the history by hand: names, tags, notes, and deleting runs for good."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from cnnlab.errors import HistoryError, StorageError, unknown_name
from cnnlab.history.connection import connect_for_writing, transaction
from cnnlab.history.naming import checked_name
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
    """
    chosen = checked_name(name)
    with editing(home, [run_id]) as db:
        db.execute("update runs set name = ? where id = ?", (chosen, run_id))


def add_tags(home: Home, run_id: str, tags: Iterable[str]) -> None:
    """Adds tags to a run; those that it has already stay as they are.

    Raises:
        ConfigError: there is no such run.
    """
    with editing(home, [run_id]) as db:
        # Not by sqlite-utils: where it ignores a row, it looks for a rowid that there is not.
        rows = [(run_id, tag) for tag in tags]
        db.conn.executemany("insert or ignore into tags (run_id, tag) values (?, ?)", rows)


def remove_tags(home: Home, run_id: str, tags: Iterable[str]) -> None:
    """Takes tags from a run; those that it does not have are no error.

    Raises:
        ConfigError: there is no such run.
    """
    with editing(home, [run_id]) as db:
        rows = [(run_id, tag) for tag in tags]
        db.conn.executemany("delete from tags where run_id = ? and tag = ?", rows)


def add_note(home: Home, run_id: str, text: str) -> None:
    """Adds a note to a run, below its earlier ones.

    Raises:
        ConfigError: there is no such run.
    """
    with editing(home, [run_id]) as db:
        db.table("notes").insert({"run_id": run_id, "text": text, "written_at": now()})


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
