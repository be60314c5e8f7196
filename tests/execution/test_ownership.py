"""A run is trained by one process at a time, which says that it lives, also while it pauses."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from execution.conftest import recorded, request, set_in_history
from history import samples
from history.processes import Worker
from waiting import wait_until

from cnnlab.data.store import Dataset
from cnnlab.errors import HistoryError
from cnnlab.events import Command, EpochFinished, Event, RunFailed
from cnnlab.execution.building import resume
from cnnlab.execution.postman import Postman
from cnnlab.execution.recorded import build_recorded
from cnnlab.execution.runner import RunThread, prepare_run
from cnnlab.history.commands import send
from cnnlab.history.ownership import holding, is_held
from cnnlab.home import Home

LONG_AGO = "2026-01-01T00:00:00.000+00:00"


@pytest.fixture
def prepare(home: Home, few_digits: Dataset) -> Callable[[], RunThread]:
    """Prepares a small run in the test's home."""
    return lambda: prepare_run(home, request(), few_digits)


def test_a_run_holds_its_lock_from_its_start_to_its_end(
    home: Home, prepare: Callable[[], RunThread]
) -> None:
    thread = prepare()
    held = []
    thread.listen(lambda _: held.append(is_held(home, thread.run_id)))
    assert not is_held(home, thread.run_id)
    thread.run()
    assert all(held)
    assert len(held) > 10
    assert not is_held(home, thread.run_id)


def test_a_run_that_another_process_trains_is_left_to_it(
    home: Home, prepare: Callable[[], RunThread]
) -> None:
    thread = prepare()
    told: list[Event] = []
    thread.listen(told.append)
    before, counts = recorded(home, thread.run_id), samples.counts(home)
    with holding(home, thread.run_id):
        thread.run()
    assert [type(event) for event in told] == [RunFailed]
    assert isinstance(thread.ending, RunFailed)
    assert f"still being trained by process {os.getpid()}" in thread.ending.message
    assert recorded(home, thread.run_id) == before
    assert samples.counts(home) == counts
    assert list(home.checkpoints(thread.run_id).iterdir()) == []


def test_a_training_that_was_taken_over_ends_and_writes_nothing_more(
    home: Home, few_digits: Dataset, prepare: Callable[[], RunThread]
) -> None:
    thread = prepare()

    def freeze(event: Event) -> None:
        if isinstance(event, EpochFinished):
            set_in_history(home, thread.run_id, pid=4194305)

    thread.listen(freeze)
    thread.run()
    run = recorded(home, thread.run_id)
    assert isinstance(thread.ending, RunFailed)
    assert "taken over by process 4194305" in thread.ending.message
    assert (run.status, run.epochs_done, run.message) == ("running", 1, None)
    # The other one goes on from what is there, and with its own number.
    set_in_history(home, thread.run_id, pid=os.getpid())
    build_recorded(home, run, few_digits).run()
    assert recorded(home, thread.run_id).status == "finished"


def test_a_heartbeat_comes_also_while_the_training_emits_nothing(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", samples.STARTED)
    set_in_history(home, "aaaa0001", status="paused", heartbeat_at=LONG_AGO)
    taken: list[Command] = []
    postman = Postman(home, "aaaa0001", taken.append, heartbeat=0.1)
    postman.start()
    wait_until(lambda: str(recorded(home, "aaaa0001").heartbeat_at) > LONG_AGO)
    first = str(recorded(home, "aaaa0001").heartbeat_at)
    wait_until(lambda: str(recorded(home, "aaaa0001").heartbeat_at) > first)
    send(home, recorded(home, "aaaa0001"), Command("continue"))
    wait_until(lambda: bool(taken))
    postman.dismiss()
    last = recorded(home, "aaaa0001")
    assert last.status == "paused"
    assert not postman.is_alive()


def test_a_run_is_not_resumed_while_it_is_trained(home: Home) -> None:
    worker = Worker("hold", home, "aaaa0001")
    worker.go()
    os.kill(int(worker.line()), 9)
    with pytest.raises(HistoryError, match=f"still being trained by process {worker.pid}"):
        resume(home, "aaaa0001")
    worker.kill()
