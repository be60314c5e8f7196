"""Where things live: every path of cnnlab is decided here.

The home holds what a user makes (history, checkpoints, data sets, own presets). It is
``CNNLAB_HOME``, else the platform's user data folder. What the project ships (presets and small
data sets) lies in the repository root in an editable install, beside the package in a wheel.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import platformdirs

from cnnlab.errors import ConfigError, StorageError

_PACKAGE = Path(__file__).resolve().parent

RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What the id of a run may look like, one from elsewhere too: it names a folder."""


@dataclass(frozen=True)
class Home:
    """The folder with history, checkpoints, data sets and own presets."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """The home that ``CNNLAB_HOME`` or the platform names; nothing is created.

        Raises:
            ConfigError: it is said to be in the home folder of a user who is not there.
        """
        named = os.environ.get("CNNLAB_HOME")
        root = expanded(Path(named)) if named else platformdirs.user_data_path("cnnlab")
        return cls(root.absolute())

    @property
    def history(self) -> Path:
        """The SQLite file with all runs."""
        return self.root / "history.db"

    @property
    def datasets(self) -> Path:
        """The folder with one compact file for each data set."""
        return self.root / "datasets"

    @property
    def downloads(self) -> Path:
        """The folder with the original files of downloaded data sets."""
        return self.root / "downloads"

    @property
    def presets(self) -> Path:
        """The folder with the user's own presets."""
        return self.root / "presets"

    @property
    def settings(self) -> Path:
        """What the screens remember: theme, columns, filters."""
        return self.root / "settings.json"

    @property
    def log(self) -> Path:
        """Where tracebacks go, and what is printed once the terminal is gone."""
        return self.root / "cnnlab.log"

    @property
    def runs(self) -> Path:
        """The folder with one folder for each run."""
        return self.root / "runs"

    def run_folder(self, run_id: str) -> Path:
        """The folder with the files of one run."""
        return self.runs / run_id

    def checkpoints(self, run_id: str) -> Path:
        """The folder with the checkpoints of one run."""
        return self.run_folder(run_id) / "checkpoints"


def expanded(path: Path) -> Path:
    """A path as a user wrote it, with `~` and `~name` as the home folders that they mean.

    Raises:
        ConfigError: there is no such user.
    """
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ConfigError(
            f"There is no home folder for {path.parts[0]}.",
            f"Write ./{path} for a file whose name begins so.",
        ) from error


def shortened(path: Path) -> str:
    """A path as `expanded` takes it, with `~` for the user's own home folder."""
    with suppress(RuntimeError, ValueError):
        return str("~" / path.relative_to(Path.home()))
    return str(path)


def make_folder(path: Path) -> Path:
    """Creates a folder of the home, readable by its owner alone, and returns it.

    Raises:
        StorageError: the folder cannot be created or written.
    """
    try:
        for folder in reversed((path, *path.parents)):
            if not folder.exists():
                # `parents=True` would give those between the mode of any other folder.
                folder.mkdir(mode=0o700, exist_ok=True)
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The folder {path} cannot be created: {error.strerror}.",
            "Set CNNLAB_HOME to a folder that you can write to.",
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise StorageError(
            f"The folder {path} cannot be written.",
            "Set CNNLAB_HOME to a folder that you can write to.",
        )
    return path


def open_log(path: Path) -> TextIO:
    """Opens a text file for lines to be added, readable by its owner alone.

    Raises:
        OSError: it cannot be opened.
    """
    return open(path, "a", encoding="utf-8", errors="backslashreplace", opener=open_private)


def disk_is_full(error: BaseException) -> bool:
    """Whether a write failed for want of room, or of a user's quota."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def failed_write(what: str, error: OSError, otherwise: str) -> StorageError:
    """The error for a file that cannot be written.

    Args:
        what: what is wrong, without its cause and the full stop.
        otherwise: what to do where the disk is not full, nor the file too large.
    """
    hint = "Free some space." if disk_is_full(error) else otherwise
    if error.errno == errno.EFBIG:
        hint = "Raise the limit that `ulimit -f` shows, or name a file system for larger files."
    return StorageError(f"{what}: {error.strerror}.", hint)


def sync_folder(path: Path) -> None:
    """Makes what was renamed or removed in a folder survive a power loss."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_private(path: str, flags: int) -> int:
    """The `opener` for `open` of a file of the home: readable by its owner alone.

    A file that is there already becomes so.
    """
    descriptor = os.open(path, flags, 0o600)
    with suppress(OSError):  # on a file system without permissions, or of another owner
        os.fchmod(descriptor, 0o600)
    return descriptor


def shipped(kind: str) -> Path:
    """The folder with what the project ships; `kind` is ``presets`` or ``data``."""
    in_repository = _PACKAGE.parent / kind
    if (_PACKAGE.parent / "pyproject.toml").is_file() and in_repository.is_dir():
        return in_repository
    return _PACKAGE / "_shipped" / kind
