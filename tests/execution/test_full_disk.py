"""A disk that fills up while a run trains: the run waits, says so, and loses nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from execution.conftest import FOREVER, recorded, request, store_digits, wait_for
from execution.outcomes import outcome
from waiting import SECONDS, wait_until

from cnnlab.data.store import Dataset
from cnnlab.events import (
    CheckpointSaved,
    EpochFinished,
    EvaluationFinished,
    Event,
    Logged,
    RunFailed,
    RunStopped,
    StepsFinished,
)
from cnnlab.execution.queue import RunQueue
from cnnlab.execution.recorded import build_recorded
from cnnlab.execution.runner import RunThread, prepare_run
from cnnlab.history.queries import Reader
from cnnlab.history.resumption import claim
from cnnlab.home import Home
from cnnlab.training import full_disk

TRAINING = {"epochs": 2, "checkpoint": {"minutes": 1e-9}, "evaluate_every": 4}


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_disk, "LOOK_AGAIN_SECONDS", 0.05)


class Filler:
    """A file that takes the room on a disk."""

    def __init__(self, disk: Path) -> None:
        self.path = disk / "filler"

    def fill(self, leave: int = 0) -> None:
        """Takes all room but so many bytes."""
        with self.path.open("wb", buffering=0) as file:
            free = os.statvfs(self.path).f_bavail * os.statvfs(self.path).f_frsize
            if free > leave:
                file.write(bytes(free - leave))

    def remove(self) -> None:
        self.path.unlink()


def prepared(
    home: Home, digits: Dataset, checkpoint: dict[str, Any] | None = None, **tables: Any
) -> RunThread:
    training = {**TRAINING, **({"checkpoint": checkpoint} if checkpoint else {})}
    return prepare_run(home, request(training=training, **tables), digits)


def at(kind: type[Event], react: Callable[[], None]) -> Callable[[Event], None]:
    """Does something at the first event of a kind."""
    done = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, kind) and not done.is_set():
            done.set()
            react()

    return listen


@pytest.fixture(scope="module")
def undisturbed(few_digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What the run comes to where there is room."""
    home = Home(tmp_path_factory.mktemp("undisturbed") / "home")
    thread = prepared(home, few_digits)
    thread.run()
    return outcome(home, thread.run_id)


def log_of(home: Home, run_id: str) -> list[tuple[str, str]]:
    with Reader(home) as reader:
        return [(line.level, line.message) for line in reader.log(run_id)]


def wait_for_trouble(thread: RunThread) -> bool:
    """Waits until the run waits for room, or is over; returns whether it waits."""
    wait_until(lambda: bool(thread.trouble) or not thread.is_alive())
    return thread.is_alive()


KINDS = [StepsFinished, EvaluationFinished, CheckpointSaved, EpochFinished]


@pytest.mark.parametrize("leave", [0, 4096, 20_000, 60_000, 150_000])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_run_waits_for_room_and_loses_nothing(
    small_disk: Path,
    few_digits: Dataset,
    undisturbed: list[Any],
    kind: type[Event],
    leave: int,
) -> None:
    """Full at many writes: how much is left decides at which."""
    home, filler = Home(small_disk / "home"), Filler(small_disk)
    thread = prepared(home, few_digits)
    told: list[Event] = []
    fill = at(kind, lambda: filler.fill(leave))

    def listen(event: Event) -> None:
        told.append(event)
        fill(event)

    thread.listen(listen)
    thread.start()
    assert wait_for_trouble(thread)
    trouble = thread.trouble
    assert trouble.startswith("The disk is full: the ")
    assert trouble.endswith("The run waits until there is room.")
    filler.remove()
    thread.join(SECONDS)
    assert outcome(home, thread.run_id) == undisturbed
    assert thread.trouble == ""
    lines = [event for event in told if isinstance(event, Logged)]
    assert lines.count(Logged("warning", trouble)) == 1
    again = Logged("info", "There is room on the disk again: the run goes on.")
    assert lines.index(again) > lines.index(Logged("warning", trouble))
    assert log_of(home, thread.run_id) == [(line.level, line.message) for line in lines]


def test_a_run_that_is_stopped_while_it_waits_goes_on_later(
    small_disk: Path, few_digits: Dataset, undisturbed: list[Any]
) -> None:
    home, filler = Home(small_disk / "home"), Filler(small_disk)
    thread = prepared(home, few_digits)
    thread.listen(at(EpochFinished, filler.fill))
    thread.start()
    assert wait_for_trouble(thread)
    thread.request_stop()
    thread.join(SECONDS)
    assert isinstance(thread.ending, RunStopped)
    # The disk is still full, but for the checkpoint that made way for this.
    run = recorded(home, thread.run_id)
    assert run.status == "stopped"
    filler.remove()
    claim(home, run)
    build_recorded(home, run, few_digits).run()
    assert outcome(home, run.id) == undisturbed


def test_better_weights_that_found_no_room_are_found_again(
    tmp_path: Path, small_disk: Path, few_digits: Dataset
) -> None:
    """There is room again for the last checkpoint of the stopped run: it must not claim them."""
    # So slow that no later weights are better.
    tables = {"optimizer": {"name": "sgd", "lr": 1e-12}, "checkpoint": {"minutes": 0}}
    undisturbed, home = Home(tmp_path / "undisturbed"), Home(tmp_path / "home")
    other = prepared(undisturbed, few_digits, **tables)
    other.run()
    home.root.mkdir()
    (small_disk / "runs").mkdir()
    (home.root / "runs").symlink_to(small_disk / "runs")
    filler = Filler(small_disk)
    thread = prepared(home, few_digits, **tables)

    def listen(event: Event) -> None:
        if isinstance(event, StepsFinished) and not filler.path.exists():
            filler.fill()
        if isinstance(event, Logged):
            assert "the checkpoint best-epoch0001-step0000004.pt does not fit" in event.message
            thread.request_stop()
            filler.remove()

    thread.listen(listen)
    thread.run()
    run = recorded(home, thread.run_id)
    assert run.message == "by the user after step 4"
    with Reader(home) as reader:
        assert [one.kind for one in reader.checkpoints([run.id])[run.id]] == ["last"]
    claim(home, run)
    build_recorded(home, run, few_digits).run()
    assert outcome(home, run.id) == outcome(undisturbed, other.run_id)


def test_the_queue_tells_what_its_run_waits_for(small_disk: Path, few_digits: Dataset) -> None:
    home, filler = Home(small_disk / "home"), Filler(small_disk)
    store_digits(home, few_digits)
    with closing(RunQueue(home)) as queue:
        (run_id,) = queue.add([request(training={**TRAINING, **FOREVER})])
        wait_for(home, run_id, "running")
        filler.fill()
        wait_until(lambda: "The run waits until there is room." in queue.activity)
        filler.remove()
        wait_until(lambda: queue.activity == "")
    assert queue.join(SECONDS)
    assert recorded(home, run_id).status == "stopped"


def test_a_new_run_does_not_wait_for_room(small_disk: Path, few_digits: Dataset) -> None:
    home, filler = Home(small_disk / "home"), Filler(small_disk)
    thread = prepared(home, few_digits)
    filler.fill()
    thread.run()
    assert isinstance(thread.ending, RunFailed)
    assert "disk is full" in thread.ending.message
