"""The row of a new run: what was asked for, and the name that is drawn."""

from __future__ import annotations

import pytest
from history import samples
from history.processes import Worker, go_together

from cnnlab.errors import HistoryError
from cnnlab.history.queries import Reader
from cnnlab.home import Home


def test_a_new_run_is_queued_with_all_that_was_asked_for(home: Home) -> None:
    config = {"model": {"name": "lenet", "channels": [4, 8]}, "note": "a 'quoted' ünïcode"}
    name = samples.add_run(
        home,
        "aaaa0001",
        config=config,
        preset="mnist/lenet",
        tags=["first", "second", "first"],
        note="why it was made",
        versions={"torch": "2.11"},
        git={"commit": "abc", "dirty": True},
    )
    with Reader(home) as reader:
        run = reader.run("aaaa0001")
        (note,) = reader.notes(["aaaa0001"])["aaaa0001"]
    assert (run.name, run.status, run.preset) == (name, "queued", "mnist/lenet")
    assert (run.config, run.versions) == (config, {"torch": "2.11"})
    assert run.git == {"commit": "abc", "dirty": True}
    assert run.tags == ("first", "second")
    assert note.text == "why it was made"
    assert (run.started_at, run.ended_at, run.duration_s, run.epochs_done) == (None, None, None, 0)


def test_what_was_not_said_reads_as_nothing(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    with Reader(home) as reader:
        run = reader.run("aaaa0001")
        assert reader.notes(["aaaa0001"])["aaaa0001"] == []
    assert (run.preset, run.git, run.versions, run.tags) == (None, None, {}, ())


def test_names_are_drawn_from_the_preset_else_the_model(home: Home) -> None:
    drawn = [
        samples.add_run(home, "aaaa0001", preset="mnist/lenet"),
        samples.add_run(home, "aaaa0002"),
        samples.add_run(home, "aaaa0003", preset="quickstart"),
        samples.add_run(home, "aaaa0004", name="lenet-4"),
        samples.add_run(home, "aaaa0005"),
        samples.add_run(home, "aaaa0006"),
    ]
    assert drawn == ["lenet-1", "lenet-2", "quickstart-1", "lenet-4", "lenet-3", "lenet-5"]


def test_processes_that_create_runs_at_once_draw_different_names(home: Home) -> None:
    workers = [Worker("create", home, str(number), "15") for number in range(4)]
    go_together(workers)
    drawn = [name for worker in workers for name in worker.lines_to_end()]
    assert sorted(drawn) == sorted(f"lenet-{number}" for number in range(1, 61))


def test_an_id_that_is_taken_is_refused_and_the_first_run_stays(home: Home) -> None:
    samples.add_run(home, "aaaa0001", name="first", tags=["old"])
    with pytest.raises(HistoryError):
        samples.add_run(home, "aaaa0001", name="second", tags=["new"])
    assert samples.plain(home, "select name from runs") == [("first",)]
    assert samples.plain(home, "select tag from tags") == [("old",)]
