"""A backup is a whole history, whatever others write meanwhile; an upgrade makes one first."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from history import samples
from history.processes import Worker
from sqlite_utils import Database

from cnnlab.errors import ConfigError, HistoryError, StorageError
from cnnlab.history import connection, migrations
from cnnlab.history.backup import back_up
from cnnlab.history.connection import MIGRATIONS, connect_for_writing
from cnnlab.history.queries import Reader
from cnnlab.home import Home


@pytest.fixture
def used(home: Home) -> Home:
    samples.add_run(home, "aaaa0001", tags=["old"], note="a note")
    samples.record(home, "aaaa0001", *samples.life())
    return home


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Backups


def test_a_backup_is_a_history_with_all_its_rows(used: Home, tmp_path: Path) -> None:
    place = Home(tmp_path / "elsewhere")
    place.root.mkdir()
    made = back_up(used, place.history)
    assert (made.runs, made.bytes) == (1, place.history.stat().st_size)
    assert names(place.root) == ["history.db"]
    assert stat.S_IMODE(place.history.stat().st_mode) == 0o600
    assert samples.counts(place) == samples.counts(used)
    with Reader(place) as reader:
        assert reader.run("aaaa0001").status == "finished"
    samples.add_run(place, "bbbb0002")
    assert samples.counts(used)["runs"] == 1


def test_a_backup_made_while_a_process_writes_is_of_one_moment(used: Home, tmp_path: Path) -> None:
    worker = Worker("live", used, "bbbb0002", "600")
    worker.go()
    for number in range(4):
        assert worker.line() != ""
        place = Home(tmp_path / str(number))
        place.root.mkdir()
        back_up(used, place.history)
        assert samples.plain(place, "pragma integrity_check") == [("ok",)]
        late = samples.plain(
            place,
            "select epoch from epochs where 4 != (select count(*) from steps"
            " where steps.run_id = epochs.run_id and steps.epoch = epochs.epoch)",
        )
        assert late == [], "an epoch is there without its steps"
    assert worker.line() != "", "it writes on after the last backup"
    worker.kill()


def test_a_file_that_is_there_is_replaced_only_on_demand(used: Home, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    with pytest.raises(ConfigError, match="already") as caught:
        back_up(used, target)
    assert "--force" in caught.value.hint
    assert target.read_text() == "precious"
    assert back_up(used, target, replace=True).runs == 1
    assert target.read_bytes().startswith(b"SQLite format 3\0")


@pytest.mark.parametrize("replace", [False, True])
def test_the_history_itself_is_never_the_target(
    used: Home, tmp_path: Path, *, replace: bool
) -> None:
    link = tmp_path / "link"
    link.symlink_to(used.history)
    hard = tmp_path / "hard"
    os.link(used.history, hard)
    before = used.history.read_bytes()
    roundabout = used.root / ".." / used.root.name / "history.db"
    log = used.root / "history.db-wal"
    for target in (used.history, link, hard, roundabout, log):
        with pytest.raises(ConfigError, match="the history itself"):
            back_up(used, target, replace=replace)
    assert used.history.read_bytes() == before


def test_what_a_killed_process_left_half_written_goes(used: Home, tmp_path: Path) -> None:
    for name in (".copy.db.999999999.partial", f".copy.db.{os.getpid()}.partial"):
        (tmp_path / name).write_text("half")
    (tmp_path / ".copy.db.1.partial").write_text("still written by a process that lives")
    back_up(used, tmp_path / "copy.db")
    assert names(tmp_path) == [".copy.db.1.partial", "copy.db", "home"]


def test_a_folder_is_no_target(used: Home, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        back_up(used, tmp_path, replace=True)


def test_a_folder_that_is_not_there_is_named(used: Home, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        back_up(used, tmp_path / "none" / "copy.db")


def test_without_a_history_there_is_nothing_to_back_up(home: Home, tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="no history"):
        back_up(home, tmp_path / "copy.db")
    assert not home.root.exists()


def test_a_disk_that_is_too_small_is_named_and_left_clean(used: Home, tiny_disk: Path) -> None:
    samples.record(used, "aaaa0001", samples.steps(9, (0.5,) * 40_000))
    with pytest.raises(StorageError, match="full"):
        back_up(used, tiny_disk / "copy.db")
    assert names(tiny_disk) == []


def test_a_damaged_history_is_no_backup(used: Home, tmp_path: Path) -> None:
    samples.plain(used, "pragma journal_mode = delete")
    content = bytearray(used.history.read_bytes())
    (root,) = samples.plain(used, "select rootpage from sqlite_master where name = 'steps'")[0]
    content[(root - 1) * 4096 : root * 4096] = random.Random(1).randbytes(4096)
    used.history.write_bytes(content)
    target = tmp_path / "copy.db"
    target.write_text("the last good one")
    with pytest.raises(HistoryError, match="damaged") as caught:
        back_up(used, target, replace=True)
    assert "cnnlab history repair" in caught.value.hint
    assert target.read_text() == "the last good one"
    assert names(tmp_path) == ["copy.db", "home"]


# Upgrades


@pytest.fixture
def older(home: Home) -> Home:
    """A history of the first cnnlab, with one run."""
    home.root.mkdir()
    with closing(Database(sqlite3.connect(home.history, isolation_level=None))) as db:
        db.execute("pragma journal_mode = wal")
        migrations.migrations.apply(db, stop_before=MIGRATIONS[1])
        db.execute(
            "insert into runs (id, name, status, dataset, model, config, monitor, epochs_planned,"
            " host, pid, versions, created_at) values ('0a', 'old', 'finished', 'mnist', 'lenet',"
            " '{}', 'validation_loss', 1, 'h', 1, '{}', '2026-01-01')"
        )
    return home


def applied(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute("select name from _sqlite_migrations")]


def test_an_upgrade_leaves_a_copy_of_the_older_history(older: Home) -> None:
    with Reader(older) as reader:
        assert reader.run("0a").name == "old"
    copy = older.root / f"history.db.before-{MIGRATIONS[-1]}"
    assert applied(copy) == [MIGRATIONS[0]]
    assert applied(older.history) == list(MIGRATIONS)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    before = copy.read_bytes()
    samples.add_run(older, "bbbb0002")
    assert copy.read_bytes() == before


def test_a_new_history_needs_no_copy(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    assert names(home.root) == ["history.db", "history.lock"] or names(home.root) == ["history.db"]


class _StoppedError(Exception):
    """What a migration that fails raises."""


def test_an_upgrade_that_fails_half_way_leaves_the_history_as_it_was(
    older: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = older.history.read_bytes()
    known = migrations.migrations._migrations
    last = known[-1]

    def fails(db: Database) -> None:
        last.fn(db)
        db.execute("delete from runs")
        raise _StoppedError

    broken = [*known[:-1], type(last)(last.name, fails)]
    monkeypatch.setattr(migrations.migrations, "_migrations", broken)
    with pytest.raises(_StoppedError):
        connect_for_writing(older)
    assert older.history.read_bytes() == before
    assert applied(older.history) == [MIGRATIONS[0]], "the migrations before it are taken back too"
    monkeypatch.setattr(migrations.migrations, "_migrations", known)
    with Reader(older) as reader:
        assert reader.run_ids() == ["0a"]
    assert applied(older.history) == list(MIGRATIONS)


def test_an_upgrade_without_room_for_the_copy_changes_nothing(older: Home, tiny_disk: Path) -> None:
    with closing(sqlite3.connect(older.history)) as database, database:
        database.execute(
            "insert into log values (1, '0a', 'info', ?, '2026-01-01')", ["x" * 600_000]
        )
    place = Home(tiny_disk / "home")
    place.root.mkdir()
    place.history.write_bytes(older.history.read_bytes())
    with pytest.raises(StorageError, match="disk is full"):
        Reader(place)
    assert applied(place.history) == [MIGRATIONS[0]]
    assert not [name for name in names(place.root) if "before" in name or "partial" in name]


def test_a_damaged_older_history_is_not_upgraded(older: Home) -> None:
    samples.plain(older, "pragma journal_mode = delete")
    (root,) = samples.plain(older, "select rootpage from sqlite_master where name = 'runs'")[0]
    content = bytearray(older.history.read_bytes())
    content[(root - 1) * 4096 : root * 4096] = random.Random(1).randbytes(4096)
    older.history.write_bytes(content)
    with pytest.raises(HistoryError, match="damaged"):
        connect_for_writing(older)
    assert older.history.read_bytes() == content


# The journal


def test_the_journal_can_be_chosen_by_hand(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNLAB_JOURNAL", "delete")
    samples.add_run(home, "aaaa0001")
    assert samples.plain(home, "pragma journal_mode") == [("delete",)]
    monkeypatch.setenv("CNNLAB_JOURNAL", "wal")
    samples.add_run(home, "bbbb0002")
    assert samples.plain(home, "pragma journal_mode") == [("wal",)]
    monkeypatch.setenv("CNNLAB_JOURNAL", "delete")
    samples.record(home, "bbbb0002", *samples.life())
    assert samples.plain(home, "pragma journal_mode") == [("delete",)]
    assert samples.counts(home)["runs"] == 2


def test_the_journal_stays_while_somebody_has_the_history_open(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples.add_run(home, "aaaa0001")
    monkeypatch.setenv("CNNLAB_JOURNAL", "delete")
    with Reader(home) as reader:
        samples.add_run(home, "bbbb0002")
        assert len(reader.runs()) == 2
        assert samples.plain(home, "pragma journal_mode") == [("wal",)]
    samples.add_run(home, "cccc0003")
    assert samples.plain(home, "pragma journal_mode") == [("delete",)]


@pytest.mark.parametrize("value", ["WAL", "memory", "off; drop table runs"])
def test_a_journal_of_another_name_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CNNLAB_JOURNAL", value)
    with pytest.raises(ConfigError, match="CNNLAB_JOURNAL") as caught:
        samples.add_run(home, "aaaa0001")
    assert "wal or delete" in caught.value.hint
    assert not home.history.exists()


def test_a_network_file_system_gets_the_old_journal(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnlab.history import journal

    monkeypatch.setattr(journal, "file_system", lambda _: "nfs4")
    samples.add_run(home, "aaaa0001")
    assert samples.plain(home, "pragma journal_mode") == [("delete",)]
    with closing(connect_for_writing(home)) as db:
        assert db.execute("pragma busy_timeout").fetchone() == (connection.BUSY_SECONDS * 1000,)
