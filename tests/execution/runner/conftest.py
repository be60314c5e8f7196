"""Small runs on real digits, prepared and trained in the test's home."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from training.conftest import small_config
from waiting import SECONDS

from cnnlab.data.store import Dataset
from cnnlab.events import Event
from cnnlab.execution.requests import RunRequest
from cnnlab.execution.runner import RunThread, prepare_run
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

Prepare = Callable[..., RunThread]


@pytest.fixture
def prepare(home: Home, few_digits: Dataset) -> Prepare:
    """Prepares a small run in the test's home; keywords are tables of its config."""

    def make(**tables: Any) -> RunThread:
        return prepare_run(home, RunRequest(small_config(**tables), "quickstart"), few_digits)

    return make


def train(thread: RunThread, react: Callable[[Event], None] | None = None) -> list[Event]:
    """Trains to the end; returns what the listener was told, `react` included."""
    told: list[Event] = []

    def listener(event: Event) -> None:
        told.append(event)
        if react is not None:
            react(event)

    thread.listen(listener)
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive()
    return told


def recorded(home: Home, thread: RunThread) -> RunRecord:
    with Reader(home) as reader:
        return reader.run(thread.run_id)
