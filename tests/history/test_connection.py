"""The history opens for everybody at once, old or new, and they do not lock each other out."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock
from history import samples
from history.processes import Worker, go_together
from sqlite_utils import Database

from cnnlab.errors import HistoryError
from cnnlab.history import connection
from cnnlab.history.connection import (
    APPLICATION_ID,
    MIGRATIONS,
    connect_for_reading,
    connect_for_writing,
)
from cnnlab.history.edits import add_note
from cnnlab.history.migrations import migrations
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder
from cnnlab.history.trash import move_to_trash
from cnnlab.home import Home

# A new history


def test_the_names_of_the_migrations_are_known_without_importing_them(home: Home) -> None:
    with closing(connect_for_writing(home)) as db:
        assert migrations.pending(db) == []
        assert tuple(each.name for each in migrations.applied(db)) == MIGRATIONS


def older(home: Home, first_missing: str) -> None:
    """A history as it was before a migration, with one run."""
    home.root.mkdir()
    with closing(Database(sqlite3.connect(home.history, isolation_level=None))) as db:
        migrations.apply(db, stop_before=first_missing)
        db.execute(
            "insert into runs (id, name, status, dataset, model, config, monitor, epochs_planned,"
            " host, pid, versions, created_at) values ('0a', 'old', 'finished', 'mnist', 'lenet',"
            " '{}', 'validation_loss', 1, 'h', 1, '{}', '2026-01-01')"
        )


@pytest.mark.parametrize("first_missing", MIGRATIONS[1:])
def test_an_older_history_is_brought_up_to_date(home: Home, first_missing: str) -> None:
    older(home, first_missing)
    with Reader(home) as reader:
        run = reader.run("0a")
        assert (run.name, run.trashed_at, run.claimed_at) == ("old", None, None)
        assert reader.interventions(["0a"])["0a"] == []
        assert reader.run_ids() == ["0a"]
    applied = samples.plain(home, "select name from _sqlite_migrations order by id")
    assert applied == [(name,) for name in MIGRATIONS]
    assert samples.plain(home, "select id, name from run_results") == [("0a", "old")]
    move_to_trash(home, ["0a"])
    assert samples.plain(home, "select id, name from run_results") == []


def test_reading_a_home_without_a_history_creates_nothing(home: Home) -> None:
    assert connect_for_reading(home) is None
    with Reader(home) as reader:
        assert reader.runs() == []
    assert not home.root.exists()


def test_home_and_history_are_their_owners_alone(home: Home) -> None:
    before = os.umask(0)
    try:
        samples.add_run(home, "aaaa0001")
        with Recorder(home, "aaaa0001") as recorder:
            recorder.record(samples.STARTED)
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.root.iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700
    assert {"history.db", "history.db-wal", "history.db-shm"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_a_history_on_a_local_disk_keeps_a_wal(home: Home) -> None:
    connect_for_writing(home).close()
    assert samples.plain(home, "pragma journal_mode") == [("wal",)]


def test_the_file_tells_whose_it_is(home: Home) -> None:
    connect_for_writing(home).close()
    assert home.history.read_bytes()[:16] == b"SQLite format 3\0"
    assert samples.plain(home, "pragma application_id") == [(APPLICATION_ID,)]


@pytest.mark.parametrize("folder", ["with space", "100%", "a#b?c=d&mode=rw", "ünï", "';--"])
def test_a_home_of_any_name_works(tmp_path: Path, folder: str) -> None:
    home = Home(tmp_path / folder)
    samples.add_run(home, "aaaa0001")
    with Reader(home) as reader:
        assert reader.resolve("latest") == "aaaa0001"
    assert home.history.is_file()


def test_writes_survive_power_loss(home: Home) -> None:
    with closing(connect_for_writing(home)) as db:
        (synchronous,) = db.execute("pragma synchronous").fetchone()
    assert synchronous == 2


def test_many_processes_open_a_new_home_at_once(home: Home) -> None:
    workers = [Worker("open", home) for _ in range(8)]
    go_together(workers)
    assert [worker.lines_to_end() for worker in workers] == [["open"]] * 8
    applied = samples.plain(home, "select name from _sqlite_migrations order by id")
    assert applied == [(name,) for name in MIGRATIONS]


def test_an_empty_file_becomes_a_history(home: Home) -> None:
    home.root.mkdir()
    home.history.touch()
    with Reader(home) as reader:
        assert reader.runs() == []
    samples.add_run(home, "aaaa0001")
    assert samples.counts(home)["runs"] == 1


def test_an_upgrade_that_takes_too_long_elsewhere_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "UPGRADE_SECONDS", 0.2)
    home.root.mkdir()
    with (
        FileLock(home.history.with_suffix(".lock")),
        pytest.raises(HistoryError, match="bringing the history"),
    ):
        connect_for_writing(home)


# Several at once


def test_writers_and_readers_do_not_lock_each_other_out(home: Home) -> None:
    writers = [Worker("write", home, f"aaaa000{number}", "25") for number in range(4)]
    readers = [Worker("read", home) for _ in range(2)]
    go_together([*writers, *readers])
    for writer in writers:
        writer.lines_to_end()
    for reader in readers:
        assert reader.lines_to_end() == ["4 runs"]
    counts = samples.counts(home)
    assert (counts["runs"], counts["epochs"], counts["steps"]) == (4, 100, 400)
    assert (counts["evaluations"], counts["class_metrics"]) == (100, 300)
    assert counts["checkpoints"] == 8  # the last one of each run, and the one before it


def test_readers_go_on_while_another_program_writes(used_home: Home) -> None:
    with closing(sqlite3.connect(used_home.history, isolation_level=None)) as other:
        other.execute("begin immediate")
        other.execute("update runs set name = 'changed'")
        with Reader(used_home) as reader:
            assert reader.run("aaaa0001").name == "lenet-1"
        other.execute("rollback")


def test_a_lock_that_does_not_go_away_is_named(
    used_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.2)
    with closing(sqlite3.connect(used_home.history, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(HistoryError, match="locked by another program"):
            add_note(used_home, "aaaa0001", "a second note")
        other.execute("rollback")
    add_note(used_home, "aaaa0001", "a third note")
    assert samples.plain(used_home, "select text from notes") == [("a note",), ("a third note",)]
