"""What is damaged, or no archive, is refused in a sentence and changes nothing."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import pytest
from history import samples
from interchange.archives import bring
from interchange.harmed_archives import (
    LAST,
    refused,
    restate,
    with_rows,
)

from cnnlab.errors import ConfigError, ExchangeError
from cnnlab.home import Home
from cnnlab.interchange.readers import ImportOptions, import_runs


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
    restate(archive, lambda stated: stated["members"][LAST].update(sha256="0" * 64))
    refused(used, archive, r"the checksum of runs/aaaa0001/checkpoints/last-epoch.* differs")


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
