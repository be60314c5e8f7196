"""Runs that go on after a stop or a crash: the same run, the same bits, a truthful history."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from execution.conftest import (
    FOREVER,
    recorded,
    request,
    set_in_history,
    store_digits,
    wait_for,
)
from execution.outcomes import curves, weights

from cnnlab.config.run import RunConfig
from cnnlab.data import library
from cnnlab.data.store import Dataset
from cnnlab.errors import CheckpointError, ConfigError, HistoryError
from cnnlab.events import (
    CheckpointSaved,
    Command,
    EpochFinished,
    EvaluationFinished,
    Event,
    Logged,
    RunFailed,
    RunStarted,
)
from cnnlab.execution.queue import RunQueue
from cnnlab.execution.recorded import build_recorded
from cnnlab.execution.runner import RunThread, prepare_run
from cnnlab.history.commands import Mailbox
from cnnlab.history.connection import connect_for_writing
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder
from cnnlab.history.resumption import claim
from cnnlab.home import Home

DIFFICULT: dict[str, Any] = {
    "augmentation": [{"name": "random-crop", "padding": 2}],
    "model": {
        "name": "simple-cnn",
        "channels": 4,
        "hidden": 16,
        "dropout": 0.3,
        "batch_norm": True,
    },
    "schedule": "cosine",
    "training": {"epochs": 3, "evaluate_every": 4},
}
"""Every kind of state that a run carries along."""


def prepared(home: Home, **tables: Any) -> RunThread:
    """A run that this test trains itself up to where it is to go on."""
    wanted = request(**tables)
    return prepare_run(home, wanted, library.require(home, wanted.config.data.name))


def train_until(thread: RunThread, is_reached: Callable[[Event], bool]) -> None:
    """Trains until an event, and one step more."""

    def listen(event: Event) -> None:
        if is_reached(event):
            thread.request_stop()

    thread.listen(listen)
    thread.run()


def after_epoch(number: int) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, EpochFinished) and event.epoch == number


def figures(home: Home, run_id: str) -> list[Any]:
    """Every figure of a run, and its checkpoints."""
    with Reader(home) as reader:
        held = reader.checkpoints([run_id])[run_id]
    files = [(one.kind, one.epoch, one.step, Path(one.path).name, one.value) for one in held]
    return [*curves(home, run_id), files]


def assert_as_if_undisturbed(home: Home, run_id: str, undisturbed: Home, its_id: str) -> None:
    run, other = recorded(home, run_id), recorded(undisturbed, its_id)
    assert (run.status, run.message) == ("finished", "all epochs trained")
    assert run.test_accuracy == other.test_accuracy
    assert (run.best_epoch, run.best_step, run.best_value) == (
        other.best_epoch, other.best_step, other.best_value,
    )  # fmt: skip
    assert figures(home, run_id) == figures(undisturbed, its_id)
    expected = weights(undisturbed, its_id)
    for kind, found in weights(home, run_id).items():
        for name, value in found.items():
            assert torch.equal(value, expected[kind][name]), (kind, name)
    with Reader(home) as reader:
        named = {one.path for one in reader.checkpoints([run_id])[run_id]}
    assert {str(path) for path in home.checkpoints(run_id).iterdir()} == named


@pytest.fixture(scope="module")
def undisturbed(few_digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """The difficult run, trained without a stop."""
    home = Home(tmp_path_factory.mktemp("undisturbed"))
    store_digits(home, few_digits)
    thread = prepared(home, **DIFFICULT)
    thread.run()
    return home, thread.run_id


def log_of(home: Home, run_id: str) -> list[str]:
    with Reader(home) as reader:
        return [line.message for line in reader.log(run_id)]


# The same bits


def test_a_run_stopped_within_an_epoch_goes_on_as_if_it_had_not_been(
    home: Home, queue: RunQueue, undisturbed: tuple[Home, str]
) -> None:
    thread = prepared(home, **DIFFICULT)
    train_until(thread, after_epoch(1))
    before = recorded(home, thread.run_id)
    assert before.message == "by the user after step 11"
    queue.resume(thread.run_id)
    after = wait_for(home, thread.run_id, "finished", "failed")
    assert_as_if_undisturbed(home, thread.run_id, *undisturbed)
    assert "Resumed from step 11." in log_of(home, thread.run_id)
    assert (after.name, after.created_at, after.started_at) == (
        before.name, before.created_at, before.started_at,
    )  # fmt: skip
    assert str(after.ended_at) > str(before.ended_at)


CHILD = """
import json, os, sys
from cnnlab.config.run import RunConfig
from cnnlab.data import library
from cnnlab.events import CheckpointSaved
from cnnlab.execution.requests import RunRequest
from cnnlab.execution.runner import prepare_run
from cnnlab.home import Home

home = Home.from_environment()
config = RunConfig.model_validate(json.loads(sys.argv[1]))
thread = prepare_run(home, RunRequest(config), library.require(home, config.data.name))
print(thread.run_id, flush=True)

def die(event):
    if isinstance(event, CheckpointSaved) and event.kind == "best" and event.epoch == 2:
        os._exit(9)

thread.listen(die)
thread.run()
"""


def killed(config: RunConfig) -> str:
    """A run whose process died right after it had found better weights in its second epoch."""
    child = [sys.executable, "-c", CHILD, config.model_dump_json()]
    done = subprocess.run(child, capture_output=True, text=True)
    assert done.returncode == 9, done.stderr
    return done.stdout.strip()


def test_a_killed_run_goes_on_from_its_last_checkpoint(
    home: Home, queue: RunQueue, undisturbed: tuple[Home, str]
) -> None:
    """What it had recorded after that checkpoint, better weights among it, is made again."""
    run_id = killed(request(**DIFFICULT).config)
    with Reader(home) as reader:
        held = {one.kind: one.step for one in reader.checkpoints([run_id])[run_id]}
    assert held["best"] > held["last"] == 10
    assert recorded(home, run_id).status == "running"
    queue.resume(run_id)
    run = wait_for(home, run_id, "finished", "failed")
    assert_as_if_undisturbed(home, run_id, *undisturbed)
    assert run.host == recorded(home, run_id).host


def test_a_run_goes_on_twice(home: Home, queue: RunQueue, undisturbed: tuple[Home, str]) -> None:
    thread = prepared(home, **DIFFICULT)
    thread.request_stop()
    thread.run()
    run = recorded(home, thread.run_id)
    assert run.message == "by the user after step 1"
    claim(home, run)
    second = build_recorded(home, run, library.require(home, run.dataset))
    train_until(second, after_epoch(2))
    assert recorded(home, run.id).message == "by the user after step 21"
    queue.resume(run.id)
    wait_for(home, run.id, "finished", "failed")
    assert_as_if_undisturbed(home, run.id, *undisturbed)
    resumed = [line for line in log_of(home, run.id) if line.startswith("Resumed")]
    assert resumed == ["Resumed from step 1.", "Resumed from step 21."]


def test_a_run_stopped_in_its_last_evaluations_makes_them(home: Home, queue: RunQueue) -> None:
    thread = prepared(home)
    train_until(thread, lambda event: isinstance(event, Logged))
    assert recorded(home, thread.run_id).message == "by the user after step 20"
    queue.resume(thread.run_id)
    run = wait_for(home, thread.run_id, "finished", "failed")
    assert (run.epochs_done, run.test_accuracy is not None) == (2, True)
    with Reader(home) as reader:
        assert len(reader.steps(run.id)) == 20
        assert len(reader.final_evaluations([run.id])[run.id]) == 6


def fail_at(home: Home, thread: RunThread, is_reached: Callable[[Event], bool]) -> None:
    """Trains a run up to an event and no further; the history says that it failed."""
    with Recorder(home, thread.run_id) as recorder:
        for event in thread.trainer.train():
            recorder.record(event)
            if is_reached(event):
                break
        recorder.record(RunFailed("a power cut"))


@pytest.mark.parametrize("epoch", [2, 3, 4])
def test_patience_is_the_same_after_a_failure(home: Home, queue: RunQueue, epoch: int) -> None:
    """Also where the run failed right after the epoch that was its last."""
    thread = prepared(
        home,
        optimizer={"name": "sgd", "lr": 1e-12},
        training={"epochs": 20, "early_stopping": {"patience": 3}},
    )
    last = 10 * epoch
    fail_at(
        home,
        thread,
        lambda e: isinstance(e, CheckpointSaved) and (e.kind, e.step) == ("last", last),
    )
    queue.resume(thread.run_id)
    run = wait_for(home, thread.run_id, "finished", "failed")
    assert run.message is not None
    assert "early stopping after epoch 4" in run.message
    assert run.epochs_done == 4


# A truthful history


def test_only_what_the_checkpoint_knows_of_is_still_true(home: Home, queue: RunQueue) -> None:
    """Epochs that were added before it are trained; a rate that was changed after it is not."""
    thread = prepared(home)

    def react(event: Event) -> bool:
        if isinstance(event, RunStarted):
            thread.trainer.inbox.put(Command("add_epochs", 1))
        if isinstance(event, CheckpointSaved) and event.kind == "last":
            thread.trainer.inbox.put(Command("add_epochs", 5))
            thread.trainer.inbox.put(Command("scale_lr", 0.5))
        return isinstance(event, Logged) and event.message.startswith("Learning rate")

    fail_at(home, thread, react)
    assert recorded(home, thread.run_id).epochs_planned == 8
    queue.resume(thread.run_id)
    run = wait_for(home, thread.run_id, "finished", "failed")
    assert (run.status, run.epochs_planned, run.epochs_done) == ("finished", 3, 3)
    with Reader(home) as reader:
        made = [(one.kind, one.value) for one in reader.interventions([run.id])[run.id]]
        assert made == [("add_epochs", 1)]
        assert {one.lr for one in reader.steps(run.id)} == {0.005}
    assert "Learning rate times 0.5 after step 11." in log_of(home, run.id)


def test_the_time_between_the_parts_is_not_training(home: Home, queue: RunQueue) -> None:
    thread = prepared(home)
    train_until(thread, after_epoch(1))
    long_ago = {"started_at": "2001-01-01T00:00:00.000+00:00"}
    set_in_history(home, thread.run_id, **long_ago)
    queue.resume(thread.run_id)
    run = wait_for(home, thread.run_id, "finished", "failed")
    with Reader(home) as reader:
        in_epochs = sum(epoch.seconds for epoch in reader.epochs([run.id])[run.id])
    assert run.started_at == long_ago["started_at"]
    assert run.duration_s is not None
    assert in_epochs < run.duration_s < 3600


def test_commands_that_nobody_took_are_not_obeyed_later(home: Home, queue: RunQueue) -> None:
    thread = prepared(home)
    train_until(thread, after_epoch(1))
    with closing(connect_for_writing(home)) as db:
        row = {"run_id": thread.run_id, "kind": "pause", "value": 0.0, "sent_at": "2026-01-01"}
        db.table("commands").insert(row)
    queue.resume(thread.run_id)
    with closing(Mailbox(home, thread.run_id)) as mailbox:
        assert mailbox.take() == []
    assert wait_for(home, thread.run_id, "finished", "failed").status == "finished"


def test_a_run_that_waits_to_go_on_loses_nothing_until_its_turn(
    home: Home, queue: RunQueue
) -> None:
    thread = prepared(home)
    fail_at(home, thread, lambda e: isinstance(e, EvaluationFinished) and e.step == 20)
    before = figures(home, thread.run_id)
    (long,) = queue.add([request(training=FOREVER)])
    wait_for(home, long, "running")
    earlier = recorded(home, thread.run_id)
    queue.resume(thread.run_id)
    assert queue.waiting == (thread.run_id,)
    assert recorded(home, thread.run_id).status == "queued"
    queue.withdraw(thread.run_id)
    run = recorded(home, thread.run_id)
    assert (run.status, run.message) == ("stopped", "taken out of the queue")
    assert (run.duration_s, run.best_value) == (earlier.duration_s, earlier.best_value)
    assert figures(home, thread.run_id) == before


# What cannot go on


def damage(home: Home, run_id: str, *kinds: str) -> dict[str, Path]:
    """Cuts off the ends of a run's checkpoints of some kinds; returns all of them."""
    with Reader(home) as reader:
        held = {one.kind: Path(one.path) for one in reader.checkpoints([run_id])[run_id]}
    for kind in kinds:
        held[kind].write_bytes(held[kind].read_bytes()[:-100])
    return held


def warnings_of(home: Home, run_id: str) -> list[str]:
    with Reader(home) as reader:
        return [line.message for line in reader.log(run_id) if line.level == "warning"]


@pytest.mark.parametrize("is_gone", [False, True], ids=["damaged", "gone"])
def test_a_broken_last_checkpoint_falls_back_to_the_one_before(
    home: Home, queue: RunQueue, undisturbed: tuple[Home, str], is_gone: bool
) -> None:
    thread = prepared(home, **DIFFICULT)
    train_until(thread, after_epoch(1))
    held = damage(home, thread.run_id, "last")
    if is_gone:
        held["last"].unlink()
    queue.resume(thread.run_id)
    wait_for(home, thread.run_id, "finished", "failed")
    assert_as_if_undisturbed(home, thread.run_id, *undisturbed)
    (warning,) = warnings_of(home, thread.run_id)
    assert held["last"].name in warning
    assert ("No such file" if is_gone else "is damaged") in warning
    assert warning.endswith(f"Going on from {held['previous'].name}, 1 step earlier.")
    assert "Resumed from step 10." in log_of(home, thread.run_id)


def test_a_run_with_a_damaged_checkpoint_can_be_killed_again(
    home: Home, queue: RunQueue, undisturbed: tuple[Home, str]
) -> None:
    """The one before is then the last one, as if the damaged one had never been."""
    thread = prepared(home, **DIFFICULT)
    train_until(thread, after_epoch(1))
    held = damage(home, thread.run_id, "last")
    run = recorded(home, thread.run_id)
    claim(home, run)
    second = build_recorded(home, run, library.require(home, run.dataset))
    train_until(second, lambda event: isinstance(event, RunStarted))
    with Reader(home) as reader:
        now = {one.kind: Path(one.path) for one in reader.checkpoints([run.id])[run.id]}
    assert now["previous"] == held["previous"]
    damage(home, run.id, "last")
    queue.resume(run.id)
    wait_for(home, run.id, "finished", "failed")
    assert_as_if_undisturbed(home, run.id, *undisturbed)


def test_the_warning_of_a_damaged_checkpoint_is_told_to_who_watches(
    home: Home, few_digits: Dataset
) -> None:
    store_digits(home, few_digits)
    thread = prepared(home)
    train_until(thread, after_epoch(1))
    damage(home, thread.run_id, "last")
    run = recorded(home, thread.run_id)
    claim(home, run)
    told: list[Event] = []
    second = build_recorded(home, run, library.require(home, run.dataset))
    second.listen(told.append)
    second.run()
    assert isinstance(told[0], Logged)
    assert (told[0].level, told[0].message) == ("warning", warnings_of(home, run.id)[0])


def test_two_damaged_checkpoints_fail_the_run_and_keep_its_figures(
    home: Home, queue: RunQueue
) -> None:
    thread = prepared(home)
    train_until(thread, after_epoch(1))
    held = damage(home, thread.run_id, "last", "previous")
    before, earlier = figures(home, thread.run_id), recorded(home, thread.run_id)
    queue.resume(thread.run_id)
    run = wait_for(home, thread.run_id, "finished", "failed")
    assert run.message is not None
    for kind in ("last", "previous"):
        assert f"{held[kind].name} is damaged" in run.message
    assert "cnnlab run --from" in run.message
    assert run.duration_s == earlier.duration_s
    assert figures(home, thread.run_id) == before


def test_a_damaged_best_checkpoint_loses_its_weights_alone(
    home: Home, queue: RunQueue, undisturbed: tuple[Home, str]
) -> None:
    thread = prepared(home, **DIFFICULT)
    train_until(thread, after_epoch(1))
    held = damage(home, thread.run_id, "best")
    queue.resume(thread.run_id)
    run = wait_for(home, thread.run_id, "finished", "failed")
    assert run.status == "finished"
    (warning,) = warnings_of(home, thread.run_id)
    assert f"{held['best'].name} is damaged" in warning
    assert "those after step 10, are lost; the best from now on count" in warning
    assert curves(home, run.id)[:3] == curves(*undisturbed)[:3]
    assert run.best_step is not None
    assert run.best_step > 10
    with Reader(home) as reader:
        assert len(reader.final_evaluations([run.id])[run.id]) == 6


def test_a_best_checkpoint_damaged_when_all_is_trained_is_made_of_the_last_weights(
    home: Home, queue: RunQueue
) -> None:
    thread = prepared(home)
    train_until(
        thread, lambda event: isinstance(event, Logged) and event.message.startswith("Evaluating")
    )
    before = curves(home, thread.run_id)
    damage(home, thread.run_id, "best")
    queue.resume(thread.run_id)
    run = wait_for(home, thread.run_id, "finished", "failed")
    assert (run.status, run.best_step, run.best_epoch) == ("finished", 20, 2)
    assert curves(home, run.id)[:3] == before[:3]


def test_what_did_not_end_before_its_time_is_refused(home: Home, queue: RunQueue) -> None:
    with pytest.raises(ConfigError, match="Unknown run"):
        queue.resume("nothing")
    thread = prepared(home)
    thread.run()
    with pytest.raises(HistoryError, match="nothing left to train"):
        queue.resume(thread.run_id)
    (long,) = queue.add([request(training=FOREVER)])
    wait_for(home, long, "running")
    with pytest.raises(HistoryError, match="still being trained"):
        queue.resume(long)
    (waits,) = queue.add([request()])
    with pytest.raises(HistoryError, match="queued already"):
        queue.resume(waits)
    queue.withdraw(waits)
    with pytest.raises(CheckpointError, match="no checkpoint to go on from"):
        queue.resume(waits)
    assert queue.waiting == ()


def test_a_run_in_the_trash_of_another_host_or_without_its_file_is_refused(
    home: Home, queue: RunQueue
) -> None:
    thread = prepared(home)
    train_until(thread, after_epoch(1))
    at = "2026-01-01T00:00:00.000+00:00"
    for values, words in (
        ({"trashed_at": at}, "in the trash"),
        ({"trashed_at": None, "status": "running", "host": "elsewhere"}, "by process .* elsewhere"),
        ({"heartbeat_at": None}, "running on elsewhere"),
    ):
        set_in_history(home, thread.run_id, **values)
        with pytest.raises(HistoryError, match=words):
            queue.resume(thread.run_id)
    set_in_history(home, thread.run_id, status="stopped")
    for path in home.checkpoints(thread.run_id).glob("last-*"):
        path.unlink()
    with pytest.raises(CheckpointError, match=r"step0000011\.pt is gone.*step0000010\.pt is gone"):
        queue.resume(thread.run_id)
    assert recorded(home, thread.run_id).status == "stopped"
