"""An archive that is damaged, or made to do harm, is refused in a sentence and changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import stat
import struct
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from history import samples
from interchange.archives import add_whole_run, bring, rewrite, write

from cnnlab.errors import ConfigError, ExchangeError
from cnnlab.home import Home
from cnnlab.interchange import archive_format
from cnnlab.interchange.readers import ImportOptions, import_runs

ROWS = "runs/aaaa0001/rows.jsonl"
CHECKPOINTS = "runs/aaaa0001/checkpoints.jsonl"
LAST = "runs/aaaa0001/checkpoints/last-epoch0002-step0000008.pt"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound archive with a run, and beside it a home that has another one."""
    folder = tmp_path_factory.mktemp("prepared")
    add_whole_run(Home(folder / "there"), "aaaa0001")
    write(Home(folder / "there"), folder / "x.cnnlab.zip", "aaaa0001")
    add_whole_run(Home(folder / "used"), "ffff0001")
    return folder


@pytest.fixture
def archive(prepared: Path, tmp_path: Path) -> Path:
    """The archive, to be harmed."""
    path = tmp_path / "brought" / "x.cnnlab.zip"
    path.parent.mkdir()
    shutil.copyfile(prepared / path.name, path)
    return path


@pytest.fixture
def used(prepared: Path, home: Home) -> Home:
    """The home, which must stay as it is."""
    shutil.copytree(prepared / "used", home.root)
    return home


def tree(root: Path) -> dict[str, bytes]:
    """Every file below a folder, but for what SQLite and locks come and go with."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix not in (".lock", ".db-shm", ".db-wal")
    }


def refused(home: Home, path: Path, match: str) -> None:
    """Tries an import that must fail, and looks at all that it must not touch."""
    counts, files = samples.counts(home), tree(home.runs)
    around = set(path.parent.parent.rglob("*"))
    with pytest.raises(ExchangeError, match=match) as caught:
        bring(home, path)
    assert caught.value.hint
    assert samples.counts(home) == counts
    assert tree(home.runs) == files
    assert [one for one in home.runs.iterdir() if one.name != "ffff0001"] == []
    assert {one for one in path.parent.parent.rglob("*") if home.root not in one.parents} <= around


def add_member(path: Path, name: str, data: bytes = b"evil", **about: Any) -> None:
    """A further member, of which the manifest knows too."""
    info = zipfile.ZipInfo("x")
    info.filename = name
    for key, value in about.items():
        setattr(info, key, value)

    rewrite(path, lambda _, content: content, (info, data))


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


def entry_of(path: Path, name: str) -> int:
    """Where the entry of a member begins in the directory of a zip; its name comes 46 bytes on."""
    with zipfile.ZipFile(path) as made:
        return path.read_bytes().index(name.encode(), made.start_dir) - 46


def repack(path: Path, packing: int, chosen: Callable[[str], bool] = lambda _: True) -> None:
    """Packs members in another way, and leaves all else as it is."""
    with zipfile.ZipFile(path) as old:
        members = [(info, old.read(info)) for info in old.infolist()]
    with zipfile.ZipFile(path, "w") as new:
        for info, data in members:
            new.writestr(info, data, packing if chosen(info.filename) else info.compress_type)


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


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_an_archive_that_is_cut_short_is_refused(used: Home, archive: Path, share: float) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[: max(4, int(len(content) * share))])
    refused(used, archive, "damaged or cut short")


def test_a_flipped_byte_in_the_midst_of_any_member_is_found(used: Home, archive: Path) -> None:
    with zipfile.ZipFile(archive) as old:
        places = {info.filename: info.header_offset for info in old.infolist()}
        packed = {info.filename: info.compress_size for info in old.infolist()}
    content = archive.read_bytes()
    for name, start in places.items():
        extra = struct.unpack_from("<HH", content, start + 26)
        at = start + 30 + sum(extra) + packed[name] // 2
        archive.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        refused(used, archive, "damaged|makes no sense")


def test_a_checksum_that_differs_is_told_by_name(used: Home, archive: Path) -> None:
    manifest_of(archive, lambda stated: stated["members"][LAST].update(sha256="0" * 64))
    refused(used, archive, r"the checksum of runs/aaaa0001/checkpoints/last-epoch.* differs")


def manifest_of(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes the manifest alone."""
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        members = [(info, archive.read(info)) for info in infos]
    with zipfile.ZipFile(path, "w") as archive:
        for info, data in members:
            stated = json.loads(data) if info.filename == "manifest.json" else None
            if stated is not None:
                change(stated)
                data = json.dumps(stated).encode()  # noqa: PLW2901 - of this member
            archive.writestr(info, data)


SENSELESS: dict[str, Callable[[dict[str, Any]], object]] = {
    "format": lambda stated: stated.update(format="another"),
    "version": lambda stated: stated.update(version="1"),
    "version 0": lambda stated: stated.update(version=0),
    "history": lambda stated: stated.update(history="m003_other"),
    "runs": lambda stated: stated.update(runs={}),
    "no runs": lambda stated: stated.update(runs=[]),
    "a run twice": lambda stated: stated["runs"].append(stated["runs"][0]),
    "a further run": lambda stated: stated["runs"].append({"id": "bbbb0001", "name": "x"}),
    "an evil run": lambda stated: stated["runs"].append({"id": "../evil", "name": "x"}),
    "a number as id": lambda stated: stated["runs"][0].update(id=5),
    "members": lambda stated: stated.update(members=[]),
    "no member": lambda stated: stated["members"].pop(LAST),
    "a further member": lambda stated: stated["members"].update(x={"bytes": 0, "sha256": "0" * 64}),
    "bytes": lambda stated: stated["members"][LAST].update(bytes=-1),
    "more bytes": lambda stated: stated["members"][LAST].update(bytes=10**15),
    "yes for bytes": lambda stated: stated["members"][LAST].update(bytes=True),
    "sha256": lambda stated: stated["members"][LAST].update(sha256="x"),
    "more": lambda stated: stated.update(more=1),
    "less": lambda stated: stated.pop("made_at"),
}  # fmt: skip


@pytest.mark.parametrize("what", SENSELESS)
def test_a_manifest_that_makes_no_sense_is_refused(used: Home, archive: Path, what: str) -> None:
    manifest_of(archive, SENSELESS[what])
    refused(used, archive, r"makes no sense|does not hold what|of no cnnlab")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b"9" * 9999]
)
def test_a_manifest_that_is_none_is_refused(used: Home, archive: Path, content: bytes) -> None:
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("manifest.json", content)
    refused(used, archive, "makes no sense")


@pytest.mark.parametrize("newer", [{"version": 2}, {"history": "m999_future"}])
def test_an_archive_of_a_newer_cnnlab_is_told_as_such(
    used: Home, archive: Path, newer: dict[str, object]
) -> None:
    manifest_of(archive, lambda stated: stated.update(newer, cnnlab="9.9", more=1))
    refused(used, archive, r"was made by a newer cnnlab \('9\.9'\)")


def test_another_zip_is_told_as_such(used: Home, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("cat/0.png", b"x")
    refused(used, archive, "is a zip, but no archive of cnnlab")


def test_what_is_not_there_or_nothing_at_all_is_told(used: Home, archive: Path) -> None:
    pipe = archive.with_name("pipe")
    os.mkfifo(pipe)
    archive.write_bytes(b"no archive")
    refused(used, archive, "is nothing that can be imported")
    for absent in (archive.with_name("absent"), archive / "below"):
        with pytest.raises(ConfigError, match="There is nothing at"):
            bring(used, absent)
    refused(used, pipe, "is nothing that can be imported")
    (archive.parent / "folder").mkdir()
    refused(used, archive.parent / "folder", "is nothing that can be imported")


# Bombs


def test_rows_that_swell_are_refused_before_they_are_unpacked(used: Home, archive: Path) -> None:
    line = b"x" * (1 << 20)
    rewrite(archive, lambda name, data: line * 200 if name == ROWS else data)
    assert archive.stat().st_size < 1 << 20
    tracemalloc.start()
    try:
        refused(used, archive, "would unpack to far more than that")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_row_that_is_too_long_is_refused(used: Home, archive: Path) -> None:
    line = b"[" + b"1," * (archive_format.LONGEST_LINE // 2 + 1) + b"1]"
    rewrite(archive, lambda name, data: data + line if name == ROWS else data)
    refused(used, archive, "a row is too long")


def test_a_manifest_that_is_too_large_is_refused(used: Home, archive: Path) -> None:
    manifest_of(archive, lambda stated: stated.update(cnnlab=" " * (33 << 20)))
    refused(used, archive, "a manifest that is too large")


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


# Rows


def with_rows(path: Path, *lines: object, member: str = ROWS) -> None:
    """Further lines of a file of rows."""
    more = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    rewrite(path, lambda name, data: data + more if name == member else data)


def kind(table: str, *columns: object) -> dict[str, object]:
    return {"table": table, "columns": list(columns)}


CHECKPOINT = ("kind", "epoch", "step", "path", "bytes", "sha256", "value", "saved_at")
LINES: dict[str, tuple[object, ...]] = {
    "no table": ({"table": "sqlite_master", "columns": ["name"]}, ["x"]),
    "a migration": (kind("_sqlite_migrations", "id"), [1]),
    "a second run": (kind("runs", "id"), ["bbbb0001"]),
    "an evil column": (kind("notes", "text", "written_at) values (1,2); --"), ["x", "y"]),
    "a nested column": (kind("notes", ["text"], "written_at"), ["x", "y"]),
    "a column twice": (kind("notes", "text", "text"), ["x", "y"]),
    "too few values": (kind("notes", "text", "written_at"), ["x"]),
    "a list for a text": (kind("notes", "text", "written_at"), [["x"], "2026-01-01"]),
    "a table for a text": (kind("notes", "text", "written_at"), [{"x": 1}, "2026-01-01"]),
    "a time that is none": (kind("notes", "text", "written_at"), ["x", "soon"]),
    "a text": ("runs",),
    "a number": (5,),
    "nothing": (None,),
    "a checkpoint": (
        kind("checkpoints", *CHECKPOINT),
        ["best", 1, 1, "/etc/passwd", 1, "0" * 64, 0.5, "2026-01-01"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LINES)
def test_rows_that_cannot_be_are_refused(used: Home, archive: Path, what: str) -> None:
    with_rows(archive, *LINES[what])
    refused(used, archive, r"holds what no history does")


def test_a_value_that_cannot_be_is_told_by_its_own_column(used: Home, archive: Path) -> None:
    columns = ("train_loss", "epoch", "step", "lr", "seconds", "images_per_second")
    with_rows(archive, kind("epochs", *columns), [None, None, 4, 0.1, 1.0, 1.0])
    refused(used, archive, r"epochs\.epoch is 'None'")


@pytest.mark.parametrize(
    "row",
    [
        ["previous", 1, 1, "/etc/passwd", 1, "0" * 64, 0.5, "2026-01-01"],
        ["previous", 1, 1, "../../ffff0001/checkpoints/last.pt", 1, "0" * 64, 0.5, "2026-01-01"],
        ["previous", 1, 1, "absent.pt", 1, "0" * 64, 0.5, "2026-01-01"],
        ["previous", 1, 1, "last-epoch0002-step0000008.pt", 1, "0" * 64, 0.5, "2026-01-01"],
        ["previous", 1, 1, None, 1, "0" * 64, 0.5, "2026-01-01"],
    ],
)
def test_a_checkpoint_that_is_not_in_the_archive_is_refused(
    used: Home, archive: Path, row: list[object]
) -> None:
    with_rows(archive, kind("checkpoints", *CHECKPOINT), row, member=CHECKPOINTS)
    refused(used, archive, "a checkpoint .* that is not there")


def test_rows_of_another_run_are_refused(used: Home, archive: Path) -> None:
    rewrite(
        archive, lambda name, data: data.replace(b"aaaa0001", b"ffff0001") if name == ROWS else data
    )
    refused(used, archive, "rows of something else in the place of the run aaaa0001")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff\n", b"[" * 100_000, b"[" + b"9" * 9999 + b"]"]
)
def test_rows_that_are_none_are_refused(used: Home, archive: Path, content: bytes) -> None:
    rewrite(archive, lambda name, data: content if name == ROWS else data)
    refused(used, archive, "holds what no history does")


def test_of_several_archives_all_or_none_come(used: Home, archive: Path) -> None:
    sound = archive.with_name("sound.zip")
    sound.write_bytes(archive.read_bytes())
    with_rows(archive, None)
    before = samples.counts(used)
    with pytest.raises(ExchangeError, match=archive.name):
        import_runs(used, [sound, archive], ImportOptions())
    assert samples.counts(used) == before
    assert [one.name for one in used.runs.iterdir()] == ["ffff0001"]


def test_one_name_does_not_do_for_two_runs(used: Home, archive: Path) -> None:
    both = [archive, archive]
    with pytest.raises(ConfigError, match="they cannot all be called 'x'"):
        import_runs(used, both, ImportOptions(name="x"))
    with pytest.raises(ConfigError, match="cannot be empty"):
        import_runs(used, [archive], ImportOptions(name=" "))
    with pytest.raises(ConfigError, match="are for curves"):
        import_runs(used, [archive], ImportOptions(dataset="mnist"))
    one, other = import_runs(used, both, ImportOptions())
    assert (one.written.is_new, other.written.is_new) == (True, False)
