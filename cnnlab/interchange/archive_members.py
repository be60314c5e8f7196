"""What a zip holds, looked at before any of it is unpacked, and whether it is an archive.

Members are such as cnnlab writes them, or the whole archive is refused. What a file manager adds
when it packs one anew (entries of folders, a Mac's files beside the others) is passed over.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnnlab.errors import ExchangeError
from cnnlab.interchange import archive_format as form
from cnnlab.interchange.folders import files_in

NOTHING = "Nothing was imported; get the archive from another place."
AGAIN = "Nothing was imported; copy it again, or export it again."

_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, OverflowError,
    RuntimeError,
)  # fmt: skip
"""What reading a damaged zip raises; the last one where it seems packed in an unknown way."""
_ENCRYPTED = 0x1
_BESIDE = re.compile(
    r"__MACOSX/.*|(.*/)?(\._[^/]*|\.DS_Store)|runs/([A-Za-z0-9_-]{1,64}/(checkpoints/)?)?",
    re.ASCII | re.DOTALL,
)
"""The names of what other programs add."""
_HEADER = struct.Struct("<4s22xHH")
"""Of a member: its mark, then how long the name after it is."""


def is_zip(path: Path) -> bool:
    """Whether a file is a zip, whatever is in it, and even if it is cut short."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(4) in _MAGICS
    except OSError:
        return False


def zips_in(folder: Path) -> Iterator[Path]:
    """The zips somewhere in a folder that are called so, in the order of their names."""
    found = (one for one in files_in(folder) if one.suffix.lower() == ".zip")
    yield from sorted(one for one in found if is_zip(one))


def is_archive(path: Path) -> bool:
    """Whether a zip has members of an archive; of one that is cut short, whether its first is."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except _DAMAGE:
        return _begins_as_archive(path)
    return form.MANIFEST in names and any(form.MEMBER.fullmatch(name) for name in names)


def _begins_as_archive(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            _, length, _ = _HEADER.unpack(file.read(_HEADER.size))
            name = file.read(length).decode("ascii")
    except (OSError, ValueError, struct.error):
        return False
    return form.MEMBER.fullmatch(name) is not None


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Turns what goes wrong with reading a damaged archive into a sentence.

    Raises:
        ExchangeError: it is damaged, or cannot be read.
    """
    try:
        yield
    except PermissionError as error:
        raise ExchangeError(f"{path} cannot be read: {error.strerror}.") from error
    except _DAMAGE as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ExchangeError(
            f"The archive {path} is damaged or cut short ({reason}).", AGAIN
        ) from error


def plain_members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The members by their names, if they are such as cnnlab writes.

    Raises:
        ExchangeError: it is another zip, or one of them is no plain file of its own.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    if form.MANIFEST not in archive.namelist():
        raise ExchangeError(
            f"{path} is a zip, but no archive of cnnlab.", "`cnnlab export` writes such archives."
        )
    for info in archive.infolist():
        if _BESIDE.fullmatch(info.orig_filename):
            continue
        if info.filename in found:
            raise ExchangeError(f"The archive {path} holds {info.filename!a} twice.", NOTHING)
        if not _is_plain(info):
            raise ExchangeError(
                f"The archive {path} holds {info.orig_filename[:80]!a}, which cnnlab does not"
                " write.",
                NOTHING,
            )
        if packing := _foreign_packing(info):
            raise ExchangeError(
                f"The archive {path} was packed anew by another program: {info.filename!a} is"
                f" {packing} in it.",
                "Nothing was imported; take the file as `cnnlab export` wrote it.",
            )
        found[info.filename] = info
    return found


def _is_plain(info: zipfile.ZipInfo) -> bool:
    """Whether a member is a plain file with a name that an archive has."""
    # Zipfile cuts a name off at a zero byte.
    if info.filename != info.orig_filename:
        return False
    if info.filename != form.MANIFEST and not form.MEMBER.fullmatch(info.filename):
        return False
    return stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG)


def _foreign_packing(info: zipfile.ZipInfo) -> str:
    """How a member is packed that is not packed as cnnlab does it; else nothing."""
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    if info.filename.endswith(".pt"):
        is_stored = info.compress_type == zipfile.ZIP_STORED
        return "" if is_stored and info.compress_size == info.file_size else "compressed"
    own = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    return "" if own else "compressed in another way"
