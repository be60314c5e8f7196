"""A few digits as a data set of the test's home, and the queue of a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from training.conftest import small_config
from waiting import SECONDS, wait_until

from cnnlab.data import store
from cnnlab.data.store import Dataset
from cnnlab.execution.queue import RunQueue
from cnnlab.execution.requests import RunRequest
from cnnlab.history.connection import connect_for_writing
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

DIGITS = "few-digits"
FOREVER = {"epochs": 100_000}


def store_digits(home: Home, digits: Dataset) -> None:
    """Stores digits in a home under a name of their own."""
    counts = [
        tuple(np.bincount(labels, minlength=10).tolist())
        for labels in (digits.train_labels, digits.test_labels)
    ]
    info = replace(digits.info, name=DIGITS, train_counts=counts[0], test_counts=counts[1])
    store.write(home, replace(digits, info=info))


def request(name: str = "", **tables: Any) -> RunRequest:
    """A run of a second on the digits of the home."""
    data = {"name": DIGITS, **tables.pop("data", {})}
    return RunRequest(small_config(data=data, **tables), "quickstart", name)


def recorded(home: Home, run_id: str) -> RunRecord:
    with Reader(home) as reader:
        return reader.run(run_id)


def set_in_history(home: Home, run_id: str, **values: object) -> None:
    """Changes a row as another process would."""
    with closing(connect_for_writing(home)) as db:
        db.table("runs").update(run_id, values)


def wait_for(home: Home, run_id: str, *statuses: str) -> RunRecord:
    """Waits until the history says that of a run; returns the run."""
    wait_until(lambda: recorded(home, run_id).status in statuses, " or ".join(statuses))
    return recorded(home, run_id)


@pytest.fixture
def queue(home: Home, few_digits: Dataset) -> Iterator[RunQueue]:
    """The queue of the test's home, which has the digits; it is over when the test is."""
    store_digits(home, few_digits)
    made = RunQueue(home)
    yield made
    made.close()
    assert made.join(SECONDS)
