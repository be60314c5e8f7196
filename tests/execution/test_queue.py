"""Runs that wait for one another in one process: real trainings, a real history."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import pairwise

import pytest
from execution.conftest import (
    DIGITS,
    FOREVER,
    recorded,
    request,
    set_in_history,
    wait_for,
)
from torch.optim.optimizer import register_optimizer_step_pre_hook
from waiting import NO_PROCESS, SECONDS, wait_until

from cnnlab.data import library
from cnnlab.errors import ConfigError, DataError, HistoryError, TrainingError
from cnnlab.events import Command
from cnnlab.execution.queue import RunQueue
from cnnlab.history.commands import send
from cnnlab.history.edits import delete_run
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import create_run
from cnnlab.home import Home


def occupy(home: Home, queue: RunQueue) -> str:
    """Puts in a run that goes on until it is stopped, and waits until it trains."""
    (run_id,) = queue.add([request("long", training=FOREVER)])
    wait_for(home, run_id, "running")
    return run_id


def stop(home: Home, run_id: str) -> None:
    send(home, recorded(home, run_id), Command("stop"))


# The order


def test_runs_are_trained_one_after_another_in_their_order(home: Home, queue: RunQueue) -> None:
    run_ids = queue.add([request(f"run {number}") for number in range(3)])
    runs = [wait_for(home, run_id, "finished") for run_id in run_ids]
    assert [run.name for run in runs] == ["run 0", "run 1", "run 2"]
    assert all(run.test_accuracy is not None and run.pid == os.getpid() for run in runs)
    for before, after in pairwise(runs):
        assert str(before.ended_at) <= str(after.started_at)
    wait_until(lambda: queue.current is None)
    assert (queue.waiting, queue.activity, queue.loaded) == ((), "", True)


def test_what_comes_first_is_put_before_all_that_wait(home: Home, queue: RunQueue) -> None:
    long = occupy(home, queue)
    (last,) = queue.add([request()])
    first, second = queue.add([request(), request()], first=True)
    assert queue.current == long
    assert queue.waiting == (first, second, last)
    stop(home, long)
    runs = [wait_for(home, run_id, "finished") for run_id in (first, second, last)]
    begun = [str(run.started_at) for run in runs]
    assert begun == sorted(begun)
    assert recorded(home, long).status == "stopped"


def test_a_run_waits_with_its_seed_drawn(home: Home, queue: RunQueue) -> None:
    occupy(home, queue)
    run_ids = queue.add([request(training={"seed": None}) for _ in range(2)])
    runs = [recorded(home, run_id) for run_id in run_ids]
    assert [run.status for run in runs] == ["queued", "queued"]
    assert [run.name for run in runs] == ["quickstart-1", "quickstart-2"]
    seeds = [run.config["training"]["seed"] for run in runs]
    assert all(isinstance(seed, int) for seed in seeds)
    assert seeds[0] != seeds[1]


# What cannot be trained


@pytest.mark.parametrize(
    ("name", "error"), [("mnits", ConfigError), ("cifar10", DataError)], ids=["unknown", "absent"]
)
def test_if_one_cannot_be_queued_none_is(
    home: Home, queue: RunQueue, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match=name):
        queue.add([request(), request(data={"name": name})])
    assert (queue.current, queue.waiting) == (None, ())
    with Reader(home) as reader:
        assert reader.runs() == []


def test_a_run_that_cannot_be_built_fails_and_the_next_one_is_trained(
    home: Home, queue: RunQueue
) -> None:
    bad, good = queue.add([request(model={"kernel_size": 15}), request()])
    assert wait_for(home, good, "finished").test_accuracy
    run = recorded(home, bad)
    assert run.status == "failed"
    assert run.message is not None
    assert "Convolution 2" in run.message
    assert (run.started_at, run.duration_s) == (None, 0)
    with Reader(home) as reader:
        assert reader.log(bad) == []


def test_an_unexpected_fault_is_recorded_with_its_traceback(home: Home, queue: RunQueue) -> None:
    config = request(training={"seed": None}).config
    values = config.model_dump(mode="json")
    create_run(
        home, "aaaa0001", config=values, dataset=DIGITS, model="lenet",
        monitor="validation_accuracy", epochs=2,
    )  # fmt: skip
    set_in_history(home, "aaaa0001", pid=NO_PROCESS)
    queue.adopt("aaaa0001")
    (good,) = queue.add([request()])
    run = wait_for(home, "aaaa0001", "failed")
    assert run.message == "ValueError: the seed of a run is drawn before it is built"
    with Reader(home) as reader:
        (line,) = reader.log("aaaa0001")
    assert line.level == "error"
    assert line.message.startswith("Traceback")
    wait_for(home, good, "finished")


def test_a_data_set_removed_meanwhile_fails_the_run(home: Home, queue: RunQueue) -> None:
    long = occupy(home, queue)
    (waits,) = queue.add([request()])
    library.remove(home, DIGITS)
    stop(home, long)
    run = wait_for(home, waits, "failed")
    assert run.message is not None
    assert DIGITS in run.message


# What no longer waits


def test_a_withdrawn_run_is_never_trained(home: Home, queue: RunQueue) -> None:
    long = occupy(home, queue)
    out, stays = queue.add([request(), request()])
    queue.withdraw(out)
    run = recorded(home, out)
    assert (run.status, run.message) == ("stopped", "taken out of the queue")
    assert queue.waiting == (stays,)
    stop(home, long)
    wait_for(home, stays, "finished")
    assert recorded(home, out) == run
    assert run.started_at is None


def test_a_run_under_way_cannot_be_withdrawn(home: Home, queue: RunQueue) -> None:
    long = occupy(home, queue)
    for run_id in (long, "nothing"):
        with pytest.raises(HistoryError, match="does not wait"):
            queue.withdraw(run_id)
    assert recorded(home, long).status == "running"


def test_what_was_deleted_trashed_or_ended_meanwhile_is_skipped(
    home: Home, queue: RunQueue
) -> None:
    long = occupy(home, queue)
    deleted, trashed, ended, stays = queue.add([request() for _ in range(4)])
    # This process may still train it and so protects it; another one's record is not protected.
    delete_run(home, replace(recorded(home, deleted), host="elsewhere"))
    set_in_history(home, trashed, trashed_at="2026-01-01T00:00:00.000+00:00")
    set_in_history(home, ended, status="stopped", message="elsewhere")
    stop(home, long)
    wait_for(home, stays, "finished")
    assert recorded(home, trashed).status == "queued"
    assert (recorded(home, ended).status, recorded(home, ended).message) == ("stopped", "elsewhere")
    assert recorded(home, ended).started_at is None
    with Reader(home) as reader:
        assert reader.runs_among([deleted]) == []
    assert not home.run_folder(deleted).exists()


# Its end


def test_a_closed_queue_stops_its_run_and_leaves_the_others_queued(
    home: Home, queue: RunQueue
) -> None:
    long = occupy(home, queue)
    (waits,) = queue.add([request()])
    queue.close()
    assert queue.join(SECONDS)
    assert recorded(home, long).status == "stopped"
    assert recorded(home, waits).status == "queued"
    for late in (lambda: queue.add([request()]), lambda: queue.resume(long)):
        with pytest.raises(TrainingError, match="closed"):
            late()


def test_a_queue_that_is_closed_without_a_stop_ends_its_run(home: Home, queue: RunQueue) -> None:
    trains, is_closed = threading.Event(), threading.Event()

    def hold_until_it_is_closed(*_: object) -> None:
        trains.set()
        is_closed.wait(SECONDS)

    hook = register_optimizer_step_pre_hook(hold_until_it_is_closed)
    try:
        first, waits = queue.add([request(training={"epochs": 6}), request()])
        assert trains.wait(SECONDS)
        assert recorded(home, first).status == "running"
        queue.close(stop=False)
    finally:
        is_closed.set()
    assert queue.join(SECONDS)
    hook.remove()
    assert recorded(home, first).status == "finished"
    assert recorded(home, waits).status == "queued"


def test_a_queue_that_was_never_used_is_over_at_once(home: Home) -> None:
    queue = RunQueue(home)
    assert queue.join(0)
    queue.close()
    assert queue.join(0)
    assert not home.root.exists()


# Another process


CHILD = """
import json, sys, threading, time
from importlib.abc import Loader, MetaPathFinder
from importlib.util import spec_from_loader
from cnnlab.execution.queue import RunQueue
from cnnlab.execution.requests import RunRequest
from cnnlab.config.run import RunConfig
from cnnlab.home import Home

class Endless(MetaPathFinder, Loader):
    "Loading PyTorch takes longer than this process lives."
    def find_spec(self, name, path, target=None):
        return spec_from_loader(name, self) if name == "torch" else None
    def exec_module(self, module):
        threading.Event().wait()

sys.meta_path.insert(0, Endless())
heavy = sorted({"torch", "torchvision", "sklearn"} & set(sys.modules))
queue = RunQueue(Home.from_environment())
request = RunRequest(RunConfig.model_validate(json.loads(sys.argv[1])), "quickstart")
before = (queue.loaded, queue.activity, queue.current)
queue.preload()
run_ids = queue.add([request, request])
while not queue.activity:
    time.sleep(0.01)
(out,) = queue.add([request], first=True)
assert queue.current == out
queue.withdraw(out)
told = [queue.activity, queue.current, *queue.waiting]
report = {"heavy": heavy, "before": before, "out": out, "runs": run_ids, "told": told}
print(json.dumps(report))
"""


def test_a_queue_whose_process_is_gone_is_adopted(home: Home, queue: RunQueue) -> None:
    config = request().config.model_dump_json()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, config],
        capture_output=True, text=True, check=True, timeout=SECONDS,
    )  # fmt: skip
    child = json.loads(done.stdout)
    assert child["heavy"] == []
    assert child["before"] == [False, "", None]
    assert child["told"] == ["Loading PyTorch…", *child["runs"]]
    assert recorded(home, child["out"]).status == "stopped"
    first, second = child["runs"]
    assert recorded(home, first).status == "queued"
    queue.adopt(first)
    run = wait_for(home, first, "finished")
    assert run.pid == os.getpid()
    with pytest.raises(HistoryError, match="finished, not queued"):
        queue.adopt(first)
    set_in_history(home, second, host="elsewhere")
    with pytest.raises(HistoryError, match="queued on elsewhere"):
        queue.adopt(second)


def test_a_run_that_a_living_process_queued_is_not_adopted(home: Home, queue: RunQueue) -> None:
    occupy(home, queue)
    (waits,) = queue.add([request()])
    with pytest.raises(HistoryError, match=f"queue of process {os.getpid()}"):
        RunQueue(home).adopt(waits)
    assert queue.waiting == (waits,)
