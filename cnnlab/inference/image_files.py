"""Which image files paths mean; without torch, so that a wrong path is told at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cnnlab.data.image_folders import is_side_file
from cnnlab.data.sources import FolderSource
from cnnlab.errors import ConfigError

_HINT = "Name images, or folders of them."


def image_files(paths: Sequence[Path]) -> list[Path]:
    """The files that are meant: files as they are, and of folders all images below them, sorted.

    A path that is not there stays among them, as long as another one is: it is told as a file that
    cannot be read.

    Raises:
        ConfigError: no path is there, one cannot be, or a folder has no images.
        DataError: a folder, or one below it, cannot be read.
    """
    found: list[Path] = []
    for path in paths:
        try:
            found += _below(path) if path.is_dir() else [path]
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}.", _HINT) from error
    if not any(path.exists() for path in found):
        raise ConfigError(f"There is no file {found[0]}.", _HINT)
    return found


def _below(folder: Path) -> list[Path]:
    """All images below a folder, without what is hidden or beside them; links are followed.

    Raises:
        ConfigError: there are none.
    """
    names = sorted(map(Path, FolderSource(folder).files))
    below = [folder / name for name in names if not is_side_file(name.as_posix())]
    if not below:
        raise ConfigError(f"There are no images in {folder}.", _HINT)
    return below
