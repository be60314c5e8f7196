"""A copy of the history in a file of the user's choice."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cnnlab.errors import ConfigError, HistoryError, StorageError
from cnnlab.history.connection import connect_for_reading, open_to_read, translated
from cnnlab.history.copies import write_copy
from cnnlab.home import Home, failed_write


@dataclass(frozen=True)
class Backup:
    """What a copy holds: runs, those in the trash too, and bytes."""

    path: Path
    runs: int
    bytes: int


def back_up(home: Home, target: Path, *, replace: bool = False) -> Backup:
    """Copies the whole history while others read and write it.

    Args:
        target: the file to write; it is there whole or not at all.
        replace: whether it may take the place of another file.

    Raises:
        ConfigError: there is such a file already, it is the history itself, or a folder.
        HistoryError: there is no history, or it is damaged.
        StorageError: the file cannot be written.
    """
    try:
        _require_free(home, target, replace=replace)
    except OSError as error:
        raise _failed(target, error) from error
    connection = connect_for_reading(home)
    if connection is None:
        raise HistoryError(f"There is no history in {home.root} yet.")
    with closing(connection), translated(home.history):
        try:
            write_copy(connection, target)
        except OSError as error:
            raise _failed(target, error) from error
    with closing(open_to_read(target)) as copy:
        (runs,) = copy.execute("select count(*) from runs").fetchone()
    return Backup(target, runs, target.stat().st_size)


def _failed(target: Path, error: OSError) -> StorageError:
    what = f"The backup {target} cannot be written"
    return failed_write(what, error, "Name a file in a folder that you can write to.")


def _require_free(home: Home, target: Path, *, replace: bool) -> None:
    if target.is_dir():
        raise ConfigError(f"{target} is a folder.", "Name a file in it.")
    beside = [home.history.with_name(home.history.name + end) for end in ("", "-wal", "-shm")]
    if any(_same_file(target, path) for path in beside):
        raise ConfigError(f"{target} is the history itself.", "Name another file.")
    if target.exists() and not replace:
        raise ConfigError(f"There is a file {target} already.", "`--force` replaces it.")


def _same_file(one: Path, other: Path) -> bool:
    """Whether two paths are the same file, or would be."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()
