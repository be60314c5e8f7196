"""Runs that end before their time: stopped, abandoned, deleted, failed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from execution.runner.conftest import Prepare, recorded, train
from training.conftest import small_config

from cnnlab.data.store import Dataset
from cnnlab.events import EpochFinished, Event, Logged, RunFailed, RunStopped
from cnnlab.execution.runner import RunThread
from cnnlab.history.edits import delete_run
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.models.build import build_model
from cnnlab.training.checkpoints import load_checkpoint


def stop_at(thread: RunThread, kind: type[Event]) -> Callable[[Event], None]:
    """Asks the run to stop at the first event of a kind."""

    def react(event: Event) -> None:
        if isinstance(event, kind):
            thread.request_stop()

    return react


def test_a_stopped_run_keeps_checkpoints_that_work(
    home: Home, prepare: Prepare, few_digits: Dataset
) -> None:
    thread = prepare(training={"epochs": 500})
    told = train(thread, stop_at(thread, EpochFinished))
    run = recorded(home, thread)
    assert (run.status, run.message) == ("stopped", "by the user after step 11")
    assert thread.ending == told[-1] == RunStopped("by the user after step 11")
    with Reader(home) as reader:
        kept = {one.kind: one for one in reader.checkpoints([run.id])[run.id]}
        assert reader.final_evaluations([run.id])[run.id] == []
    assert {kind: (one.epoch, one.step) for kind, one in kept.items()} == {
        "best": (1, 10),
        "last": (2, 11),
        "previous": (1, 10),
    }
    for one in kept.values():
        state = load_checkpoint(Path(one.path), one.sha256)
        model = build_model(small_config().model, few_digits.info.shape, 10)
        model.load_state_dict(state["model"])
        with torch.no_grad():
            assert torch.isfinite(model(torch.rand(2, *few_digits.info.shape))).all()


def test_a_run_stopped_before_it_starts_ends_after_one_step(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    thread.request_stop()
    train(thread)
    run = recorded(home, thread)
    assert (run.status, run.message) == ("stopped", "by the user after step 1")
    with Reader(home) as reader:
        assert [one.step for one in reader.steps(run.id)] == [1]
        assert [one.kind for one in reader.checkpoints([run.id])[run.id]] == ["last"]


def test_a_stop_during_the_last_evaluations_claims_no_figures(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    train(thread, stop_at(thread, Logged))
    run = recorded(home, thread)
    assert run.status == "stopped"
    with Reader(home) as reader:
        assert reader.final_evaluations([run.id])[run.id] == []
        for one in reader.checkpoints([run.id])[run.id]:
            assert load_checkpoint(Path(one.path), one.sha256)["progress"]["step"] == one.step


def test_an_abandoned_run_is_stopped_in_the_history(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    thread.abandon()
    run = recorded(home, thread)
    assert (run.status, run.message) == ("stopped", "by the user, at once")


def test_a_deleted_run_can_be_abandoned(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    # What this process may still train is protected, so another one's record is taken.
    delete_run(home, replace(recorded(home, thread), host="elsewhere", heartbeat_at=None))
    thread.abandon()
    with Reader(home) as reader:
        assert reader.runs() == []


def test_checkpoints_that_cannot_be_written_fail_the_run(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    folder = home.checkpoints(thread.run_id)
    shutil.rmtree(folder)
    folder.write_text("in the way")
    told = train(thread)
    run = recorded(home, thread)
    assert run.status == "failed"
    assert run.message
    assert "cannot be written" in run.message
    assert "Not a directory" in run.message
    assert "Traceback" not in run.message
    assert isinstance(thread.ending, RunFailed)
    assert thread.ending.message == run.message
    assert told[-1] is thread.ending
    assert run.ended_at


def test_a_folder_lost_on_the_way_fails_the_run_and_keeps_its_figures(
    home: Home, prepare: Prepare
) -> None:
    thread = prepare(training={"epochs": 4})

    def lose(event: Event) -> None:
        if isinstance(event, EpochFinished) and event.epoch == 2:
            shutil.rmtree(home.run_folder(thread.run_id))

    train(thread, lose)
    run = recorded(home, thread)
    assert (run.status, run.epochs_done) == ("failed", 2)
    assert run.message
    assert "last-epoch0002" in run.message


def test_a_run_deleted_while_it_trains_ends_as_failed(home: Home, prepare: Prepare) -> None:
    thread = prepare(training={"epochs": 500})

    def delete(event: Event) -> None:
        if isinstance(event, EpochFinished):
            # The process that trains may not delete its run, so another one's record is taken.
            delete_run(home, replace(recorded(home, thread), host="elsewhere", heartbeat_at=None))

    told = train(thread, delete)
    assert isinstance(thread.ending, RunFailed)
    assert f"The run {thread.run_id} is no longer in the history." in thread.ending.message
    assert told[-1] is thread.ending
    with Reader(home) as reader:
        assert reader.runs() == []
