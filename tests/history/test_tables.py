"""The tables keep what makes sense, and any other program reads the views."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from history import samples

from cnnlab.history.connection import connect_for_reading, connect_for_writing
from cnnlab.history.queries import Reader
from cnnlab.history.trash import move_to_trash, restore
from cnnlab.home import Home

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
