"""Where imported files come from: a folder, a zip or a tar, read member by member.

Archives are never unpacked to disk, so no member can be written anywhere; one that points
outside its archive is refused all the same, because such an archive is not what it seems.
"""

from __future__ import annotations

import io
import lzma
import os
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import NoReturn, Protocol

from cnnlab.data.memory import check_fits
from cnnlab.errors import DataError

BROKEN = (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, OSError)
"""What reading a damaged archive raises."""

_LARGE_MEMBER = 64 << 20
"""Bytes."""


class Source(Protocol):
    """Files under relative names with forward slashes."""

    files: list[str]
    folders: list[str]

    def read(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Yields the wanted files with their content, in the source's own order.

        Raises:
            DataError: the source is damaged or cannot be read.
        """


def open_source(path: Path) -> Source:
    """Opens a folder or an archive, recognised by its content.

    Raises:
        DataError: there is nothing there, or it is neither; a member points outside.
    """
    try:
        kind = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(f"There is nothing at {path}.", "Check the path.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    if stat.S_ISDIR(kind):
        return FolderSource(path)
    try:
        if stat.S_ISREG(kind) and zipfile.is_zipfile(path):
            return ZipSource(path)
        if stat.S_ISREG(kind) and tarfile.is_tarfile(path):
            return TarSource(path)
    except BROKEN as error:
        raise _damaged(path, error) from error
    raise DataError(
        f"{path} is neither a folder nor a zip or tar archive that can be read.",
        "Give a folder, .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz; a download may be cut short.",
    )


def _damaged(path: Path, error: Exception) -> DataError:
    if isinstance(error, PermissionError):
        return DataError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.")
    return DataError(
        f"The archive {path} is damaged or cut short ({str(error) or type(error).__name__}).",
        "Copy or download it again.",
    )


def _checked(archive: Path, name: str) -> str:
    """A member's name, if it stays inside its archive."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or re.match(r"[A-Za-z]:", name):
        raise DataError(
            f"The archive {archive} holds {name!r}, which points outside of it.",
            "Nothing was imported; get the archive from another place.",
        )
    return parts.as_posix()


def _refuse_link(archive: Path, name: str) -> NoReturn:
    raise DataError(
        f"The archive {archive} holds {name!r}, a link or a device.",
        "Nothing was imported; pack plain files only.",
    )


def _check_size(archive: Path, name: str, size: int) -> None:
    """Refuses a member that swells beyond the memory; asks only where it could be."""
    if size > _LARGE_MEMBER:
        check_fits(f"{name} in {archive}", size, "Nothing was imported; pack smaller files.")


class FolderSource:
    """The files below a folder; links are followed, as people link their data.

    A link to a folder above is passed over: it would give every image many times.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[str] = []
        self.folders: list[str] = []
        for walked, inner, files in os.walk(root, onerror=self._fail, followlinks=True):
            folder = Path(walked)
            below = folder.relative_to(root)
            above = {(root / part).resolve() for part in (below, *below.parents)}
            inner[:] = sorted(name for name in inner if (folder / name).resolve() not in above)
            self.folders += [(below / name).as_posix() for name in inner]
            self.files += [(below / name).as_posix() for name in sorted(files)]

    def _fail(self, error: OSError) -> None:
        raise DataError(
            f"{error.filename} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error

    def read(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """See `Source`."""
        names = set(wanted)
        for name in self.files:
            if name in names:
                path = self.root / name
                if path.exists() and not path.is_file():
                    raise DataError(f"{path} is not a plain file.", "Take it away.")
                try:
                    content = path.read_bytes()
                except OSError as error:
                    self._fail(error)
                yield name, content


class ZipSource:
    """The members of a zip archive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._members: dict[str, zipfile.ZipInfo] = {}
        self.folders: list[str] = []
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                name = _checked(path, member.filename)
                if stat.S_ISLNK(member.external_attr >> 16):
                    _refuse_link(path, member.filename)
                if member.is_dir():
                    self.folders.append(name)
                else:
                    self._members[name] = member
        self.files = list(self._members)

    def read(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """See `Source`."""
        names = set(wanted)
        try:
            with zipfile.ZipFile(self.path) as archive:
                for name, member in self._members.items():
                    if name in names:
                        _check_size(self.path, name, member.file_size)
                        yield name, archive.read(member)
        except (*BROKEN, RuntimeError, NotImplementedError) as error:
            raise _damaged(self.path, error) from error


class TarSource:
    """The members of a tar archive, compressed or not; links and devices are refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: list[str] = []
        self.folders: list[str] = []
        with tarfile.open(path) as archive:
            for member in archive:
                name = _checked(path, member.name)
                if member.isfile():
                    self.files.append(name)
                elif member.isdir():
                    self.folders.append(name)
                else:
                    _refuse_link(path, member.name)
            # A tar ends with blocks of zeros; tarfile takes a cut between two members for an end.
            plain = isinstance(archive.fileobj, io.BufferedReader)
            if plain and archive.offset + tarfile.BLOCKSIZE > path.stat().st_size:
                raise _damaged(path, EOFError("its end is missing"))

    def read(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """See `Source`."""
        names = set(wanted)
        try:
            with tarfile.open(self.path) as archive:
                for member in archive:
                    name = _checked(self.path, member.name)
                    if name in names and (file := archive.extractfile(member)):
                        _check_size(self.path, name, member.size)
                        yield name, file.read()
        except BROKEN as error:
            raise _damaged(self.path, error) from error
