"""Runs that a test trains up to where they are to go on, and one that was never disturbed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from execution.conftest import recorded, request, store_digits
from execution.outcomes import curves, weights
from waiting import wait_until

from cnnlab.data import library
from cnnlab.data.store import Dataset
from cnnlab.events import EpochFinished, Event, RunFailed
from cnnlab.execution.runner import RunThread, prepare_run
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder
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


def fail_at(home: Home, thread: RunThread, is_reached: Callable[[Event], bool]) -> None:
    """Trains a run up to an event and no further; the history says that it failed."""
    with Recorder(home, thread.run_id) as recorder:
        for event in thread.trainer.train():
            recorder.record(event)
            if is_reached(event):
                break
        recorder.record(RunFailed("a power cut"))


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
    # What a finished run no longer needs is removed right after the history says that it is one.
    folder = home.checkpoints(run_id)
    wait_until(lambda: {str(path) for path in folder.iterdir()} == named, "no other file")


def log_of(home: Home, run_id: str) -> list[str]:
    with Reader(home) as reader:
        return [line.message for line in reader.log(run_id)]


@pytest.fixture(scope="module")
def undisturbed(few_digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """The difficult run, trained without a stop."""
    home = Home(tmp_path_factory.mktemp("undisturbed"))
    store_digits(home, few_digits)
    thread = prepared(home, **DIFFICULT)
    thread.run()
    return home, thread.run_id
