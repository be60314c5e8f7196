"""Runs that go on after a stop or a crash are the same run, with the same bits."""

from __future__ import annotations

import subprocess
import sys

import pytest
from execution.conftest import recorded, request, wait_for
from execution.resume.conftest import (
    DIFFICULT,
    after_epoch,
    assert_as_if_undisturbed,
    fail_at,
    log_of,
    prepared,
    train_until,
)

from cnnlab.config.run import RunConfig
from cnnlab.data import library
from cnnlab.events import CheckpointSaved, Logged
from cnnlab.execution.queue import RunQueue
from cnnlab.execution.recorded import build_recorded
from cnnlab.history.queries import Reader
from cnnlab.history.resumption import claim
from cnnlab.home import Home


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
