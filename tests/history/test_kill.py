"""A process that is killed leaves a whole history, and the next one goes on with it."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from history import samples
from history.processes import Worker
from history.worker import CLASSES

from cnnlab.history.connection import MIGRATIONS
from cnnlab.history.queries import Reader
from cnnlab.history.resumption import claim
from cnnlab.home import Home

KILLS = 15
EARLY = 3
"""One of so many kills comes whenever it comes, be it before the first epoch."""


def assert_whole(home: Home) -> None:
    """SQLite finds nothing wrong, and no transaction is there by half."""
    assert samples.plain(home, "pragma integrity_check") == [("ok",)]
    assert samples.plain(home, "pragma foreign_key_check") == []
    classes = samples.plain(
        home,
        "select distinct (select count(*) from class_metrics where evaluation_id = evaluations.id)"
        " from evaluations",
    )
    assert classes in ([], [(len(CLASSES),)])
    images = samples.plain(
        home,
        "select distinct (select sum(images) from confusion where evaluation_id = evaluations.id)"
        " from evaluations where checkpoint is not null",
    )
    assert images in ([], [(30 * len(CLASSES),)])
    late = samples.plain(
        home,
        "select epoch from epochs where 4 != (select count(*) from steps"
        " where steps.run_id = epochs.run_id and steps.epoch = epochs.epoch)",
    )
    assert late == [], "an epoch is there without its steps"
    best = samples.plain(
        home,
        "select count(*) from checkpoints join runs on runs.id = run_id"
        " where best_step is not checkpoints.step",
    )
    assert best == [(0,)], "a checkpoint is there that its run does not know"


def last_epoch(home: Home, run_id: str) -> int:
    with Reader(home) as reader:
        return reader.run(run_id).epochs_done


def test_a_writer_killed_at_any_moment_leaves_a_whole_history(home: Home) -> None:
    chance = random.Random(20)
    samples.add_run(home, "aaaa0001")
    for number in range(KILLS):
        before = last_epoch(home, "aaaa0001")
        worker = Worker("write-for-ever", home, "aaaa0001", str(before + 1))
        worker.go()
        # Some are killed before they may have recorded anything, the others at least an epoch on.
        said = [int(worker.line())] if number % EARLY else []
        time.sleep(chance.uniform(0.02, 0.3))
        said += [int(line) for line in worker.kill()]
        assert_whole(home)
        # Everything that `record` came back from is there.
        assert last_epoch(home, "aaaa0001") >= max(said, default=before)
    with Reader(home) as reader:
        epochs = [epoch.epoch for epoch in reader.epochs(["aaaa0001"])["aaaa0001"]]
        steps = [step.step for step in reader.steps("aaaa0001")]
        validations = [each.step for each in reader.validations(["aaaa0001"])["aaaa0001"]]
        assert len(reader.final_evaluations(["aaaa0001"])["aaaa0001"]) == 1
    assert len(epochs) >= KILLS - KILLS // EARLY
    assert epochs == list(range(1, len(epochs) + 1))
    assert steps[: len(epochs) * 4] == list(range(1, len(epochs) * 4 + 1))
    assert validations[: len(epochs)] == [number * 4 for number in epochs]
    assert len(validations) == len(set(validations))


def test_the_next_process_ends_the_run_of_a_killed_one(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    worker = Worker("write-for-ever", home, "aaaa0001", "1")
    worker.go()
    assert worker.line() == "1"
    worker.kill()
    with Reader(home) as reader:
        run = reader.run("aaaa0001")
    assert run.status == "running"
    claim(home, run)
    samples.record(home, "aaaa0001", *samples.life())
    with Reader(home) as reader:
        assert reader.run("aaaa0001").status == "finished"


def test_a_process_killed_while_it_makes_the_history_leaves_one_that_opens(tmp_path: Path) -> None:
    chance = random.Random(7)
    for number in range(6):
        home = Home(tmp_path / str(number))
        worker = Worker("open", home)
        worker.go()
        time.sleep(chance.uniform(0, 0.08))
        worker.kill()
        samples.add_run(home, "aaaa0001")
        samples.record(home, "aaaa0001", *samples.life())
        assert samples.plain(home, "pragma integrity_check") == [("ok",)]
        assert samples.plain(home, "select count(*) from _sqlite_migrations") == [
            (len(MIGRATIONS),)
        ]


@pytest.mark.parametrize("reads", [True, False], ids=["read", "write"])
def test_what_a_killed_writer_left_in_an_old_journal_is_taken_back(home: Home, reads: bool) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", samples.steps(1, (0.5,) * 2000))
    samples.record(home, "aaaa0001", samples.evaluated("test", "best", 4))
    # As on a network file system.
    assert samples.plain(home, "pragma journal_mode = delete") == [("delete",)]
    before = home.history.read_bytes()
    worker = Worker("write-by-half", home)
    worker.go()
    assert worker.line() == "half"
    worker.kill()
    assert home.history.read_bytes() != before
    if not reads:
        samples.record(home, "aaaa0001", samples.epoch(1))
    with Reader(home) as reader:
        assert {step.lr for step in reader.steps("aaaa0001")} == {0.01}
    assert samples.plain(home, "select distinct support from class_metrics") == [(30,)]
    assert samples.plain(home, "pragma integrity_check") == [("ok",)]


def test_a_killed_upgrade_that_was_half_done_is_made_again(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    # What is left when the process dies between the table of migrations and the first of them.
    for kind, names in (("view", samples.VIEWS), ("table", reversed(samples.TABLES))):
        for name in names:
            samples.change(home, f"drop {kind} {name}")
    samples.change(home, "delete from _sqlite_migrations")
    samples.add_run(home, "bbbb0002")
    assert samples.plain(home, "select id from runs") == [("bbbb0002",)]
