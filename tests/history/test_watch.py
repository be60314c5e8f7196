"""A watch notices every write to the history, whoever makes it, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from history import samples
from history.processes import Worker

from cnnlab.history.edits import change_tags
from cnnlab.history.naming import TagChange
from cnnlab.history.queries import Reader
from cnnlab.history.watch import Watch
from cnnlab.home import Home


@pytest.fixture
def watch(home: Home) -> Iterator[Watch]:
    watch = Watch(home)
    yield watch
    watch.close()


def test_the_first_look_says_changed_and_the_next_ones_do_not(home: Home, watch: Watch) -> None:
    samples.add_run(home, "aaaa0001")
    assert [watch.changed() for _ in range(4)] == [True, False, False, False]


def test_every_write_of_this_process_is_noticed_once(home: Home, watch: Watch) -> None:
    samples.add_run(home, "aaaa0001")
    watch.changed()
    for number in range(3):
        change_tags(home, ["aaaa0001"], TagChange.of([f"tag {number}"]))
        assert [watch.changed() for _ in range(3)] == [True, False, False]
    samples.record(home, "aaaa0001", *samples.life())
    assert [watch.changed() for _ in range(2)] == [True, False]


def test_a_write_of_another_process_is_noticed(home: Home, watch: Watch) -> None:
    samples.add_run(home, "aaaa0001")
    watch.changed()
    worker = Worker("create", home, "1", "1")
    worker.go()
    worker.lines_to_end()
    assert [watch.changed() for _ in range(2)] == [True, False]


def test_reading_is_no_change(home: Home, watch: Watch) -> None:
    samples.add_run(home, "aaaa0001")
    watch.changed()
    with Reader(home) as reader:
        reader.runs()
    assert not watch.changed()


def test_a_history_that_appears_later_is_noticed(home: Home, watch: Watch) -> None:
    assert [watch.changed() for _ in range(3)] == [True, False, False]
    assert not home.root.exists()
    samples.add_run(home, "aaaa0001")
    assert [watch.changed() for _ in range(2)] == [True, False]
    change_tags(home, ["aaaa0001"], TagChange.of(["new"]))
    assert watch.changed()


def test_a_history_that_goes_away_and_comes_back_is_noticed(home: Home, watch: Watch) -> None:
    samples.add_run(home, "aaaa0001")
    watch.changed()
    shutil.rmtree(home.root)
    assert [watch.changed() for _ in range(2)] == [True, False]
    samples.add_run(home, "bbbb0002")
    assert [watch.changed() for _ in range(2)] == [True, False]
    samples.add_run(home, "cccc0003")
    assert [watch.changed() for _ in range(2)] == [True, False]


def test_another_file_in_its_place_is_noticed(home: Home, watch: Watch, tmp_path: Path) -> None:
    samples.add_run(home, "aaaa0001")
    watch.changed()
    other = Home(tmp_path / "other")
    samples.add_run(other, "bbbb0002")
    other.history.replace(home.history)
    assert [watch.changed() for _ in range(2)] == [True, False]
    samples.change(home, "update runs set name = 'another'")
    assert [watch.changed() for _ in range(2)] == [True, False]


def test_a_file_that_is_no_history_is_looked_at_until_it_is_one(home: Home, watch: Watch) -> None:
    home.root.mkdir()
    home.history.write_text("Dear diary, today I trained a network and it went very well.")
    assert [watch.changed() for _ in range(3)] == [True, False, False]
    home.history.unlink()
    samples.add_run(home, "aaaa0001")
    assert [watch.changed() for _ in range(2)] == [True, False]


def test_a_write_that_is_not_done_yet_is_no_change(home: Home, watch: Watch) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", *samples.life())
    watch.changed()
    worker = Worker("write-by-half", home)
    worker.go()
    assert worker.line() == "half"
    assert not watch.changed()
    worker.kill()


def test_a_write_without_a_wal_is_noticed(home: Home, watch: Watch) -> None:
    samples.add_run(home, "aaaa0001")
    samples.change(home, "pragma journal_mode = delete")
    watch.changed()
    change_tags(home, ["aaaa0001"], TagChange.of(["new"]))
    assert [watch.changed() for _ in range(2)] == [True, False]


def test_a_closed_watch_can_be_closed_again(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    watch = Watch(home)
    watch.changed()
    watch.close()
    watch.close()
