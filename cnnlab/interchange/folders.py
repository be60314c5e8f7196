"""Looking for files to import in a folder that a user named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def files_in(folder: Path, pattern: str = "*") -> Iterator[Path]:
    """The files somewhere in a folder whose names fit a pattern.

    Hidden ones, and all in hidden folders, are passed over: a program that is writing a file, or
    was killed while it did, may have hidden the half of it there.
    """
    for path in folder.rglob(pattern):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file():
            yield path
