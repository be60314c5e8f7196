"""Opening the history: for reading, or for writing with its tables up to date.

Every thread has a connection of its own. A history of an older cnnlab is copied, then brought up
to date in one transaction.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlab.errors import CnnlabError, DiskFullError, HistoryError, StorageError
from cnnlab.history.copies import REPAIR_HINT, write_copy
from cnnlab.history.journal import switch, wanted_mode
from cnnlab.home import Home, disk_is_full, failed_write, make_folder

if TYPE_CHECKING:
    from sqlite_utils import Database

BUSY_SECONDS = 10.0
"""How long a connection waits for another one's write."""

UPGRADE_SECONDS = 60.0
"""How long a process waits while another one brings the history up to date."""

APPLICATION_ID = 0x434E4E4C
"""Marks the file as a history of cnnlab ("CNNL"), as `file` and SQLite can tell."""

MIGRATIONS = ("m001_initial", "m002_commands", "m003_trash", "m004_survival", "m005_exchange")
"""Names of all migrations, known here without the time it takes to import sqlite-utils."""

_NEEDED_BYTES = 2**16
"""Room for the shared memory of a WAL, and some for the WAL itself."""

_APPLIED = "_sqlite_migrations"
"""Table in which sqlite-utils records the migrations that were applied."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into sentences.

    Raises:
        StorageError: the disk is full, or the file cannot be written.
        HistoryError: it is locked, damaged, or no database, or a text is not Unicode.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _sentence(path, error) from error
    except UnicodeEncodeError as error:
        # Half characters, such as Python makes of file names and arguments that are not UTF-8.
        raise HistoryError(
            f"The history cannot hold the text {error.object!a}: it is not UTF-8.",
            "Write it in UTF-8.",
        ) from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise HistoryError(f"The history {path} is damaged ({error}).", REPAIR_HINT) from error


def primary_code(error: sqlite3.Error) -> int:
    """The primary result code of SQLite: the lower eight bits (https://www.sqlite.org/rescode.html)."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _sentence(path: Path, error: sqlite3.Error) -> CnnlabError:
    kind = primary_code(error)
    unclear = kind in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
    if kind == sqlite3.SQLITE_FULL or (unclear and _is_full(path)):
        return DiskFullError(
            f"The disk is full: the history {path} cannot grow.", "Free some space."
        )
    if kind in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StorageError(
            f"The history {path} cannot be opened or written ({error}).",
            "Check the permissions of the file and its folder, or set CNNLAB_HOME.",
        )
    if kind == sqlite3.SQLITE_IOERR:
        return StorageError(
            f"The history {path} cannot be read or written ({error}).",
            "Check the disk: its free space, your quota, and its health.",
        )
    if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return HistoryError(
            f"The history {path} is locked by another program.",
            "Close programs that have it open, and try again.",
        )
    if kind in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return HistoryError(f"The history {path} is damaged ({error}).", REPAIR_HINT)
    return HistoryError(f"The history {path} cannot be used ({error}).", REPAIR_HINT)


def _is_full(path: Path) -> bool:
    """Whether a file's disk is full: SQLite says so of the database, not of the files beside it.

    Found by writing, since free space says nothing of a user's quota.
    """
    try:
        with tempfile.TemporaryFile(dir=path.parent) as file:
            file.write(bytes(_NEEDED_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return disk_is_full(error)
    return False


def connect_for_reading(home: Home) -> sqlite3.Connection | None:
    """A connection that cannot write; None if there is no history yet.

    A history of an older cnnlab is brought up to date first.

    Raises:
        HistoryError: the file is damaged, of another program, or of a newer cnnlab.
        StorageError: the home is no folder, or cannot be read.
    """
    path = home.history
    if home.root.exists() and not home.root.is_dir():
        raise StorageError(f"The home {home.root} is not a folder.", "Set CNNLAB_HOME to one.")
    if not path.exists():
        return None
    with translated(path):
        if not _is_current(path):
            connect_for_writing(home).close()
        connection = open_to_read(path)
        connection.row_factory = sqlite3.Row
        # SQLite's own lower() knows the letters of ASCII only.
        connection.create_function("casefold", 1, str.casefold, deterministic=True)
        return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection to a history as it is, which cannot write; nothing of it is checked.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    # Even a reader of a WAL database makes files beside it. Where it cannot, as on a read-only
    # file system, a history that nobody writes at the moment is read as one that never changes.
    in_use = any(path.with_name(path.name + end).exists() for end in ("-wal", "-journal"))
    if not in_use and not os.access(path.parent, os.W_OK):
        return _connect_to_read(path, "mode=ro&immutable=1")
    try:
        return _connect_to_read(path, "mode=ro")
    except sqlite3.OperationalError as error:
        if primary_code(error) != sqlite3.SQLITE_READONLY:
            raise
    # A writer was killed: SQLite takes back what it left half done, if it may write.
    return _connect_to_read(path, "mode=rw")


def _connect_to_read(path: Path, options: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
    )
    try:
        connection.execute("pragma query_only = on")
        connection.execute("pragma schema_version")
    except BaseException:
        connection.close()
        raise
    return connection


def _is_current(path: Path) -> bool:
    """Whether all migrations are applied; a file that is not ours, or newer, is refused."""
    return applied_migrations(path) == set(MIGRATIONS)


def applied_migrations(path: Path) -> set[str]:
    """Names of the migrations that a history has seen; none if it has no tables yet.

    Raises:
        HistoryError: the file is of another program, or of a newer cnnlab.
        sqlite3.Error: it cannot be read.
    """
    with closing(open_to_read(path)) as connection:
        (owner,) = connection.execute("pragma application_id").fetchone()
        tables = {
            row[0]
            for row in connection.execute("select name from sqlite_master where type = 'table'")
        }
        applied = set()
        if _APPLIED in tables:
            query = f"select name from {_APPLIED} where migration_set = 'cnnlab'"
            applied = {row[0] for row in connection.execute(query)}
    if owner not in (0, APPLICATION_ID) or (tables - {_APPLIED} and not applied):
        raise HistoryError(
            f"{path} is a database of another program, not a history of cnnlab.",
            "Set CNNLAB_HOME to another folder, or move the file away.",
        )
    newer = applied - set(MIGRATIONS)
    if newer:
        raise HistoryError(
            f"The history {path} was written by a newer cnnlab (it has {max(newer)}).",
            "Update cnnlab; the file was not touched.",
        )
    return applied


def connect_for_writing(home: Home) -> Database:
    """A connection with tables up to date, foreign keys on, and writes that survive power loss.

    Raises:
        StorageError: the home cannot be written.
        HistoryError: see `connect_for_reading`.
        ConfigError: ``CNNLAB_JOURNAL`` names no journal mode.
    """
    make_folder(home.root)
    path = home.history
    mode = wanted_mode(home.root)
    with translated(path):
        _bring_up_to_date(home, mode)
        db = _writable(path)
        switch(db.conn, mode)
        db.execute("pragma foreign_keys = on")
        return db


def _writable(path: Path) -> Database:
    from sqlite_utils import Database

    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("pragma synchronous = full")
    return Database(connection)


def _bring_up_to_date(home: Home, mode: str) -> None:
    """Applies missing migrations; one process at a time, since two at once would collide."""
    path = home.history
    if path.exists() and _is_current(path):
        return
    try:
        with upgrading(path):
            _upgrade(path, mode)
    except OSError as error:
        what = f"The history {path} cannot be created"
        remedy = "Set CNNLAB_HOME to a folder that you can write to."
        raise failed_write(what, error, remedy) from error


@contextmanager
def upgrading(path: Path) -> Iterator[None]:
    """Keeps all other processes from making the history's tables; they wait.

    Raises:
        HistoryError: one of them has been at it for `UPGRADE_SECONDS`.
        OSError: the lock beside the history cannot be made.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_suffix(".lock"), mode=0o600)
    try:
        lock.acquire(UPGRADE_SECONDS)
    except Timeout as error:
        raise HistoryError(
            f"Another process has been bringing the history {path} up to date for a minute.",
            "Try again when it is done.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _upgrade(path: Path, mode: str) -> None:
    """Copies a history, then applies all that is missing, or leaves the file as it was."""
    from cnnlab.history.migrations import migrations

    if path.exists():
        applied = applied_migrations(path)
        if applied == set(MIGRATIONS):  # another process was faster
            return
        if applied:
            with closing(open_to_read(path)) as older:
                write_copy(older, path.with_name(f"{path.name}.before-{MIGRATIONS[-1]}"))
    with closing(_writable(path)) as db:
        path.chmod(0o600)
        db.execute(f"pragma journal_mode = {mode}")
        with transaction(db, path):
            db.execute(f"pragma application_id = {APPLICATION_ID}")
            migrations.apply(db)


@contextmanager
def transaction(db: Database, path: Path) -> Iterator[None]:
    """One whole transaction on a connection for writing.

    It begins by taking the write lock: a transaction that first reads and then wants to write
    fails at once when another process wrote in between, however long it would have waited.
    """
    with translated(path):
        db.conn.execute("begin immediate")
        try:
            yield
            db.conn.execute("commit")
        except BaseException:
            db.rollback()
            raise
