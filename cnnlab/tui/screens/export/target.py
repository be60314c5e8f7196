"""Where an export goes, as a user wrote it, and what is there already."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cnnlab.errors import ConfigError
from cnnlab.export.formats import ExportFormat, format_of
from cnnlab.home import expanded, shortened


@dataclass(frozen=True)
class Target:
    """A file or folder to write.

    Attributes:
        exists: whether something is there that would be written over.
        is_folder: whether that is a folder, of which files of other names stay.
        is_named: whether a user wrote its name, not that of a folder for it.
    """

    path: Path
    exists: bool
    is_folder: bool
    is_named: bool

    def words(self) -> str:
        """What is there; empty for nothing."""
        if not self.exists:
            return ""
        more = "; files of other names in it stay" if self.is_folder else ""
        return f"{self.path.name} is there already: Enter asks before it is written over{more}."

    def place(self) -> str:
        """In which folder it will be, and as what where nobody wrote that."""
        name = "" if self.is_named else f"as {self.path.name} "
        return f"{name}in {shortened(self.path.parent)}"


def target(text: str, form: ExportFormat, name: str, *, folder: bool) -> Target:
    """The place that a user wrote.

    Args:
        form: what is written there.
        name: what the export is called in a folder that is there.
        folder: whether the export is a folder itself, which may be there.

    Raises:
        ConfigError: nothing can be written there, or its name is that of something else.
    """
    written = text.strip()
    if not written:
        raise ConfigError("Write where it shall go.")
    try:
        path = expanded(Path(written)).absolute()
        is_named = folder or not path.is_dir()
        if not is_named:
            path = path / name
        elif not folder and written.endswith(os.sep):
            raise ConfigError(f"There is no folder {shown(path)}.")
        why_not = _obstacle(path, folder=folder) or _false_name(path, form, folder=folder)
        if why_not:
            raise ConfigError(why_not)
        exists = path.is_symlink() or path.exists()
        is_folder = path.is_dir()
        taken = exists and not (is_folder and not any(path.iterdir()))
        return Target(path, taken, is_folder, is_named)
    except (OSError, ValueError) as error:
        raise ConfigError(f"Nothing can be written there: {error}.") from error


def _obstacle(path: Path, *, folder: bool) -> str:
    """What is in the way of a file, or of a folder; empty for nothing."""
    if not path.name:
        return f"{path} is no name for {'a folder' if folder else 'a file'}."
    if not path.parent.is_dir():
        return f"There is no folder {shown(path.parent)}."
    if path.is_dir():
        return "" if folder else f"{shown(path)} is a folder."
    if path.exists() and not path.is_file():
        return f"{shown(path)} is neither a file nor a folder."
    if folder and path.exists():
        return f"{shown(path)} is a file, and this makes a folder."
    return ""


def _false_name(path: Path, form: ExportFormat, *, folder: bool) -> str:
    """What a name says that is not so, as it ends as another format does; empty for nothing."""
    other = format_of(path.suffix)
    if folder and other is not None and "table" in other.options and "table" in form.options:
        return f"{path.name} is called as one table, and all of them are a folder."
    if not folder and other not in (None, form):
        return f"{path.name} ends as {other.name} does, and the format is {form.name}."
    return ""


def shown(path: Path) -> str:
    """A path as short as a user would write it."""
    with suppress(OSError):
        if path.is_relative_to(Path.cwd()):
            return str(path.relative_to(Path.cwd()))
    return shortened(path)
