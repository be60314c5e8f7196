"""A run in the trash is out of the way, comes back as it was, and goes with all its files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from history import samples
from history.processes import Worker

from cnnlab.errors import ConfigError, HistoryError, StorageError
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.history.trash import empty_trash, move_to_trash, restore, trash_size
from cnnlab.home import Home

LONG_AGO = "2020-01-01T00:00:00.000+00:00"
IN_TRASH = RunFilter(trashed=True)
WEIGHTS = b"weights"


@pytest.fixture
def three(home: Home) -> Home:
    """A home with three whole runs and their files."""
    for run_id in ("aaaa0001", "bbbb0002", "cccc0003"):
        samples.add_run(home, run_id, tags=["old"], note="first")
        samples.record(home, run_id, *samples.life())
        home.checkpoints(run_id).mkdir(parents=True)
        (home.checkpoints(run_id) / "best-2.pt").write_bytes(WEIGHTS)
    return home


@pytest.fixture
def trainer(three: Home) -> Iterator[Worker]:
    """A process that has the run dddd0004 under way, beside the three."""
    worker = Worker("train", three, "dddd0004")
    worker.go()
    assert worker.line() == "training"
    yield worker
    worker.kill()


def ids(home: Home, wanted: RunFilter | None = None) -> list[str]:
    with Reader(home) as reader:
        found = reader.run_ids(wanted)
        assert found == [run.id for run in reader.runs(wanted)]
    return sorted(found)


def resolve(home: Home, text: str, *, trashed: bool = False) -> str:
    with Reader(home) as reader:
        return reader.resolve(text, trashed=trashed)


# Into it and out of it


def test_a_run_is_in_the_trash_or_outside(three: Home) -> None:
    move_to_trash(three, ["bbbb0002", "aaaa0001"])
    assert ids(three) == ["cccc0003"]
    assert ids(three, IN_TRASH) == ["aaaa0001", "bbbb0002"]
    with Reader(three) as reader:
        assert str(reader.run("aaaa0001").trashed_at).endswith("+00:00")
        assert reader.run("cccc0003").trashed_at is None


def test_a_run_comes_back_as_it_was(three: Home) -> None:
    with Reader(three) as reader:
        before, counts = reader.runs(), samples.counts(three)
    move_to_trash(three, ["bbbb0002", "aaaa0001"])
    restore(three, ["aaaa0001", "bbbb0002", "cccc0003"])
    with Reader(three) as reader:
        assert reader.runs() == before
    assert samples.counts(three) == counts
    assert (three.checkpoints("aaaa0001") / "best-2.pt").read_bytes() == WEIGHTS


def test_a_run_stays_in_the_trash_since_it_came_there(three: Home) -> None:
    samples.change(three, f"update runs set trashed_at = '{LONG_AGO}' where id = 'aaaa0001'")
    move_to_trash(three, ["aaaa0001", "bbbb0002"])
    with Reader(three) as reader:
        assert reader.run("aaaa0001").trashed_at == LONG_AGO


@pytest.mark.parametrize("move", [move_to_trash, restore], ids=["trash", "restore"])
def test_an_unknown_run_moves_none(three: Home, move: Callable[[Home, list[str]], None]) -> None:
    move_to_trash(three, ["aaaa0001"])
    with pytest.raises(ConfigError, match="'aaaa9999'"):
        move(three, ["aaaa0001", "bbbb0002", "aaaa9999"])
    assert ids(three, IN_TRASH) == ["aaaa0001"]


def test_a_run_under_way_keeps_all_out_of_the_trash(three: Home, trainer: Worker) -> None:
    with pytest.raises(HistoryError, match=rf"dddd0004.* by process {trainer.pid}"):
        move_to_trash(three, ["aaaa0001", "dddd0004"])
    assert ids(three, IN_TRASH) == []
    trainer.kill()
    move_to_trash(three, ["aaaa0001", "dddd0004"])
    assert ids(three, IN_TRASH) == ["aaaa0001", "dddd0004"]


def test_a_run_that_waits_in_a_living_process_stays(three: Home) -> None:
    samples.add_run(three, "dddd0004")
    with pytest.raises(HistoryError, match=rf"dddd0004.*waits .* process {os.getpid()}"):
        move_to_trash(three, ["aaaa0001", "dddd0004"])
    assert ids(three, IN_TRASH) == []


# How it is passed by


def test_only_its_whole_id_names_a_run_in_the_trash(three: Home) -> None:
    move_to_trash(three, ["cccc0003", "bbbb0002"])
    assert resolve(three, "latest") == "aaaa0001"
    assert resolve(three, "cccc0003") == "cccc0003"
    with pytest.raises(ConfigError, match="'lenet-3' is in the trash") as caught:
        resolve(three, "lenet-3")
    assert "cnnlab runs restore" in caught.value.hint
    with pytest.raises(ConfigError, match="Unknown run 'cccc'"):
        resolve(three, "cccc")


def test_a_name_of_two_runs_means_the_one_outside_the_trash(three: Home) -> None:
    samples.change(three, "update runs set name = 'same'")
    move_to_trash(three, ["bbbb0002"])
    move_to_trash(three, ["cccc0003"])
    assert resolve(three, "same") == "aaaa0001"


@pytest.mark.parametrize("word", ["bbbb0002", "bb", "lenet-2", "latest"])
def test_a_run_is_looked_for_in_the_trash_alone(three: Home, word: str) -> None:
    move_to_trash(three, ["bbbb0002"])
    assert resolve(three, word, trashed=True) == "bbbb0002"


def test_what_is_not_in_the_trash_is_not_found_there(three: Home) -> None:
    for word in ("latest", "lenet-1"):
        with pytest.raises(ConfigError, match="The trash is empty"):
            resolve(three, word, trashed=True)
    move_to_trash(three, ["bbbb0002"])
    for word in ("aaaa0001", "aa", "lenet-1"):
        with pytest.raises(ConfigError, match="Unknown run in the trash") as caught:
            resolve(three, word, trashed=True)
        assert "cnnlab runs list --trash" in caught.value.hint


def test_the_name_of_a_run_in_the_trash_stays_taken(three: Home) -> None:
    move_to_trash(three, ["aaaa0001"])
    assert samples.add_run(three, "dddd0004") == "lenet-4"
    move_to_trash(three, ["bbbb0002", "cccc0003"])
    assert samples.add_run(three, "eeee0005") == "lenet-5"


# Emptying it


def test_the_size_of_the_trash_is_that_of_its_files(three: Home, tmp_path: Path) -> None:
    assert trash_size(three) == (0, 0)
    move_to_trash(three, ["aaaa0001", "bbbb0002"])
    assert trash_size(three) == (2, 2 * len(WEIGHTS))
    (three.run_folder("aaaa0001") / "more").write_bytes(bytes(1000))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "large").write_bytes(bytes(5000))
    link = three.run_folder("bbbb0002")
    link.rename(tmp_path / "moved")
    link.symlink_to(tmp_path / "outside")
    assert trash_size(three) == (2, len(WEIGHTS) + 1000)


def test_an_emptied_trash_is_gone_with_its_files(three: Home) -> None:
    all_counts = samples.counts(three)
    move_to_trash(three, ["aaaa0001", "bbbb0002"])
    assert empty_trash(three) == (2, 2 * len(WEIGHTS))
    assert ids(three) == ["cccc0003"]
    assert ids(three, IN_TRASH) == []
    assert samples.counts(three) == {table: count // 3 for table, count in all_counts.items()}
    assert not three.run_folder("aaaa0001").exists()
    assert (three.checkpoints("cccc0003") / "best-2.pt").read_bytes() == WEIGHTS
    assert empty_trash(three) == (0, 0)


def test_a_run_without_files_leaves_the_trash(three: Home) -> None:
    (three.checkpoints("aaaa0001") / "best-2.pt").unlink()
    three.checkpoints("aaaa0001").rmdir()
    three.run_folder("aaaa0001").rmdir()
    move_to_trash(three, ["aaaa0001"])
    assert trash_size(three) == (1, 0)
    assert empty_trash(three) == (1, 0)


def test_a_run_that_trains_again_is_not_emptied(three: Home, trainer: Worker) -> None:
    trashed = f"update runs set trashed_at = '{LONG_AGO}' where id in ('aaaa0001', 'dddd0004')"
    samples.change(three, trashed)
    assert empty_trash(three)[0] == 1
    assert ids(three, IN_TRASH) == ["dddd0004"]
    assert trainer.process.poll() is None


def test_folders_that_cannot_be_removed_are_named_after_the_rest_is_done(
    three: Home, seal: Callable[[Path], None]
) -> None:
    move_to_trash(three, ["aaaa0001", "bbbb0002", "cccc0003"])
    seal(three.run_folder("aaaa0001"))
    seal(three.run_folder("bbbb0002"))
    with pytest.raises(StorageError, match="cannot be removed: Read-only file system") as caught:
        empty_trash(three)
    assert "1 more deleted run" in caught.value.message
    assert "by hand" in caught.value.hint
    assert ids(three, IN_TRASH) == []
    assert not three.run_folder("cccc0003").exists()


def test_a_home_without_a_history_has_an_empty_trash(home: Home) -> None:
    assert trash_size(home) == (0, 0)
    assert empty_trash(home) == (0, 0)
    assert not home.root.exists()
