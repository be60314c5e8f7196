"""A history that is damaged for real gives back what can still be read of it."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from history import samples
from history.processes import Worker

from cnnlab.errors import HistoryError, StorageError
from cnnlab.history import connection
from cnnlab.history.connection import connect_for_writing
from cnnlab.history.queries import Reader
from cnnlab.history.repair import Repair, problems, repair
from cnnlab.home import Home

RUNS = [f"aaaa{number:04x}" for number in range(12)]
LONG = "é" * 5000
"""A note that does not fit into a page."""


@pytest.fixture(scope="module")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A history of twelve runs with 500 steps each, in one file."""
    home = Home(tmp_path_factory.mktemp("twelve") / "home")
    for number, run_id in enumerate(RUNS):
        config = {"model": {"name": "lenet"}, "padding": "x" * (300 * number)}
        samples.add_run(home, run_id, tags=["old", f"t{number}"], note=LONG, config=config)
        samples.record(home, run_id, *samples.life())
        samples.record(home, run_id, samples.steps(9, (0.25,) * 492))
        samples.command(home, run_id)
    return home


@pytest.fixture
def used(home: Home, twelve: Home) -> Home:
    shutil.copytree(twelve.root, home.root)
    return home


def page_of(home: Home, name: str) -> int:
    """Where the tree of a table begins in the file."""
    ((root,),) = samples.plain(home, "select rootpage from sqlite_master where name = ?", [name])
    return (root - 1) * 4096


def overwrite(home: Home, begin: int, count: int, seed: int = 0) -> bytes:
    """Random bytes over a stretch of the file; returns the file as it is then."""
    content = bytearray(home.history.read_bytes())
    content[begin : begin + count] = random.Random(seed).randbytes(len(content[begin:][:count]))
    home.history.write_bytes(content)
    return bytes(content)


def repaired(home: Home) -> Repair:
    done = repair(home)
    assert done is not None
    assert problems(home) == []
    assert samples.counts(home) == done.rebuilt.saved
    return done


def read_all(home: Home) -> list[str]:
    with Reader(home) as reader:
        ids = [run.id for run in reader.runs()]
        reader.validations(ids)
        for run_id in ids:
            reader.steps(run_id)
            reader.log(run_id)
    return ids


def test_a_sound_history_is_left_alone(used: Home) -> None:
    before = used.history.read_bytes()
    assert problems(used) == []
    assert repair(used) is None
    assert used.history.read_bytes() == before
    assert not list(used.root.glob("*damaged*"))


def test_an_empty_file_is_sound(home: Home) -> None:
    home.root.mkdir()
    home.history.touch()
    assert repair(home) is None


def test_without_a_history_nothing_is_repaired(home: Home) -> None:
    with pytest.raises(HistoryError, match="no history"):
        repair(home)


def test_a_destroyed_header_costs_nothing(used: Home) -> None:
    before = samples.counts(used)
    expected = samples.plain(used, "select * from runs order by rowid")
    content = overwrite(used, 0, 100)
    done = repaired(used)
    assert samples.counts(used) == before
    assert samples.plain(used, "select * from runs order by rowid") == expected
    assert samples.plain(used, "select distinct text from notes") == [(LONG,)]
    assert done.damaged.read_bytes() == content
    assert done.damaged.name.startswith("history.db.damaged-")
    assert done.rebuilt.lost_runs == []
    assert read_all(used) == RUNS[::-1]
    with closing(connect_for_writing(used)) as db:
        assert connection.applied_migrations(used.history) == set(connection.MIGRATIONS)
        assert db.execute("pragma application_id").fetchone() == (connection.APPLICATION_ID,)
    assert stat.S_IMODE(used.history.stat().st_mode) == 0o600
    left = {path.name for path in used.root.iterdir()}
    assert left - {"history.lock"} == {"history.db", done.damaged.name}


def test_a_destroyed_mark_costs_nothing(used: Home) -> None:
    before = samples.counts(used)
    samples.change(used, "pragma application_id = 7")
    assert problems(used) == ["it is marked as a database of another program (number 7)"]
    repaired(used)
    assert samples.counts(used) == before
    assert read_all(used) == RUNS[::-1]


def test_a_repair_that_was_killed_leaves_nothing_after_the_next(used: Home) -> None:
    (used.root / ".repair-x1").mkdir()
    (used.root / ".repair-x1" / "history.db").write_text("half")
    overwrite(used, 0, 100)
    repaired(used)
    assert not list(used.root.glob(".repair-*"))


def test_a_destroyed_schema_costs_nothing(used: Home) -> None:
    before = samples.counts(used)
    overwrite(used, 0, 4096)
    repaired(used)
    assert samples.counts(used) == before


@pytest.mark.parametrize("table", ["steps", "epochs", "class_metrics", "notes"])
def test_a_destroyed_root_costs_no_row_of_other_tables(used: Home, table: str) -> None:
    before = samples.counts(used)
    overwrite(used, page_of(used, table), 4096)
    repaired(used)
    after = samples.counts(used)
    assert {**after, table: 0} == {**before, table: 0}
    assert after[table] <= before[table]
    assert read_all(used) == RUNS[::-1]


def test_a_destroyed_index_costs_nothing(used: Home) -> None:
    before = samples.counts(used)
    overwrite(used, page_of(used, "evaluations_run"), 4096)
    assert problems(used)
    repaired(used)
    assert samples.counts(used) == before


def test_a_run_whose_row_is_lost_is_named(used: Home) -> None:
    lost = RUNS[3]
    used.run_folder("bbbb0001").mkdir(parents=True)
    used.run_folder("an-imported_run").mkdir()
    (used.runs / "lost+found").mkdir()
    samples.change(used, "update runs set config = '{\"model\": ' where id = ?", [lost])
    done = repaired(used)
    assert done.rebuilt.lost_runs == [lost, "an-imported_run", "bbbb0001"]
    assert done.rebuilt.saved["runs"] == 11
    assert lost not in read_all(used)
    assert done.problems[0].startswith("a row of runs: ")


def test_rows_of_runs_that_are_gone_are_left_out(used: Home) -> None:
    samples.change(used, "delete from runs where id = ?", [RUNS[0]])
    done = repaired(used)
    assert done.rebuilt.saved["steps"] == 11 * 500
    assert done.rebuilt.lost_runs == [RUNS[0]]


@pytest.mark.parametrize("versions", ["{", "[]", '{"cnnlab": 5}'])
def test_versions_that_cannot_be_read_cost_no_run(used: Home, versions: str) -> None:
    samples.change(used, "update runs set versions = ?, git = 'x'", [versions])
    assert repaired(used).rebuilt.saved["runs"] == 12
    with Reader(used) as reader:
        assert [(run.versions, run.git) for run in reader.runs()] == [({}, None)] * 12


def test_a_text_that_is_not_unicode_keeps_what_can_be_read(used: Home) -> None:
    samples.change(used, "update log set message = cast(x'6f6bff' as text)")
    assert repaired(used).rebuilt.saved["log"] == 12
    assert samples.plain(used, "select distinct message from log") == [("ok\ufffd",)]


@pytest.mark.parametrize("share", [0.9, 0.5])
def test_a_truncated_history_gives_what_is_left(used: Home, share: float) -> None:
    before = samples.counts(used)
    content = used.history.read_bytes()
    used.history.write_bytes(content[: int(len(content) * share)])
    done = repaired(used)
    assert done.rebuilt.saved["runs"] >= 12 * share - 3
    assert done.rebuilt.saved["steps"] >= before["steps"] * (share - 0.3)
    read_all(used)


@pytest.mark.parametrize("seed", range(25))
def test_pages_overwritten_at_random_cost_only_their_own_rows(used: Home, seed: int) -> None:
    chance = random.Random(seed)
    before = samples.counts(used)
    pages = used.history.stat().st_size // 4096
    lost = chance.sample(range(pages), chance.randint(1, 8))
    for number in lost:
        overwrite(used, number * 4096, 4096, seed)
    if not problems(used):
        return  # free pages alone
    done = repaired(used)
    read_all(used)
    rows = sum(before.values()) - sum(samples.counts(used).values())
    # A page has no more than 150 rows; those that hang on a lost run are counted with it.
    most = 150 * len(lost) + len(done.rebuilt.lost_runs) * max(1, sum(before.values()) // 12)
    evaluations = before["evaluations"] - done.rebuilt.saved["evaluations"]
    assert rows <= most + evaluations * 12


@pytest.mark.parametrize("seed", range(25))
def test_bytes_overwritten_at_random_leave_a_history_that_can_be_read(
    used: Home, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        overwrite(used, chance.randrange(used.history.stat().st_size), 64, chance.randrange(1000))
    if problems(used):
        repaired(used)
    read_all(used)


def test_what_a_killed_writer_left_in_its_log_is_saved_too(used: Home) -> None:
    notes = page_of(used, "notes")
    worker = Worker("live", used, "bbbb0001", "600")
    worker.go()
    assert [worker.line() for _ in range(5)] == ["1", "2", "3", "4", "5"]
    worker.kill()
    log = used.history.with_name("history.db-wal")
    assert log.stat().st_size
    overwrite(used, 0, 100)
    # The log of a history that has grown holds its header too; what nobody writes, it never holds.
    overwrite(used, notes, 4096)
    done = repaired(used)
    with Reader(used) as reader:
        assert reader.run("bbbb0001").epochs_done >= 5
    assert done.damaged.with_name(done.damaged.name + "-wal").stat().st_size


def test_deleted_rows_do_not_come_back(used: Home) -> None:
    samples.change(used, "pragma secure_delete = off")
    with closing(sqlite3.connect(used.history)) as database, database:
        database.execute("pragma secure_delete = off")
        database.execute("delete from steps where step > 100")
    overwrite(used, page_of(used, "notes"), 4096)
    assert repaired(used).rebuilt.saved["steps"] == 12 * 100


def test_a_history_that_is_open_elsewhere_is_not_repaired(used: Home) -> None:
    worker = Worker("train", used, "bbbb0001")
    worker.go()
    assert worker.line() == "training"
    content = overwrite(used, page_of(used, "notes"), 4096)
    with pytest.raises(HistoryError, match=f"is open in process {worker.pid}"):
        repair(used)
    assert used.history.read_bytes() == content
    worker.kill()
    assert repair(used) is not None


def test_a_file_without_any_run_stays_as_it_is(home: Home) -> None:
    home.root.mkdir()
    home.history.write_text("dear diary, today I trained a network\n" * 200)
    before = home.history.read_bytes()
    with pytest.raises(HistoryError, match="No run can be read"):
        repair(home)
    assert home.history.read_bytes() == before
    assert not list(home.root.glob("*repair*"))
    assert not list(home.root.glob("*damaged*"))


def test_a_damaged_history_of_a_newer_cnnlab_stays_as_it_is(used: Home) -> None:
    samples.change(
        used,
        "insert into _sqlite_migrations (migration_set, name, applied_at)"
        " values ('cnnlab', 'm999_future', 'tomorrow')",
    )
    with pytest.raises(HistoryError, match=r"newer cnnlab.*m999_future"):
        repair(used)
    content = overwrite(used, 0, 100)
    with pytest.raises(HistoryError, match=r"newer cnnlab.*m999_future"):
        repair(used)
    assert used.history.read_bytes() == content


def test_the_database_of_another_program_stays_as_it_is(home: Home) -> None:
    home.root.mkdir()
    with closing(sqlite3.connect(home.history)) as database, database:
        database.execute("create table notes (text)")
    with pytest.raises(HistoryError, match="of another program"):
        repair(home)


def test_checkpoints_without_a_row_are_linked_again(used: Home) -> None:
    folder = used.checkpoints(RUNS[0])
    folder.mkdir(parents=True)
    for name in ("best-epoch0001-step0000004", "best-epoch0002-step0000008", "junk"):
        (folder / f"{name}.pt").write_bytes(name.encode())
    samples.change(used, "delete from checkpoints where run_id = ?", [RUNS[0]])
    overwrite(used, page_of(used, "notes"), 4096)
    assert repaired(used).rebuilt.relinked == 1
    with Reader(used) as reader:
        (best,) = reader.checkpoints([RUNS[0]])[RUNS[0]]
    assert (best.kind, best.epoch, best.step, best.value) == ("best", 2, 8, 0.8)
    assert (Path(best.path).name, best.bytes) == ("best-epoch0002-step0000008.pt", 26)
    assert len(best.sha256) == 64


def test_an_older_damaged_history_becomes_one_of_today(used: Home) -> None:
    samples.change(used, "delete from _sqlite_migrations where name = 'm004_survival'")
    expected = samples.plain(used, "select id from runs order by rowid")
    samples.change(used, "alter table runs drop column boot")
    samples.change(used, "alter table runs drop column heartbeat_at")
    overwrite(used, 0, 100)
    repaired(used)
    assert samples.plain(used, "select id from runs order by rowid") == expected
    assert json.loads(samples.plain(used, "select config from runs")[0][0])["model"]


def test_a_home_that_cannot_be_written_is_named(used: Home, seal: Callable[[Path], None]) -> None:
    content = overwrite(used, page_of(used, "notes"), 4096)
    seal(used.root)
    with pytest.raises(StorageError):
        repair(used)
    assert used.history.read_bytes() == content
