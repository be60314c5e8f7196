"""Where an export goes: whole or not at all, and over nothing that was not given up.

A writer works on a hidden path beside the real one, which ends with `.part`, so that nobody takes
what a killed process left there for a whole file. When it comes back everything is brought to the
disk, then renamed. Whatever else ends it before, such as an error, Ctrl-C or a full disk, takes the
half with it; Ctrl-C comes too late once it is renamed.

Into a folder that is there already files are renamed one after another. What stands in their way
is found before the first one; only a disk or a machine that fails in between leaves some new ones
among the old.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cnnlab.errors import ConfigError, StorageError
from cnnlab.home import failed_write, sync_folder
from cnnlab.signals import answered

_PART = ".part"
_ALWAYS_TAKEN = 64
"""Bytes of a name that every file system takes; longer ones may be too long for some."""
_FOLDER = "a folder"


@dataclass(frozen=True)
class Written:
    """Files that were written, and what a user should know of them, a line each."""

    files: tuple[Path, ...]
    told: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(path.stat().st_size for path in self.files)


def write_whole(
    output: Path, write: Callable[[Path], Sequence[str]], *, force: bool = False
) -> Written:
    """Has something written, and puts it in its place when it is whole.

    Args:
        output: a file, or a folder where `write` makes one; of a link, what it leads to.
        write: gets a path that is not there yet, whose name tells no format, and returns what to
            tell. An OSError that it raises is told of the output.
        force: whether files that are there already are written over. Of a folder those of the
            same names are; others stay.

    Raises:
        ConfigError: something is there already, or what is there is no file or folder that could
            give way; or the folder around it is not there.
        StorageError: it cannot be written.
    """
    output = output if output.name else output.absolute()  # the folder that is called `.`
    try:
        _require_room_for(output, force=force)
        place = _followed(output)
        partial = _hidden(place)
        try:
            told = tuple(write(partial))
            _sync(partial)
            with _to_its_end():
                files = _put(partial, place, force=force)
                sync_folder(place.parent)
        finally:
            _remove(partial)
    except OSError as error:
        raise _failed(output, error) from error
    return Written(tuple(files), told)


def _followed(path: Path) -> Path:
    """What a link leads to, there or not; a path that is none as it is."""
    # `Path.is_symlink` raises for a name that is too long, which is told when it is written.
    return Path(os.path.realpath(path)) if os.path.islink(path) else path  # noqa: PTH114


def _hidden(output: Path) -> Path:
    """A path beside another that nobody has: `.NAME.RANDOM.part`, no longer than a name may be."""
    ending = f".{secrets.token_hex(4)}{_PART}"
    name = os.fsencode(output.name)
    room = max(len(name), _ALWAYS_TAKEN) - len(f".{ending}")
    # What is cut, or is not UTF-8, loses whole characters.
    return output.parent / f".{name[:room].decode(errors='ignore')}{ending}"


def _require_room_for(output: Path, *, force: bool) -> None:
    if not output.name:
        raise ConfigError(f"{output} can take no file.", "Choose another folder.")
    if not output.parent.is_dir():
        raise ConfigError(
            f"There is no folder {output.parent}.", f"Make it with `mkdir -p {output.parent}`."
        )
    if output.exists() and not (output.is_file() or output.is_dir()):
        raise ConfigError(
            f"{output} is neither a file nor a folder, and nothing was written.",
            "Choose another name.",
        )
    if not force and (output.is_symlink() or output.exists()) and not _is_empty(output):
        raise _is_there(output)


def _is_there(output: Path) -> ConfigError:
    return ConfigError(
        f"{output} is there already, and nothing was written.",
        "--force writes over it; or choose another name.",
    )


def _is_empty(path: Path) -> bool:
    """Whether it is a folder with nothing in it."""
    try:
        return path.is_dir() and not any(path.iterdir())
    except OSError:
        return False


@contextmanager
def _to_its_end() -> Iterator[None]:
    """What is done meanwhile is done to its end, also where Ctrl-C or SIGTERM comes in between."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals do not reach it
        return
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    with answered(ends, signal.SIG_IGN):
        yield


def _put(partial: Path, output: Path, *, force: bool) -> list[Path]:
    """Renames what was written; returns the files in their places.

    Raises:
        ConfigError: somebody else made something of that name meanwhile, or it is of another kind.
        OSError: it cannot be renamed.
    """
    if not force and output.exists() and not _is_empty(output):
        raise _is_there(output)
    if partial.is_dir() and output.is_dir():
        return _merge(partial, output)
    _require_way(partial, output)
    partial.replace(output)
    return sorted(path for path in (output, *output.rglob("*")) if path.is_file())


def _merge(partial: Path, output: Path) -> list[Path]:
    """Moves files into a folder that is there, each over the one of its name."""
    moves = [(path, output / path.relative_to(partial)) for path in sorted(partial.rglob("*"))]
    for path, place in ((partial, output), *moves):
        _require_way(path, place)
    placed = []
    for path, place in moves:
        if path.is_dir():
            place.mkdir(exist_ok=True)
        else:
            path.replace(place)
            placed.append(place)
    return placed


def _require_way(path: Path, place: Path) -> None:
    """Checks that something can be renamed: a file over a file alone, a folder into a folder.

    Raises:
        ConfigError: what is there is of another kind.
        OSError: nothing can be written into the folder that is there.
    """
    made, there = _kind(path), _kind(place)
    if there not in ("", made):
        raise ConfigError(
            f"{place} is {there}, not {made}, and nothing was written.", "Choose another name."
        )
    if there == _FOLDER and not os.access(place, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _kind(path: Path) -> str:
    """What is there, in words; empty for nothing."""
    if path.is_symlink():
        return "a link"
    if path.is_dir():
        return _FOLDER
    if path.is_file():
        return "a file"
    return "a pipe or a device" if path.exists() else ""


def _sync(path: Path) -> None:
    """Brings a file, or the files of a folder, to the disk."""
    for file in (path, *path.rglob("*")):
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def _failed(output: Path, error: OSError) -> StorageError:
    hint = f"Check that {output.parent} can be written."
    if error.errno == errno.ENAMETOOLONG:
        hint = "Choose a shorter name."
    return failed_write(f"{output} cannot be written", error, hint)
