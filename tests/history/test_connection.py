"""The history opens for everybody at once, refuses what is not its own, and names what is wrong."""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from filelock import FileLock
from history import samples
from history.processes import Worker, go_together
from sqlite_utils import Database

from cnnlab.errors import CnnlabError, DiskFullError, HistoryError, StorageError
from cnnlab.events import Logged
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
from cnnlab.history.trash import move_to_trash, restore
from cnnlab.home import Home

Use = Callable[[Home], object]

USES: dict[str, Use] = {
    "read": Reader,
    "write": connect_for_writing,
    "create": lambda home: samples.add_run(home, "bbbb0002"),
    "record": lambda home: samples.record(home, "aaaa0001", samples.STARTED),
    "edit": lambda home: add_note(home, "aaaa0001", "a note"),
}
each_use = pytest.mark.parametrize("use", USES.values(), ids=USES)


@pytest.fixture(scope="module")
def one_run(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a history with one whole run."""
    home = Home(tmp_path_factory.mktemp("one_run"))
    samples.add_run(home, "aaaa0001", tags=["old"], note="a note")
    samples.record(home, "aaaa0001", *samples.life())
    samples.command(home, "aaaa0001")
    return home.history.read_bytes()


@pytest.fixture
def used_home(home: Home, one_run: bytes) -> Home:
    """A home with one whole run."""
    home.root.mkdir()
    home.history.write_bytes(one_run)
    return home


def files(home: Home) -> dict[str, str]:
    """The checksum of every file in a home."""
    paths = [path for path in home.root.rglob("*") if path.is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def other_database(home: Home, *statements: str) -> None:
    home.root.mkdir()
    with closing(sqlite3.connect(home.history)) as database, database:
        for statement in statements:
            database.execute(statement)


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


# The tables


def test_deleting_a_run_deletes_all_that_hangs_on_it(used_home: Home) -> None:
    assert all(samples.counts(used_home).values())
    with closing(connect_for_writing(used_home)) as db:
        db.execute("delete from runs")
    assert set(samples.counts(used_home).values()) == {0}


def test_rows_of_an_unknown_run_are_refused(used_home: Home) -> None:
    with (
        closing(connect_for_writing(used_home)) as db,
        pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"),
    ):
        db.execute("insert into tags values ('gone', 'tag')")


@pytest.mark.parametrize(
    "statement",
    [
        "update runs set status = 'confused'",
        "update evaluations set split = 'other'",
        "update checkpoints set kind = 'worst'",
        "update steps set loss = 'high'",
        "update log set level = 'shout'",
    ],
)
def test_values_that_make_no_sense_are_refused(used_home: Home, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        samples.change(used_home, statement)


def test_a_reader_cannot_write(used_home: Home) -> None:
    database = connect_for_reading(used_home)
    assert database is not None
    with closing(database), pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.execute("delete from runs")
    assert samples.counts(used_home)["runs"] == 1


# The views, as any other program reads them


def test_plain_sqlite_reads_the_results_of_runs(used_home: Home) -> None:
    columns = "name, status, epochs, best_epoch, best_value, test_accuracy, last_test_accuracy"
    rows = samples.plain(used_home, f"select {columns} from run_results")
    assert rows == [("lenet-1", "finished", 2, 2, 0.8, 0.9, 0.9)]


def test_plain_sqlite_reads_the_results_of_classes(used_home: Home) -> None:
    rows = samples.plain(
        used_home,
        "select name, class_name, precision, recall, f1, support from class_results"
        " where split = 'test' and checkpoint = 'best'",
    )
    assert sorted(rows) == [("lenet-1", name, 0.9, 0.8, 0.85, 30) for name in samples.CLASSES]


def test_plain_sqlite_reads_which_class_was_taken_for_which(used_home: Home) -> None:
    rows = samples.plain(
        used_home,
        "select true_class, predicted_class, images from confusion_results"
        " where split = 'test' and checkpoint = 'last' and true_class = 'owl'",
    )
    assert sorted(rows) == [("owl", "cat", 3), ("owl", "owl", 27)]


@pytest.mark.parametrize("view", samples.VIEWS)
def test_a_view_leaves_out_the_trash(used_home: Home, view: str) -> None:
    count = f"select count(*) from {view}"
    before = samples.plain(used_home, count)
    assert before[0][0] > 0
    # The run of a file that was copied never ends, and its process is gone.
    samples.change(used_home, "update runs set status = 'interrupted'")
    move_to_trash(used_home, ["aaaa0001"])
    assert samples.plain(used_home, count) == [(0,)]
    restore(used_home, ["aaaa0001"])
    assert samples.plain(used_home, count) == before


@pytest.mark.parametrize("view", samples.VIEWS)
def test_every_column_of_a_view_can_be_read(used_home: Home, view: str) -> None:
    with Reader(used_home) as reader:
        run = reader.resolve("latest")
    rows = samples.plain(used_home, f"select * from {view}")
    assert rows
    assert all(run in row for row in rows)


# What is not a history of ours


@each_use
def test_the_history_of_a_newer_cnnlab_is_left_alone(used_home: Home, use: Use) -> None:
    samples.change(
        used_home,
        "insert into _sqlite_migrations (migration_set, name, applied_at)"
        " values ('cnnlab', 'm999_future', 'tomorrow')",
    )
    before = files(used_home)
    with pytest.raises(HistoryError, match=r"newer cnnlab.*m999_future") as caught:
        use(used_home)
    assert "Update cnnlab" in caught.value.hint
    assert files(used_home)["history.db"] == before["history.db"]


@each_use
@pytest.mark.parametrize(
    "statements",
    [
        ["create table notes (text)"],
        ["pragma application_id = 7"],
        ["pragma application_id = 7", "create table notes (text)"],
        [
            "create table notes (text)",
            "create table _sqlite_migrations (id, migration_set, name, applied_at)",
            "insert into _sqlite_migrations values (1, 'other', 'm001_initial', 'today')",
        ],
        [f"pragma application_id = {APPLICATION_ID}", "create table runs (id)"],
    ],
    ids=["no id", "other id", "other id and tables", "other migrations", "our id, other tables"],
)
def test_the_database_of_another_program_is_left_alone(
    home: Home, use: Use, statements: list[str]
) -> None:
    other_database(home, *statements)
    before = files(home)
    with pytest.raises(HistoryError, match="of another program"):
        use(home)
    assert files(home) == before


@each_use
def test_a_strange_table_of_migrations_is_left_alone(home: Home, use: Use) -> None:
    other_database(home, "create table _sqlite_migrations (version)")
    before = files(home)
    with pytest.raises(HistoryError, match="cannot be used"):
        use(home)
    assert files(home) == before


@each_use
def test_a_text_file_is_refused(home: Home, use: Use) -> None:
    home.root.mkdir()
    home.history.write_text("dear diary, today I trained a network\n" * 200)
    before = files(home)
    with pytest.raises(HistoryError, match="not a database"):
        use(home)
    assert files(home) == before


@each_use
def test_a_folder_in_its_place_is_refused(home: Home, use: Use) -> None:
    home.history.mkdir(parents=True)
    with pytest.raises(StorageError, match=r"history\.db cannot be"):
        use(home)


# Damage


@each_use
@pytest.mark.parametrize("keep", [50, 100, 4096, 10_000, -4096])
def test_a_truncated_history_is_named(used_home: Home, use: Use, keep: int) -> None:
    content = used_home.history.read_bytes()
    assert len(content) > 20_000
    used_home.history.write_bytes(content[:keep])
    with pytest.raises(HistoryError) as caught:
        use(used_home)
    assert "is damaged" in caught.value.message
    assert "backup" in caught.value.hint
    assert used_home.history.read_bytes() == content[:keep]


def read_all(home: Home) -> None:
    """Asks for everything that a history can tell."""
    with Reader(home) as reader:
        for run in reader.runs():
            reader.epochs([run.id])
            reader.checkpoints([run.id])
            reader.steps(run.id)
            reader.log(run.id)
            reader.notes([run.id])
            reader.validations([run.id])
            reader.final_evaluations([run.id])


@pytest.mark.parametrize("column", ["config", "versions", "git"])
def test_a_damaged_column_is_named(used_home: Home, column: str) -> None:
    samples.change(used_home, f"update runs set {column} = '{{\"model\": ['")
    with Reader(used_home) as reader:
        with pytest.raises(HistoryError, match="is damaged"):
            reader.runs()
        with pytest.raises(HistoryError, match="is damaged"):
            reader.run("aaaa0001")


def test_a_text_that_is_not_unicode_is_named(used_home: Home) -> None:
    samples.change(used_home, "update log set message = cast(x'ff80' as text)")
    with Reader(used_home) as reader, pytest.raises(HistoryError):
        reader.log("aaaa0001")


def test_a_schema_that_is_not_unicode_is_named(used_home: Home) -> None:
    content = used_home.history.read_bytes()
    assert b"runs_created_at on runs" in content
    used_home.history.write_bytes(
        content.replace(b"runs_created_at on runs", b"runs_created_at on r\xffns")
    )
    with pytest.raises(HistoryError, match="is damaged"):
        read_all(used_home)


@pytest.mark.parametrize("seed", range(40))
def test_damage_never_reaches_the_user_as_a_traceback(used_home: Home, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(used_home.history.read_bytes())
    begin = chance.randrange(16, len(content) - 512)
    content[begin : begin + 512] = chance.randbytes(512)
    used_home.history.write_bytes(content)
    with suppress(CnnlabError):
        read_all(used_home)
    with suppress(CnnlabError):
        add_note(used_home, "aaaa0001", "still here")


# A place that cannot be written


@each_use
def test_a_read_only_file_is_named(used_home: Home, seal: Callable[[Path], None], use: Use) -> None:
    seal(used_home.history)
    if use is Reader or use is connect_for_writing:
        use(used_home)
        return
    with pytest.raises(StorageError, match="cannot be opened or written"):
        use(used_home)


def test_a_read_only_file_is_read(used_home: Home, seal: Callable[[Path], None]) -> None:
    seal(used_home.history)
    with Reader(used_home) as reader:
        assert reader.run("aaaa0001").epochs_done == 2


def test_a_read_only_folder_is_read(used_home: Home, seal: Callable[[Path], None]) -> None:
    seal(used_home.root)
    with Reader(used_home) as reader:
        assert reader.run("aaaa0001").epochs_done == 2
        assert len(reader.steps("aaaa0001")) == 8


@pytest.mark.parametrize("use", [USES["write"], USES["create"], USES["record"], USES["edit"]])
def test_a_read_only_folder_is_named(
    used_home: Home, seal: Callable[[Path], None], use: Use
) -> None:
    seal(used_home.root)
    with pytest.raises(StorageError, match="cannot be written") as caught:
        use(used_home)
    assert "CNNLAB_HOME" in caught.value.hint


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_an_empty_history_in_a_read_only_folder_is_named(
    home: Home, seal: Callable[[Path], None], use: Use
) -> None:
    home.root.mkdir()
    home.history.touch()
    seal(home.root)
    with pytest.raises(StorageError, match="cannot be written"):
        use(home)


def test_a_home_that_cannot_be_created_is_named(
    tmp_path: Path, seal: Callable[[Path], None]
) -> None:
    seal(tmp_path)
    with pytest.raises(StorageError, match="cannot be created"):
        samples.add_run(Home(tmp_path / "new"), "aaaa0001")


# A full disk


@pytest.fixture
def full_disk(tiny_disk: Path) -> Callable[[], Path]:
    """Fills the disk up; returns the file to remove to have space again."""

    def fill() -> Path:
        filler = tiny_disk / "filler"
        with filler.open("wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    pass
        return filler

    return fill


def fill_up(recorder: Recorder) -> None:
    for number in range(1, 1000):
        recorder.record(samples.evaluated("validation", None, number))


def test_a_disk_that_fills_up_is_named_and_nothing_is_lost(
    tiny_disk: Path, full_disk: Callable[[], Path]
) -> None:
    home = Home(tiny_disk / "home")
    samples.add_run(home, "aaaa0001")
    with Recorder(home, "aaaa0001") as recorder:
        recorder.record(samples.STARTED)
        recorder.record(samples.steps(1, (0.5,) * 10))
        recorder.flush()
        filler = full_disk()
        with pytest.raises(StorageError, match="disk is full"):
            fill_up(recorder)
    filler.unlink()
    assert samples.plain(home, "pragma integrity_check") == [("ok",)]
    assert samples.counts(home)["steps"] == 10
    evaluations = samples.counts(home)["evaluations"]
    assert samples.counts(home)["class_metrics"] == evaluations * len(samples.CLASSES)
    samples.record(home, "aaaa0001", samples.epoch(1))
    assert samples.counts(home)["epochs"] == 1


def test_the_recorder_goes_on_when_there_is_space_again(
    tiny_disk: Path, full_disk: Callable[[], Path]
) -> None:
    home = Home(tiny_disk / "home")
    samples.add_run(home, "aaaa0001")
    with Recorder(home, "aaaa0001") as recorder:
        recorder.record(samples.STARTED)
        filler = full_disk()
        recorder.record(samples.steps(1, (0.5,) * 9000))
        with pytest.raises(StorageError, match="disk is full"):
            recorder.flush()
        filler.unlink()
        recorder.record(samples.epoch(1))
    assert samples.counts(home)["steps"] == 9000
    assert samples.counts(home)["epochs"] == 1


def test_lines_of_the_log_wait_on_a_full_disk_and_are_written_once(
    tiny_disk: Path, full_disk: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnlab.history.recorder.FLUSH_SECONDS", 0.0)
    home = Home(tiny_disk / "home")
    samples.add_run(home, "aaaa0001")
    with Recorder(home, "aaaa0001") as recorder:
        recorder.record(samples.STARTED)
        filler = full_disk()
        for number in range(200):
            recorder.record(Logged("info", f"{number} " + "x" * 2000))
        with pytest.raises(DiskFullError):
            recorder.record(samples.epoch(1))
        filler.unlink()
        recorder.record(samples.epoch(1))
    with Reader(home) as reader:
        lines = [int(line.message.split()[0]) for line in reader.log("aaaa0001")]
    assert lines == list(range(200))
    assert samples.counts(home)["epochs"] == 1


def test_a_full_disk_is_named_when_the_history_is_new(
    tiny_disk: Path, full_disk: Callable[[], Path]
) -> None:
    home = Home(tiny_disk / "home")
    filler = full_disk()
    with pytest.raises(StorageError):
        samples.add_run(home, "aaaa0001")
    filler.unlink()
    assert samples.add_run(home, "aaaa0001") == "lenet-1"


# Several at once


def test_writers_and_readers_do_not_lock_each_other_out(home: Home) -> None:
    writers = [Worker("write", home, f"aaaa000{number}", "25") for number in range(4)]
    readers = [Worker("read", home, "1.5") for _ in range(2)]
    go_together([*writers, *readers])
    for writer in writers:
        writer.lines_to_end()
    for reader in readers:
        assert int(reader.lines_to_end()[-1]) > 0
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
