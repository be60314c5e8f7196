"""Files damaged at random, and files that were never sound: what disks and strangers bring."""

from __future__ import annotations

import io
import os
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

NUMBERS = (
    0,
    1,
    127,
    128,
    255,
    256,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63,
    2**64 - 1,
)

WORDS = (
    "nan", "-inf", "1e999", "9" * 400, "9" * 5000, "-1", "0", "2.5", "true", '"', "'''", "\\",
    "\\u202e",
    "\x1b[31m", "\x00", "\x9b", "\u202e", "\ud7ff", "\n", "\r",
    "[" * 2000, "{a=" * 300, "a." * 2000,
    "[[rows]]\n", "extends = '../../../etc/passwd.toml'\n", "extends = '/dev/zero'\n",
    "__class__", "null", "[]", "{}", "[{}]", "\ufeff", "1_000", "1979-05-27", "0x7fffffffffffffff",
)  # fmt: skip

NAMES = (
    "../evil.png", "../../../../tmp/evil.png", "/evil.png", "cat/../../evil.png", "C:\\evil.png",
    "..\\evil.png", "cat/\x1b[31m.png", "cat/\u202egnp.png", "cat/" + "n" * 300 + ".png", "",
    ".", "..", "cat//0.png", "cat/0.png/", "cat/0.png", "cat/nul\x00byte.png", "cat/é.png",
    "cat/" + "d/" * 500 + "0.png", "~/evil.png", "train", "test/", "data_batch_1", "-rf/0.png",
)  # fmt: skip


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with one to four places hurt."""
    for _ in range(chance.randint(1, 4)):
        content = chance.choice(_HURTS)(content, chance)
    return content


def damaged_text(content: bytes, chance: random.Random) -> bytes:
    """A text with words put in, or hurt as any bytes are."""
    if chance.random() < 0.3:
        return damaged(content, chance)
    text = content.decode("utf-8")
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.choice((0, 0, 1, 5, 40)))
        text = text[:at] + chance.choice(WORDS) + text[end:]
    return text.encode("utf-8", "surrogatepass")


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        if changed:
            changed[_place(changed, chance)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: _place(content, chance)]


def _leave_out(content: bytes, chance: random.Random) -> bytes:
    at = _place(content, chance)
    return content[:at] + content[at + chance.choice((1, 4, 64, 1000)) :]


def _double(content: bytes, chance: random.Random) -> bytes:
    at, length = _place(content, chance), chance.choice((1, 4, 64, 1000, len(content)))
    return content[:at] + content[at : at + length] * 2 + content[at + length :]


def _insert(content: bytes, chance: random.Random) -> bytes:
    at = _place(content, chance)
    kind = chance.choice((b"\x00", b"\xff", chance.randbytes(1), b"["))
    new = chance.randbytes(8) if chance.random() < 0.5 else kind * chance.choice((1, 512, 100_000))
    return content[:at] + new + content[at:]


def _number(content: bytes, chance: random.Random) -> bytes:
    """A number of the file's own format in the place of another, as lengths and counts are."""
    code = chance.choice(("B", "<H", ">H", "<I", ">I", "<Q", ">Q"))
    number = chance.choice(NUMBERS) % 2 ** (8 * struct.calcsize(code))
    at = _place(content, chance)
    return content[:at] + struct.pack(code, number) + content[at + struct.calcsize(code) :]


_HURTS: Sequence[Callable[[bytes, random.Random], bytes]] = (
    _flip, _flip, _cut, _leave_out, _double, _insert, _number, _number,
)  # fmt: skip


def _place(content: bytes | bytearray, chance: random.Random) -> int:
    """A place in a file; often near its beginning or end, where headers and indexes are."""
    size = max(1, len(content))
    reach = chance.choice((size, size, 64, 600))
    at = chance.randrange(min(size, reach))
    return at if chance.random() < 0.75 else size - 1 - at


def hostile_zip(chance: random.Random, image: bytes) -> bytes:
    """A zip with sound images, and among them members that no sound zip has."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", chance.choice((0, 8, 12, 14))) as archive:
        for name in ("cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"):
            archive.writestr(name, image)
        for _ in range(chance.randint(1, 3)):
            member = zipfile.ZipInfo("x")
            member.filename = chance.choice(NAMES)
            modes = (0, 0o120777 << 16, 0o020666 << 16, 0o040755 << 16)
            member.external_attr = chance.choice(modes)
            member.compress_type = chance.choice((0, 8, 12, 14))
            archive.writestr(member, chance.choice((image, b"", b"/etc/passwd", bytes(100_000))))
    return buffer.getvalue()


def hostile_tar(chance: random.Random, image: bytes) -> bytes:
    """A tar with sound images, and among them members that no sound tar has."""
    buffer = io.BytesIO()
    mode, kind = chance.choice(("w", "w:gz", "w:bz2", "w:xz")), chance.choice((0, 1, 2))
    with tarfile.open(fileobj=buffer, mode=mode, format=kind, errors="surrogateescape") as archive:  # type: ignore[call-overload]
        for name in ("cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"):
            _add(archive, tarfile.TarInfo(name), image)
        for _ in range(chance.randint(1, 3)):
            member = tarfile.TarInfo(chance.choice(NAMES).replace("\x00", "") or "x")
            types = (
                b"0",
                b"1",
                b"2",
                b"3",
                b"4",
                b"5",
                b"6",
                b"7",
                b"L",
                b"K",
                b"S",
                b"x",
                b"g",
                b"?",
            )
            member.type = chance.choice(types)
            member.linkname = chance.choice(("", "/etc/passwd", "../../evil", "cat/0.png"))
            if kind == tarfile.PAX_FORMAT and chance.random() < 0.5:
                member.pax_headers = {
                    chance.choice(("path", "size", "GNU.sparse.map", "GNU.sparse.size", "mtime",
                                   "GNU.sparse.realsize", "GNU.sparse.name", "charset")):
                    chance.choice(("-1", "9" * 19, "nan", "../x", "0,1", "", "é")),
                }  # fmt: skip
            with suppress(ValueError):  # the oldest format does not take every name
                _add(archive, member, chance.choice((image, b"", b"x" * 600)))
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, member: tarfile.TarInfo, content: bytes) -> None:
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def png_header(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG that claims a size and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def jpeg_header(content: bytes, width: int, height: int) -> bytes:
    """A JPEG that claims another size than it has."""
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


class Wanted:
    """A pickle that has a function called."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple[object, ...]:
        call = {"system": os.system, "mkdir": os.mkdir, "array": np.ndarray, "eval": eval}[
            self.name
        ]
        return call, ("evil",) if self.name != "array" else ((1,), "O", bytearray(8))
