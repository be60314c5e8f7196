"""An export is there whole or not at all, and takes nobody's file: real files, a full disk."""

from __future__ import annotations

import os
import re
import resource
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnnlab.errors import ConfigError, StorageError
from cnnlab.export.writing import write_whole


def text(words: str):
    def write(path: Path) -> list[str]:
        path.write_text(words)
        return ["words"]

    return write


def folder(path: Path) -> list[str]:
    (path / "deep").mkdir(parents=True)
    (path / "a.csv").write_text("new a")
    (path / "deep" / "b.csv").write_text("new b")
    return []


def test_a_file_is_in_its_place_and_nothing_else(tmp_path: Path) -> None:
    written = write_whole(tmp_path / "runs.json", text("{}"))
    assert (written.files, written.told) == ((tmp_path / "runs.json",), ("words",))
    assert written.bytes == 2
    assert [path.name for path in tmp_path.iterdir()] == ["runs.json"]


def test_a_folder_is_in_its_place_with_all_its_files(tmp_path: Path) -> None:
    written = write_whole(tmp_path / "tables", folder)
    assert [path.name for path in written.files] == ["a.csv", "b.csv"]
    assert (tmp_path / "tables" / "deep" / "b.csv").read_text() == "new b"


def test_the_folder_that_one_is_in_takes_files_by_its_short_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tables").mkdir()
    monkeypatch.chdir(tmp_path / "tables")
    written = write_whole(Path(), folder)
    assert [path.name for path in written.files] == ["a.csv", "b.csv"]
    assert [path.name for path in tmp_path.rglob("*.csv")] == ["a.csv", "b.csv"]
    with pytest.raises(ConfigError, match=r"tables is there already"):
        write_whole(Path(), folder)
    assert len(write_whole(Path(), folder, force=True).files) == 2


def test_the_root_of_all_folders_takes_nothing() -> None:
    with pytest.raises(ConfigError, match="/ can take no file"):
        write_whole(Path("/"), folder, force=True)


def test_all_files_are_on_the_disk_before_they_are_in_their_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early: list[int] = []
    late: list[int] = []

    def watched(descriptor: int) -> None:
        there = (tmp_path / "tables").exists()
        (late if there else early).append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", watched)
    written = write_whole(tmp_path / "tables", folder)
    assert {path.stat().st_ino for path in written.files} < set(early)
    assert late == [tmp_path.stat().st_ino]


@pytest.mark.parametrize("name", ["漢" * 82 + ".json", "a." + "b" * 250, "x" * 255])
def test_the_longest_names_that_there_are_can_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()  # the file system takes it
    write_whole(tmp_path / name, text("{}"), force=True)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "{}")]


def test_a_writer_gets_a_hidden_path_that_nobody_takes_for_a_whole_file(tmp_path: Path) -> None:
    given: list[str] = []

    def write(path: Path) -> list[str]:
        given.append(path.name)
        return text("{}")(path)

    write_whole(tmp_path / "net.cnnlab.zip", write)
    (name,) = given
    assert re.fullmatch(r"\.net\.cnnlab\.zip\.[0-9a-f]{8}\.part", name)


def test_a_name_that_is_too_long_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"File name too long\. Choose a shorter name\."):
        write_whole(tmp_path / ("x" * 300), text("{}"))
    with pytest.raises(StorageError, match=r"File name too long\. Choose a shorter name\."):
        write_whole(tmp_path / ("x" * 300) / "a.json", text("{}"))


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    output = tmp_path / "runs.json"
    output.write_text("mine")
    with pytest.raises(ConfigError, match=r"is there already.*--force"):
        write_whole(output, text("{}"))
    assert output.read_text() == "mine"
    write_whole(output, text("{}"), force=True)
    assert output.read_text() == "{}"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_link_to_nowhere_is_something_that_is_there(tmp_path: Path) -> None:
    output = tmp_path / "runs.json"
    output.symlink_to(tmp_path / "gone.json")
    with pytest.raises(ConfigError, match="is there already"):
        write_whole(output, text("{}"))


def test_what_somebody_else_made_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    output = tmp_path / "runs.json"

    def slowly(path: Path) -> list[str]:
        output.write_text("of somebody else")
        path.write_text("{}")
        return []

    with pytest.raises(ConfigError, match="is there already"):
        write_whole(output, slowly)
    assert output.read_text() == "of somebody else"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_empty_folder_is_taken_and_a_full_one_keeps_what_is_not_written(tmp_path: Path) -> None:
    output = tmp_path / "tables"
    output.mkdir()
    write_whole(output, folder)
    (output / "a.csv").write_text("old a")
    (output / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is there already"):
        write_whole(output, folder)
    write_whole(output, folder, force=True)
    assert (output / "a.csv").read_text() == "new a"
    assert (output / "mine.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


@pytest.mark.parametrize("made", ["file", "folder"])
def test_a_file_never_takes_the_place_of_a_folder_nor_a_folder_that_of_a_file(
    tmp_path: Path, made: str
) -> None:
    output = tmp_path / "there"
    if made == "file":
        output.mkdir()
        (output / "mine").write_text("mine")
    else:
        output.write_text("mine")
    with pytest.raises(ConfigError, match=r"is a (folder|file), not a"):
        write_whole(output, text("{}") if made == "file" else folder, force=True)
    kept = output / "mine" if made == "file" else output
    assert kept.read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_through_a_link_the_file_that_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    real, link = tmp_path / "results" / "runs.json", tmp_path / "newest.json"
    real.write_text("old")
    link.symlink_to(real)
    with pytest.raises(ConfigError, match="is there already"):
        write_whole(link, text("{}"))
    assert write_whole(link, text("{}"), force=True).files == (real,)
    assert (link.readlink(), real.read_text()) == (real, "{}")
    real.unlink()
    write_whole(link, text("[]"), force=True)
    assert real.read_text() == "[]"
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "newest.json",
        "results",
        "runs.json",
    ]


def test_a_link_to_a_folder_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.csv").write_text("old a")
    (tmp_path / "tables").symlink_to(tmp_path / "real")
    write_whole(tmp_path / "tables", folder, force=True)
    assert (tmp_path / "tables").is_symlink()
    assert (tmp_path / "real" / "a.csv").read_text() == "new a"


def test_a_link_in_a_circle_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to(tmp_path / "a.json")
    with pytest.raises(ConfigError, match="is a link, not a file"):
        write_whole(tmp_path / "a.json", text("{}"), force=True)
    assert (tmp_path / "a.json").is_symlink()


@pytest.mark.parametrize("force", [True, False])
def test_a_pipe_or_a_device_is_never_replaced(tmp_path: Path, force: bool) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "null.json").symlink_to("/dev/null")
    for name in ("pipe.json", "null.json"):
        with pytest.raises(ConfigError, match="neither a file nor a folder"):
            write_whole(tmp_path / name, text("{}"), force=force)
    assert stat.S_ISFIFO((tmp_path / "pipe.json").lstat().st_mode)
    assert (tmp_path / "null.json").is_char_device()


def in_the_way(place: Path) -> Iterator[str]:
    """Makes one thing after another that no file takes the place of; gives what it is."""
    place.mkdir()
    yield "a folder"
    place.rmdir()
    os.mkfifo(place)
    yield "a pipe or a device"
    place.unlink()
    place.symlink_to(place.with_name("elsewhere"))
    yield "a link"


def test_what_is_in_the_way_of_one_file_leaves_all_as_they_were(tmp_path: Path) -> None:
    output = tmp_path / "tables"
    (output / "deep").mkdir(parents=True)
    (output / "a.csv").write_text("old a")
    for what in in_the_way(output / "deep" / "b.csv"):
        with pytest.raises(ConfigError, match=rf"b\.csv is {what}, not a file, and nothing"):
            write_whole(output, folder, force=True)
        assert (output / "a.csv").read_text() == "old a"
        assert [path.name for path in tmp_path.iterdir()] == ["tables"]


def test_ctrl_c_among_renames_comes_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, names = tmp_path / "tables", ["0", "1", "2"]
    output.mkdir()
    (output / "mine").touch()
    pressed: list[str] = []
    heard: list[int] = []
    replace = os.replace

    def hear(number: int, _: object) -> None:
        heard.append(number)

    def write(path: Path) -> list[str]:
        path.mkdir()
        for name in names:
            (path / name).touch()
        return []

    def press(source: Path, place: Path) -> None:
        """Renames, and presses Ctrl-C, also behind the last one."""
        replace(source, place)
        os.kill(os.getpid(), signal.SIGINT)
        pressed.append(place.name)

    monkeypatch.setattr(os, "replace", press)
    before = signal.signal(signal.SIGINT, hear)
    try:
        written = write_whole(output, write, force=True)
        assert signal.getsignal(signal.SIGINT) is hear
    finally:
        signal.signal(signal.SIGINT, before)
    assert (pressed, heard) == (names, [])
    assert [path.name for path in written.files] == names
    assert sorted(path.name for path in output.iterdir()) == [*names, "mine"]
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit, ConfigError("no")])
def test_what_ends_a_writer_takes_the_half_with_it(tmp_path: Path, ending: BaseException) -> None:
    def half_a_folder(path: Path) -> list[str]:
        path.mkdir()
        (path / "half").write_text("half")
        raise ending

    def half_a_file(path: Path) -> list[str]:
        path.write_text("half")
        raise ending

    for writer in (half_a_file, half_a_folder):
        with pytest.raises(BaseException):  # noqa: B017, PT011 - whatever it is
            write_whole(tmp_path / "runs.json", writer)
        assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_nothing_and_says_so(tiny_disk: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot be written: No space left.*Free some space"):
        write_whole(tiny_disk / "runs.json", text("x" * 2_000_000))
    assert not list(tiny_disk.iterdir())


def test_a_file_that_is_too_large_is_told_by_its_own_name(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(StorageError) as told:
            write_whole(tmp_path / "runs.json", text("x" * 2_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told.value.message == f"{tmp_path / 'runs.json'} cannot be written: File too large."
    assert told.value.hint is not None
    assert "ulimit -f" in told.value.hint
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told_with_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"There is no folder .*nowhere.*mkdir -p"):
        write_whole(tmp_path / "nowhere" / "runs.json", text("{}"))
