"""Checking the history, and replacing a damaged one by a new one with what could be read of it.

Nothing is repaired in place: the damaged file stays beside the new one, so that a backup or
another tool can still be tried on it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from cnnlab.errors import HistoryError
from cnnlab.history.connection import (
    APPLICATION_ID,
    MIGRATIONS,
    applied_migrations,
    open_to_read,
    primary_code,
    translated,
    upgrading,
)
from cnnlab.history.copies import damage
from cnnlab.history.rebuilding import Rebuilt, rebuild
from cnnlab.history.salvage import MAGIC, PAGE_BYTES, rows
from cnnlab.history.soundness import unreadable_rows
from cnnlab.home import Home, failed_write, sync_folder

_FIRST_LOCKED, _LOCKED = 0x40000000, 512
"""Where in the file SQLite's own locks lie (https://www.sqlite.org/fileformat2.html#lockbyte)."""

_JOURNALS = ("-wal", "-journal")
_UNREACHABLE = {
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM,
}  # fmt: skip


@dataclass(frozen=True)
class Repair:
    """What was wrong with a history, where the damaged file is now, and what the new one holds."""

    problems: list[str]
    damaged: Path
    rebuilt: Rebuilt


def problems(home: Home) -> list[str]:
    """What is wrong with the history; nothing if it is sound.

    Raises:
        HistoryError: there is none, or a sound one of another program or a newer cnnlab.
        StorageError: it cannot be read.
    """
    path = home.history
    if not path.exists():
        raise HistoryError(f"There is no history in {home.root} yet.")
    with translated(path):
        try:
            with closing(open_to_read(path)) as connection:
                found = damage(connection) or _lost_mark(connection)
                # An empty file is sound: it becomes a history at its first use. The rows of an
                # older history can be read once it is brought up to date.
                if found or applied_migrations(path) != set(MIGRATIONS):
                    return found
                return unreadable_rows(connection)
        except sqlite3.Error as error:
            if primary_code(error) in _UNREACHABLE:
                raise
            return [str(error)]
        except UnicodeDecodeError as error:
            return [str(error)]


def _lost_mark(connection: sqlite3.Connection) -> list[str]:
    """Whether a file is marked as another program's, though cnnlab has made its tables."""
    (owner,) = connection.execute("pragma application_id").fetchone()
    if owner in (0, APPLICATION_ID):
        return []
    query = "select 1 from _sqlite_migrations where migration_set = 'cnnlab'"
    with suppress(sqlite3.OperationalError):
        if connection.execute(query).fetchone():
            return [f"it is marked as a database of another program (number {owner})"]
    return []


def repair(home: Home) -> Repair | None:
    """Replaces a damaged history by what can be saved of it; None if it is sound and stays.

    Raises:
        HistoryError: there is none, nothing of it can be read, somebody has it open, or it is of
            another program or a newer cnnlab; it stays as it is.
        StorageError: there is no room for the new one, or the home cannot be written.
    """
    found = problems(home)
    if not found:
        return None
    path = home.history
    try:
        with (
            upgrading(path),
            _nobody_else(path) as file,
            _workshop(home) as folder,
        ):
            place = Home(folder / "new")
            rebuilt = rebuild(home, rows(_content(file, path, folder)), place)
            if not rebuilt.saved["runs"]:
                raise HistoryError(
                    f"No run can be read of the history {path}; it stays as it is.",
                    "Bring a backup of it, or move it away to begin a new one.",
                )
            return Repair(found, _replace(path, place.history), rebuilt)
    except OSError as error:
        what = f"The history {path} cannot be repaired"
        remedy = f"Check that {home.root} and its files can be written."
        raise failed_write(what, error, remedy) from error


@contextmanager
def _nobody_else(path: Path) -> Iterator[BinaryIO]:
    """The file, opened and locked as SQLite locks it for a writer that wants to be alone.

    Whoever opens and closes the file within this process meanwhile gives the lock back, as POSIX
    has it.

    Raises:
        HistoryError: another process has it open.
    """
    opener = _process_with(path)
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKED, _FIRST_LOCKED)
        except OSError as error:
            # Where there are no locks, the list of open files has to do.
            if error.errno in (errno.EACCES, errno.EAGAIN):
                opener = opener or "another process"
        if opener:
            raise HistoryError(
                f"The history {path} is open in {opener}.",
                "Close the screens, stop the runs, and repair it then.",
            )
        yield file


@contextmanager
def _workshop(home: Home) -> Iterator[Path]:
    """A folder for the time of a repair; what one that was killed left behind goes too."""
    for left in home.root.glob(".repair-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".repair-", dir=home.root) as folder:
        yield Path(folder)


def _process_with(path: Path) -> str:
    """Another process of this machine and user that has a file open, in words; else empty."""
    import psutil

    name = str(path.resolve())
    for process in psutil.process_iter(["pid", "name"]):
        if process.pid == os.getpid():
            continue
        with suppress(psutil.Error):
            if any(file.path == name for file in process.open_files()):
                return f"process {process.pid} ({process.info['name']})"
    return ""


def _content(file: BinaryIO, path: Path, folder: Path) -> bytes:
    """The bytes of the file, and what a killed writer left in its journal, as SQLite joins them."""
    content = file.read()
    left = [end for end in _JOURNALS if path.with_name(path.name + end).exists()]
    if not left:
        return content
    copy = folder / path.name
    copy.write_bytes(content if content[:16] == MAGIC else _with_header(content))
    for end in left:
        shutil.copyfile(path.with_name(path.name + end), copy.with_name(copy.name + end))
    with suppress(sqlite3.Error, UnicodeDecodeError), closing(sqlite3.connect(copy)) as connection:
        # The last one to close a database writes its log back; whether this is answered or not.
        connection.execute("select count(*) from sqlite_master").fetchone()
    return copy.read_bytes()


def _with_header(content: bytes) -> bytes:
    """A file whose beginning is destroyed, with as much of one as SQLite needs to open it."""
    header = bytearray(100)
    header[:24] = struct.pack(">16sHBBBBBB", MAGIC, PAGE_BYTES, 2, 2, 0, 64, 32, 32)
    header[28:32] = struct.pack(">I", len(content) // PAGE_BYTES)
    header[44:48] = header[56:60] = struct.pack(">I", 1)
    return bytes(header) + content[100:]


def _replace(path: Path, new: Path) -> Path:
    """Puts a new history in the place of the damaged one; returns where that is now."""
    damaged = path.with_name(f"{path.name}.damaged-{datetime.now():%Y%m%d-%H%M%S}")
    try:
        os.link(path, damaged)
    except OSError:
        shutil.copyfile(path, damaged)
        damaged.chmod(0o600)
    # A log that stayed would be taken for one of the new file.
    for end in _JOURNALS:
        journal = path.with_name(path.name + end)
        if journal.exists() and journal.stat().st_size:
            journal.rename(damaged.with_name(damaged.name + end))
        journal.unlink(missing_ok=True)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)
    return damaged
