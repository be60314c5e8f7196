"""Members that an archive does not have, or packed as it does not, are refused in a sentence."""

from __future__ import annotations

import stat
import struct
import warnings
import zipfile
from pathlib import Path

import pytest
from interchange.archives import bring
from interchange.harmed_archives import (
    LAST,
    ROWS,
    add_member,
    entry_of,
    refused,
    repack,
)

from cnnlab.home import Home


@pytest.mark.parametrize(
    "name",
    [
        "/tmp/evil.pt", "../evil.pt", "runs/../../evil.pt", "runs/aaaa0001/checkpoints/../../x.pt",
        "runs/aaaa0001/checkpoints/..pt", "runs/aaaa0001/checkpoints/.hidden.pt",
        "runs/aaaa0001/checkpoints/x.pt\n", "runs/aaaa0001/checkpoints/x\x00.pt",
        "runs/aaaa0001/checkpoints/é.pt", "runs\\aaaa0001\\checkpoints\\x.pt", "C:\\evil.pt",
        "runs/aaaa0001/lock", "runs/aaaa0001/checkpoints/", "runs/.import-x/rows.jsonl",
        "runs/aaaa0001/checkpoints/" + "x" * 300 + ".pt", "evil",
    ],
)  # fmt: skip
def test_a_member_with_a_name_of_its_own_is_refused(used: Home, archive: Path, name: str) -> None:
    add_member(archive, name)
    refused(used, archive, "which cnnlab does not write|does not hold what its manifest says")


def test_a_file_of_another_run_is_refused(used: Home, archive: Path) -> None:
    add_member(archive, "runs/ffff0001/checkpoints/x.pt")
    refused(used, archive, "does not hold what its manifest says")


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFDIR])
def test_a_member_that_is_no_plain_file_is_refused(used: Home, archive: Path, mode: int) -> None:
    name = "runs/aaaa0001/checkpoints/x.pt"
    add_member(archive, name, b"/etc/passwd", external_attr=(mode | 0o777) << 16)
    refused(used, archive, r"x\.pt', which cnnlab does not write")


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_a_packed_checkpoint_is_refused(used: Home, archive: Path, packing: int) -> None:
    name = "runs/aaaa0001/checkpoints/x.pt"
    add_member(archive, name, bytes(10_000), compress_type=packing)
    refused(used, archive, r"was packed anew by another program: '.*x\.pt' is compressed in it")


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_rows_that_are_packed_in_another_way_are_refused(
    used: Home, archive: Path, packing: int
) -> None:
    repack(archive, packing, lambda name: name == ROWS)
    refused(used, archive, r"packed anew .*rows\.jsonl' is compressed in another way in it")


@pytest.mark.parametrize("name", [ROWS, LAST, "manifest.json"])
def test_an_encrypted_member_is_told_as_such(used: Home, archive: Path, name: str) -> None:
    content = bytearray(archive.read_bytes())
    content[entry_of(archive, name) + 8] |= 0x1
    archive.write_bytes(content)
    refused(used, archive, r"was packed anew by another program: '.*' is encrypted in it")


BESIDE = (
    "__MACOSX/", "__MACOSX/._runs", "__MACOSX/runs/aaaa0001/._rows.jsonl", ".DS_Store",
    "runs/.DS_Store", "._manifest.json", "runs/", "runs/aaaa0001/", "runs/aaaa0001/checkpoints/",
)  # fmt: skip


def test_what_a_file_manager_adds_is_passed_over(used: Home, archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as more:
        for name in BESIDE:
            more.writestr(name, b"" if name.endswith("/") else b"x")
    (one,) = bring(used, archive)
    assert one.written.is_new
    here = {path.name for path in used.run_folder("aaaa0001").rglob("*") if path.is_file()}
    assert here == {"run.log", LAST.rpartition("/")[2], "best-epoch0002-step0000008.pt"}


def test_packing_is_told_of_an_archive_that_a_file_manager_packed(
    used: Home, archive: Path
) -> None:
    with zipfile.ZipFile(archive, "a") as more:
        for name in BESIDE:
            more.writestr(name, b"")
    repack(archive, zipfile.ZIP_DEFLATED)
    refused(used, archive, "was packed anew by another program")


@pytest.mark.parametrize("name", [ROWS, LAST, "manifest.json"])
def test_two_members_of_one_name_are_refused(used: Home, archive: Path, name: str) -> None:
    with zipfile.ZipFile(archive) as old:
        content = old.read(name)
    with warnings.catch_warnings(), zipfile.ZipFile(archive, "a") as more:
        warnings.simplefilter("ignore")
        more.writestr(name, content)
    refused(used, archive, "twice")


def test_members_that_share_their_bytes_are_refused(used: Home, archive: Path) -> None:
    """Each of them fits into the archive; all of them do not."""
    names = [f"runs/aaaa0001/checkpoints/x{number}.pt" for number in range(3)]
    for name in names:
        add_member(archive, name, bytes(100_000))
    entries = [entry_of(archive, name) for name in names]
    content = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as made:
        first, second = (made.getinfo(name).header_offset for name in names[:2])
        start = made.start_dir
    for entry in entries:
        content[entry + 42 : entry + 46] = struct.pack("<L", first)
    end = content.rindex(b"PK\x05\x06")
    content[end + 16 : end + 20] = struct.pack("<L", second)
    del content[second:start]
    archive.write_bytes(content)
    with zipfile.ZipFile(archive) as made:
        assert {made.getinfo(name).header_offset for name in names} == {first}
    refused(used, archive, "would unpack to far more than that")
