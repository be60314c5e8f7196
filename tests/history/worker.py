"""The other process of a test: `python -m history.worker TASK HOME [ARGUMENT...]`.

It imports everything, writes "up", and begins when it is told to. For others it waits as long as
a test does: that each of them takes less than ten seconds, no machine promises.
"""

from __future__ import annotations

import os
import select
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from history import samples
from waiting import SECONDS

from cnnlab.events import Logged
from cnnlab.history import connection
from cnnlab.history.connection import connect_for_writing
from cnnlab.history.interruption import mark_interrupted
from cnnlab.history.migrations import migrations
from cnnlab.history.ownership import holding
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder
from cnnlab.history.resumption import claim
from cnnlab.home import Home

CLASSES = tuple(f"class {number}" for number in range(40))
LEAST = 3
"""Epochs that even a process has trained which was not let run for long."""


def say(text: str) -> None:
    print(text, flush=True)


def open_history(home: Home) -> None:
    """Opens the history as the first one or one of the first."""
    assert migrations  # and with it sqlite-utils are imported before it matters
    with closing(connect_for_writing(home)):
        say("open")


def create(home: Home, prefix: str, count: str) -> None:
    """Creates runs as fast as it goes."""
    for number in range(int(count)):
        say(samples.add_run(home, f"{int(prefix):04x}{number:04x}"))


def write(home: Home, run_id: str, epochs: str) -> None:
    """Records a run with one stretch of steps and one validation an epoch."""
    samples.add_run(home, run_id)
    with Recorder(home, run_id) as recorder:
        recorder.record(samples.STARTED)
        for number in range(1, int(epochs) + 1):
            recorder.record(samples.steps(number * 4 - 3, (0.5,) * 4, epoch=number))
            recorder.record(samples.evaluated("validation", None, number * 4))
            recorder.record(samples.epoch(number))
            recorder.record(samples.checkpoint("last", number))


def write_for_ever(home: Home, run_id: str, first: str) -> None:
    """Records epochs until it is killed; says each that the recorder took as written."""
    with Reader(home) as reader:
        claim(home, reader.run(run_id))
    result = samples.evaluation(CLASSES)
    with Recorder(home, run_id) as recorder:
        recorder.record(samples.STARTED)
        number = int(first)
        while True:
            recorder.record(samples.steps(number * 4 - 3, (0.5,) * 4, epoch=number))
            recorder.record(Logged("info", f"epoch {number}"))
            recorder.record(samples.evaluated("validation", None, number * 4, result))
            recorder.record(samples.epoch(number))
            recorder.record(samples.checkpoint("best", number))
            recorder.record(samples.evaluated("test", "best", number * 4, result))
            say(str(number))
            number += 1


def live(home: Home, run_id: str, seconds: str) -> None:
    """Trains a run of its own for a while, and reads all runs meanwhile; says each epoch.

    Some epochs it trains however late it is.
    """
    end = time.monotonic() + float(seconds)
    samples.add_run(home, run_id, tags=["live"])
    with Recorder(home, run_id) as recorder:
        recorder.record(samples.STARTED)
        number = 0
        while number < LEAST or time.monotonic() < end:
            number += 1
            recorder.record(samples.steps(number * 4 - 3, (0.5,) * 4, epoch=number))
            recorder.record(Logged("info", f"epoch {number}"))
            recorder.record(samples.evaluated("validation", None, number * 4))
            recorder.record(samples.epoch(number))
            say(str(number))
            with Reader(home) as reader:
                for run, epochs in reader.epochs(reader.run_ids()).items():
                    assert [each.epoch for each in epochs] == list(range(1, len(epochs) + 1)), run
                assert len(reader.epochs([run_id])[run_id]) == number


def write_by_half(home: Home) -> None:
    """Is in the middle of a transaction, parts of which are on the disk already."""
    database = sqlite3.connect(home.history, isolation_level=None)
    database.execute("pragma cache_size = 2")
    database.execute("begin immediate")
    database.execute("update steps set lr = 99")
    database.execute("update class_metrics set support = 99")
    say("half")
    sys.stdin.read()


def read(home: Home) -> None:
    """Reads over and over until its input ends; each answer must hold together."""
    last = False
    while not last:
        last = bool(select.select([sys.stdin], [], [], 0)[0])
        with Reader(home) as reader:
            ids = [run.id for run in reader.runs()]
            for evaluations in reader.validations(ids).values():
                assert all(each.classes for each in evaluations)
    say(f"{len(ids)} runs")


def train(home: Home, run_id: str) -> None:
    """Has a run under way until its input ends."""
    samples.add_run(home, run_id)
    with Recorder(home, run_id) as recorder:
        recorder.record(samples.STARTED)
        say("training")
        sys.stdin.read()


def hold(home: Home, run_id: str) -> None:
    """Has a run under way as its training has it, with a forked process, until its input ends."""
    samples.add_run(home, run_id)
    with holding(home, run_id), Recorder(home, run_id) as recorder:
        recorder.record(samples.STARTED)
        if os.fork() == 0:
            say(str(os.getpid()))  # now that it has given the lock away
            sys.stdin.read()
            os._exit(0)
        sys.stdin.read()


def mark(home: Home) -> None:
    """Marks what was interrupted; says each run that it marked."""
    for run in mark_interrupted(home):
        say(run.id)


TASKS: dict[str, Callable[..., None]] = {
    "open": open_history,
    "create": create,
    "write": write,
    "write-for-ever": write_for_ever,
    "live": live,
    "write-by-half": write_by_half,
    "read": read,
    "train": train,
    "hold": hold,
    "mark": mark,
}

if __name__ == "__main__":
    task, folder, *arguments = sys.argv[1:]
    connection.BUSY_SECONDS = connection.UPGRADE_SECONDS = SECONDS
    say("up")
    sys.stdin.readline()
    TASKS[task](Home(Path(folder)), *arguments)
