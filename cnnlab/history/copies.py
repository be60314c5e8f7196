"""Copies of the history that are whole, and what is wrong with one that is not."""

from __future__ import annotations

import glob
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from cnnlab.errors import HistoryError
from cnnlab.home import sync_folder

REPAIR_HINT = (
    "`cnnlab history repair` saves what can be saved; "
    "a copy made by `cnnlab history backup` can take its place."
)

_MOST_TOLD = 20


def write_copy(source: sqlite3.Connection, target: Path) -> None:
    """Writes the history, as it is at one moment, into another file; others may write meanwhile.

    The file is there whole or not at all, readable by its owner alone; one that was there before
    stays until then. It is made anew from the rows, so it takes no more room than they need.

    Raises:
        HistoryError: the copy is not sound, since the history is not.
        sqlite3.Error, OSError: it cannot be read or written.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        _remove_leavings(target)
        partial.touch(mode=0o600, exist_ok=False)
        # SQLite takes the new file for a write to the old one.
        source.execute("pragma query_only = off")
        source.execute("vacuum into ?", (str(partial),))
        uri = f"{partial.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as copy:
            broken = damage(copy)
        if broken:
            raise HistoryError(f"The history is damaged ({broken[0]}).", REPAIR_HINT)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(target)
        sync_folder(target.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _remove_leavings(target: Path) -> None:
    """Removes what processes that were killed have begun to write."""
    import psutil

    for path in target.parent.glob(f".{glob.escape(target.name)}.*.partial"):
        writer = path.name.split(".")[-2]
        if writer == str(os.getpid()) or not (
            writer.isdecimal() and psutil.pid_exists(int(writer))
        ):
            path.unlink(missing_ok=True)


def damage(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong with the file: the first few lines, none if it is sound."""
    try:
        rows = connection.execute(f"pragma integrity_check({_MOST_TOLD})").fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return [str(error)]
    lines = [line for row in rows for line in str(row[0]).splitlines()]
    # "*** in database main ***" stands above the lines that tell what is wrong.
    return [line for line in lines if line != "ok" and not line.startswith("***")]
