"""Where imported files come from: a folder, a zip or a tar, read member by member.

Archives are never unpacked to disk, so no member can be written anywhere; one that points
outside its archive is refused all the same, because such an archive is not what it seems. So is
one that would unpack to far more than its own size, before or while it is unpacked.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, NoReturn, Protocol

from cnnlab.data.memory import check_fits
from cnnlab.errors import DataError

_LARGE_MEMBER = 64 << 20
"""Bytes."""

_MOST_SWOLLEN = 100
"""Times its own size that an archive may unpack to; images hardly shrink at all."""

_NEVER_TOO_MUCH = 1 << 30
"""Bytes that an archive may unpack to, however small it is."""

_CHUNK = 1 << 20
"""Bytes of a zip's member to unpack at once."""

_READ_IN_PARTS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How the members of a zip may be packed: zipfile unpacks others whole, whatever they become."""


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
    if stat.S_ISREG(kind):
        with _explained(path):
            if zipfile.is_zipfile(path):
                return ZipSource(path)
            if _is_tar(path):
                return TarSource(path)
    raise DataError(
        f"{path} is neither a folder nor a zip or tar archive that can be read.",
        "Give a folder, .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz; a download may be cut short.",
    )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turns what goes wrong with an archive into a sentence."""
    try:
        yield
    except DataError:
        raise
    # A damaged archive makes its readers raise nearly anything.
    except Exception as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DataError:
    if isinstance(error, PermissionError):
        return DataError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.")
    reason = str(error).partition("\n")[0] or type(error).__name__
    return DataError(
        f"The archive {path} is damaged or cut short ({reason}).",
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


def _refuse_packing(archive: Path, name: str) -> NoReturn:
    raise DataError(
        f"The archive {archive} holds {name!r}, packed in another way than zip does by itself.",
        "Nothing was imported; pack it again with deflate, or as .tar.xz.",
    )


def _check_size(place: Path, name: str, size: int) -> None:
    """Refuses a file that would not fit into the memory; asks only where that could be."""
    if size > _LARGE_MEMBER:
        check_fits(f"{name} in {place}", size, "Nothing was imported; bring smaller files.")


def _most_unpacked(archive: Path) -> int:
    """Bytes that an archive may unpack to."""
    return max(_NEVER_TOO_MUCH, _MOST_SWOLLEN * archive.stat().st_size)


def _swollen(archive: Path) -> DataError:
    size, most = archive.stat().st_size, _most_unpacked(archive)
    return DataError(
        f"The archive {archive} of {size / 1e6:,.1f} MB would unpack to more than"
        f" {most / 1e9:,.1f} GB.",
        "Nothing was imported; if it is sound, unpack it and import the folder.",
    )


class FolderSource:
    """The files below a folder; links are followed, as people link their data.

    A link to a folder above is passed over: it would give every image many times.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[str] = []
        self.folders: list[str] = []
        outer = set(root.resolve().parents)
        for walked, inner, files in os.walk(root, onerror=self._fail, followlinks=True):
            folder = Path(walked)
            below = folder.relative_to(root)
            above = outer | {(root / part).resolve() for part in (below, *below.parents)}
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
                    _check_size(self.root, name, path.stat().st_size)
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
                if member.compress_type not in _READ_IN_PARTS:
                    _refuse_packing(path, member.filename)
                if member.is_dir():
                    self.folders.append(name)
                else:
                    self._members[name] = member
        self.files = list(self._members)

    def read(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """See `Source`."""
        members = {name: self._members[name] for name in self.files if name in set(wanted)}
        # Before anything is unpacked: members may share their bytes, so that each seems small.
        if sum(member.file_size for member in members.values()) > _most_unpacked(self.path):
            raise _swollen(self.path)
        with _explained(self.path), zipfile.ZipFile(self.path) as archive:
            for name, member in members.items():
                _check_size(self.path, name, member.file_size)
                yield name, _unpacked(archive, member)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The content of a member; what goes beyond the size that it states is never unpacked."""
    with archive.open(member) as file:
        return b"".join(iter(lambda: file.read(_CHUNK), b""))


class TarSource:
    """The members of a tar archive, compressed or not; links and devices are refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: list[str] = []
        self.folders: list[str] = []
        total, most = 0, _most_unpacked(path)
        with _open_tar(path) as archive:
            for member in archive:
                name = _checked(path, member.name)
                if member.isfile():
                    self.files.append(name)
                elif member.isdir():
                    self.folders.append(name)
                else:
                    _refuse_link(path, member.name)
                total += member.size
                if total > most:
                    raise _swollen(path)
            # A tar ends with blocks of zeros; tarfile takes a cut between two members for an end.
            if not _packing(path) and archive.offset + tarfile.BLOCKSIZE > path.stat().st_size:
                raise _damaged(path, EOFError("its end is missing"))

    def read(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """See `Source`."""
        names = set(wanted)
        with _explained(self.path), _open_tar(self.path) as archive:
            for member in archive:
                name = _checked(self.path, member.name)
                if name in names and (file := archive.extractfile(member)):
                    _check_size(self.path, name, member.size)
                    yield name, file.read()


def _is_tar(path: Path) -> bool:
    try:
        with _open_tar(path):
            return True
    except tarfile.TarError:
        return False


@contextmanager
def _open_tar(path: Path) -> Iterator[tarfile.TarFile]:
    unpack = _packing(path)
    with unpack(path) if unpack else path.open("rb") as file:
        bounded: Any = _Bounded(file, path) if unpack else file
        with tarfile.open(fileobj=bounded, mode="r:") as archive:
            yield archive


def _packing(path: Path) -> Callable[[Path], Any] | None:
    """What unpacks a file that begins as this one does; None for a plain one."""
    with path.open("rb") as file:
        beginning = file.read(6)
    return next((how for magic, how in _PACKINGS.items() if beginning.startswith(magic)), None)


_PACKINGS: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x5d\x00\x00": lzma.open,
}


class _Bounded:
    """A packed file as it is unpacked, for reading; refused where it unpacks to too much."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path, self._most = file, path, _most_unpacked(path)

    def read(self, size: int) -> bytes:
        """Up to `size` bytes."""
        self._check(self._file.tell() + size)
        return self._file.read(size)

    def seek(self, position: int) -> int:
        """Goes to a place; what lies before it is unpacked and dropped."""
        self._check(position)
        return self._file.seek(position)

    def tell(self) -> int:
        """The place after the last byte that was read."""
        return self._file.tell()

    def _check(self, position: int) -> None:
        if position > self._most:
            raise _swollen(self._path)
