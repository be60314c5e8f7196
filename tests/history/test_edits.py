"""Names, tags and notes are kept, and a run is deleted whole, unless somebody still trains it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from history import samples
from history.processes import Worker
from waiting import wait_until

from cnnlab.errors import ConfigError, HistoryError, StorageError
from cnnlab.events import RunFinished
from cnnlab.history.edits import (
    add_note,
    add_notes,
    change_tags,
    delete_run,
    rename_run,
    require_deletable,
)
from cnnlab.history.naming import TagChange, given_tags
from cnnlab.history.ownership import is_alive, is_waiting
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.history.trash import move_to_trash
from cnnlab.home import Home


def run_of(home: Home, run_id: str = "aaaa0001") -> RunRecord:
    with Reader(home) as reader:
        return reader.run(run_id)


def tags_of(home: Home) -> tuple[str, ...]:
    return run_of(home).tags


@pytest.fixture
def finished(home: Home) -> Home:
    """A home with a whole run and its files, and another run beside it."""
    for run_id in ("aaaa0001", "bbbb0002"):
        samples.add_run(home, run_id, tags=["old"], note="first")
        samples.record(home, run_id, *samples.life())
        samples.command(home, run_id)
        home.checkpoints(run_id).mkdir(parents=True)
        (home.checkpoints(run_id) / "best-2.pt").write_bytes(b"weights")
    return home


@pytest.fixture
def trainer(home: Home) -> Iterator[Worker]:
    """A process that has the run aaaa0001 under way."""
    worker = Worker("train", home, "aaaa0001")
    worker.go()
    assert worker.line() == "training"
    yield worker
    worker.kill()


# Names, tags and notes


@pytest.mark.parametrize("name", ["new", "  new\n", "a new one", "[bold]", "🦉", "lenet-2"])
def test_a_run_gets_another_name(home: Home, name: str) -> None:
    for run_id in ("aaaa0001", "bbbb0002"):
        samples.add_run(home, run_id)
    rename_run(home, "aaaa0001", name)
    assert run_of(home).name == name.strip()
    assert run_of(home, "bbbb0002").name == "lenet-2"


@pytest.mark.parametrize("name", ["", " ", "\n", "latest", " latest "])
def test_a_name_that_no_run_may_have_is_refused(home: Home, name: str) -> None:
    samples.add_run(home, "aaaa0001")
    with pytest.raises(ConfigError, match=r"name of a run|cannot be called"):
        rename_run(home, "aaaa0001", name)
    assert run_of(home).name == "lenet-1"


def test_tags_are_removed_from_one_run(home: Home) -> None:
    for run_id in ("aaaa0001", "bbbb0002"):
        samples.add_run(home, run_id, tags=["old", "odd", "good"])
    lost = TagChange.of(removed=["old", "odd", "absent", "GOOD"])
    assert change_tags(home, ["aaaa0001"], lost) == 1
    assert run_of(home).tags == ("good",)
    assert run_of(home, "bbbb0002").tags == ("good", "odd", "old")


def test_tags_are_added_once(home: Home) -> None:
    samples.add_run(home, "aaaa0001", tags=["old"])
    for tags, changed in ((["new", "old", "new"], 1), (["new"], 0), ([], 0)):
        assert change_tags(home, ["aaaa0001", "aaaa0001"], TagChange.of(tags)) == changed
    assert tags_of(home) == ("new", "old")
    assert samples.counts(home)["tags"] == 2


def test_tags_may_be_any_words(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    tags = ['a "quoted" tag', "🦉", "'; drop table tags; --", "Übung", "übung"]
    change_tags(home, ["aaaa0001"], TagChange.of(tag for tag in tags))
    assert set(tags_of(home)) == set(tags)


def test_commas_stand_between_tags_and_blanks_around_them() -> None:
    assert given_tags([" a b ,, c", "", " ", "c,d"]) == ("a b", "c", "d")
    assert TagChange.of(["x, y"], [" z ,-w"]) == TagChange(("x", "y"), ("z", "-w"))


@pytest.mark.parametrize("texts", [["-old"], ["paper, - old"], [" --"]])
def test_no_tag_begins_with_the_minus_that_takes_one_away(home: Home, texts: list[str]) -> None:
    for give in (given_tags, TagChange.of):
        with pytest.raises(ConfigError, match="cannot begin with a minus"):
            give(texts)
    with pytest.raises(ConfigError, match="cannot begin with a minus"):
        samples.add_run(home, "aaaa0001", tags=texts)
    assert samples.counts(home)["runs"] == 0


def test_a_new_run_gets_the_tags_that_a_change_would_add(home: Home) -> None:
    samples.add_run(home, "aaaa0001", tags=["new, old", " old", ""])
    assert tags_of(home) == ("new", "old")


def test_a_tag_is_not_both_added_and_taken_away() -> None:
    with pytest.raises(ConfigError, match="'b' is both added and taken away") as caught:
        TagChange.of(["a,b"], ["c", "b "])
    assert caught.value.hint


def test_the_tags_of_several_runs_change_in_one_transaction(home: Home) -> None:
    for run_id, tags in (("aaaa0001", ["old"]), ("bbbb0002", ["new"]), ("cccc0003", [])):
        samples.add_run(home, run_id, tags=tags)
    change = TagChange.of(["new"], ["old"])
    # The last run refuses its tag: what was done to the others before is undone.
    samples.change(
        home,
        "create trigger refuse before insert on tags when new.run_id = 'cccc0003'"
        " begin select raise(abort, 'refused'); end",
    )
    run_ids = ["aaaa0001", "bbbb0002", "cccc0003"]
    with pytest.raises(HistoryError, match="refused"):
        change_tags(home, run_ids, change)
    assert [run_of(home, run_id).tags for run_id in run_ids] == [("old",), ("new",), ()]
    samples.change(home, "drop trigger refuse")
    assert change_tags(home, run_ids, change) == 2
    assert [run_of(home, run_id).tags for run_id in run_ids] == [("new",)] * 3


def test_a_note_is_written_on_several_runs_or_on_none(home: Home) -> None:
    for run_id in ("aaaa0001", "bbbb0002"):
        samples.add_run(home, run_id)
    with pytest.raises(ConfigError, match="'cccc0003'"):
        add_notes(home, ["aaaa0001", "cccc0003"], "new")
    assert samples.counts(home)["notes"] == 0
    add_notes(home, ["aaaa0001", "bbbb0002"], " new\n")
    assert samples.plain(home, "select run_id, text from notes") == [
        ("aaaa0001", "new"),
        ("bbbb0002", "new"),
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\t\n"])
def test_an_empty_note_is_refused(home: Home, text: str) -> None:
    samples.add_run(home, "aaaa0001")
    with pytest.raises(ConfigError, match="note cannot be empty"):
        add_note(home, "aaaa0001", text)
    assert samples.counts(home)["notes"] == 0


def test_notes_are_added_below_earlier_ones(home: Home) -> None:
    samples.add_run(home, "aaaa0001", note="first")
    for text in ("second\nline", "second\nline", "🦉 'third'"):
        add_note(home, "aaaa0001", text)
    with Reader(home) as reader:
        notes = reader.notes(["aaaa0001"])["aaaa0001"]
    assert [note.text for note in notes] == ["first", "second\nline", "second\nline", "🦉 'third'"]
    times = [note.written_at for note in notes]
    assert times == sorted(times)
    assert all(each.endswith("+00:00") for each in times)


def test_a_run_under_way_is_tagged_and_noted(home: Home, trainer: Worker) -> None:
    change_tags(home, ["aaaa0001"], TagChange.of(["watched"]))
    add_note(home, "aaaa0001", "looks good")
    assert tags_of(home) == ("watched",)
    assert trainer.process.poll() is None


EDITS = pytest.mark.parametrize(
    "edit",
    [
        lambda home, run: change_tags(home, ["aaaa0001", run], TagChange.of(["new"])),
        lambda home, run: change_tags(home, ["aaaa0001", run], TagChange.of([], ["new"])),
        lambda home, run: add_note(home, run, "new"),
        lambda home, run: rename_run(home, run, "new"),
    ],
    ids=["tags", "no tags", "note", "name"],
)


@EDITS
def test_a_run_in_the_trash_stays_as_it_went_there(
    home: Home, edit: Callable[[Home, str], None]
) -> None:
    for run_id in ("aaaa0001", "aaaa0002"):
        samples.add_run(home, run_id, tags=["old"])
        samples.record(home, run_id, *samples.life())
    move_to_trash(home, ["aaaa0002"])
    with pytest.raises(HistoryError, match=r"lenet-2 \(aaaa0002\) is in the trash") as caught:
        edit(home, "aaaa0002")
    assert "cnnlab runs restore aaaa0002" in caught.value.hint
    assert tags_of(home) == run_of(home, "aaaa0002").tags == ("old",)
    assert samples.counts(home)["notes"] == 0
    assert run_of(home, "aaaa0002").name == "lenet-2"


@EDITS
def test_an_unknown_run_is_not_edited(home: Home, edit: Callable[[Home, str], None]) -> None:
    samples.add_run(home, "aaaa0001")
    with pytest.raises(ConfigError, match="'aaaa0002'") as caught:
        edit(home, "aaaa0002")
    assert "'aaaa0001'" in caught.value.hint
    assert samples.counts(home)["tags"] == samples.counts(home)["notes"] == 0
    assert run_of(home).name == "lenet-1"


# Deleting


def test_a_deleted_run_is_gone_from_every_table_and_the_disk(finished: Home) -> None:
    both = samples.counts(finished)
    assert all(count and count % 2 == 0 for count in both.values())
    delete_run(finished, run_of(finished))
    assert samples.counts(finished) == {table: count // 2 for table, count in both.items()}
    assert samples.plain(finished, "pragma foreign_key_check") == []
    assert samples.plain(finished, "select id from runs") == [("bbbb0002",)]
    assert not finished.run_folder("aaaa0001").exists()
    assert (finished.checkpoints("bbbb0002") / "best-2.pt").read_bytes() == b"weights"


def test_a_run_without_files_is_deleted(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", samples.STARTED, RunFinished("all 2 epochs done"))
    delete_run(home, run_of(home))
    assert samples.counts(home)["runs"] == 0


def test_what_a_run_folder_links_to_is_kept(finished: Home, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "thesis.txt").write_text("precious")
    (finished.run_folder("aaaa0001") / "link").symlink_to(outside)
    delete_run(finished, run_of(finished))
    assert not finished.run_folder("aaaa0001").exists()
    assert (outside / "thesis.txt").read_text() == "precious"


def test_a_run_folder_that_is_a_link_is_named(finished: Home, tmp_path: Path) -> None:
    folder = finished.run_folder("aaaa0001")
    moved = folder.rename(tmp_path / "moved")
    folder.symlink_to(moved)
    with pytest.raises(StorageError, match="symbolic link") as caught:
        delete_run(finished, run_of(finished))
    assert str(folder) in caught.value.message
    assert (moved / "checkpoints" / "best-2.pt").exists()


def test_files_that_cannot_be_removed_are_named(
    finished: Home, seal: Callable[[Path], None]
) -> None:
    folder = finished.run_folder("aaaa0001")
    seal(folder)
    with pytest.raises(StorageError, match="Read-only file system") as caught:
        delete_run(finished, run_of(finished))
    assert str(folder) in caught.value.message
    assert "by hand" in caught.value.hint
    assert samples.plain(finished, "select id from runs") == [("bbbb0002",)]


# Whether somebody still trains it


def test_a_run_under_way_is_not_deleted(home: Home, trainer: Worker) -> None:
    home.checkpoints("aaaa0001").mkdir(parents=True)
    run = run_of(home)
    assert (run.status, run.pid, run.host) == ("running", trainer.pid, socket.gethostname())
    assert is_alive(run)
    with pytest.raises(HistoryError, match=f"still being trained by process {trainer.pid}"):
        delete_run(home, run)
    assert samples.counts(home)["runs"] == 1
    assert home.checkpoints("aaaa0001").exists()


def test_a_paused_run_is_not_deleted(home: Home, trainer: Worker) -> None:
    samples.change(home, "update runs set status = 'paused'")
    assert trainer.process.poll() is None
    with pytest.raises(HistoryError, match="still being trained"):
        require_deletable(run_of(home))


def test_the_run_of_a_dead_process_is_deleted(home: Home, trainer: Worker) -> None:
    trainer.kill()
    run = run_of(home)
    assert run.status == "running"
    assert not is_alive(run)
    delete_run(home, run)
    assert samples.counts(home)["runs"] == 0


def test_a_dead_process_that_nobody_waited_for_is_dead(home: Home, trainer: Worker) -> None:
    trainer.process.kill()
    wait_until(lambda: psutil.Process(trainer.pid).status() == psutil.STATUS_ZOMBIE, "its end")
    assert not is_alive(run_of(home))


def test_a_later_process_of_the_same_number_is_another_one(home: Home, trainer: Worker) -> None:
    assert trainer.process.poll() is None
    samples.change(home, "update runs set created_at = '2026-01-01T00:00:00.000+00:00'")
    assert not is_alive(run_of(home))


def test_the_run_of_another_machine_is_deleted_once_it_is_silent(
    home: Home, trainer: Worker
) -> None:
    assert trainer.process.poll() is None
    # The clock of that machine is ahead: it was heard of, however long this takes.
    heard = "update runs set host = 'elsewhere', heartbeat_at = '2999-01-01T00:00:00.000+00:00'"
    samples.change(home, heard)
    with pytest.raises(HistoryError, match=f"by process {trainer.pid} on elsewhere"):
        delete_run(home, run_of(home))
    samples.change(home, "update runs set heartbeat_at = '2026-01-01T00:00:00.000+00:00'")
    run = run_of(home)
    assert not is_alive(run)
    delete_run(home, run)
    assert samples.counts(home)["runs"] == 0


@pytest.mark.parametrize("status", ["queued", "finished", "stopped", "failed", "interrupted"])
def test_a_run_that_is_not_under_way_is_not_alive(home: Home, status: str) -> None:
    samples.add_run(home, "aaaa0001")
    samples.change(home, "update runs set status = ?", (status,))
    run = run_of(home)
    assert run.pid == os.getpid()
    assert not is_alive(run)


def test_a_run_that_waits_in_a_living_process_is_not_deleted(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    run = run_of(home)
    assert (run.status, run.pid) == ("queued", os.getpid())
    assert is_waiting(run)
    with pytest.raises(HistoryError, match=f"waits to be trained by process {os.getpid()}"):
        delete_run(home, run)
    assert samples.counts(home)["runs"] == 1


def test_a_run_that_waited_in_a_process_that_is_gone_is_deleted(home: Home) -> None:
    worker = Worker("create", home, "1", "1")
    worker.go()
    worker.lines_to_end()
    run = run_of(home, "00010000")
    assert run.status == "queued"
    assert not is_waiting(run)
    delete_run(home, run)
    assert samples.counts(home)["runs"] == 0


def test_a_run_of_another_machine_does_not_wait_here(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.change(home, "update runs set host = 'elsewhere'")
    assert not is_waiting(run_of(home))


def test_a_run_that_a_later_process_took_over_is_alive(home: Home, trainer: Worker) -> None:
    trainer.kill()
    samples.change(home, "update runs set created_at = '2026-01-01T00:00:00.000+00:00'")
    assert run_of(home).claimed_at is None
    assert not is_alive(run_of(home))
    samples.change(home, "update runs set pid = ?", (os.getpid(),))
    assert is_alive(run_of(home))
