"""`cnnlab runs pause | continue | stop` on a run of another process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from waiting import wait_until

from cnnlab.history.queries import Reader
from cnnlab.home import Home

SMALL = [
    "--device", "cpu", "--set", "model.channels=[4, 8]", "--set", "training.batch_size=500",
]  # fmt: skip
Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def training(home: Home) -> Iterator[subprocess.Popen[str]]:
    """A long run in a process of its own, which has finished an epoch."""
    program = str(Path(sys.executable).with_name("cnnlab"))
    process = subprocess.Popen(
        [program, "run", "quickstart", *SMALL, "--epochs", "5000", "--name", "long"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(lambda: epochs(home), "an epoch")
    yield process
    process.kill()
    process.communicate()


def epochs(home: Home) -> int:
    with Reader(home) as reader:
        return max((run.epochs_done for run in reader.runs()), default=0)


def test_a_run_is_paused_goes_on_and_is_stopped_from_elsewhere(
    cnnlab: Cnnlab, inside: Cnnlab, home: Home, training: subprocess.Popen[str]
) -> None:
    paused = cnnlab("runs", "pause", "long")
    assert (paused.returncode, "is paused" in paused.stderr) == (0, True)
    before = epochs(home)
    time.sleep(1.0)
    assert epochs(home) == before
    assert "is paused" in inside("runs", "pause", "long").stderr
    assert "paused" in inside("runs", "list").stdout
    assert "is running" in cnnlab("runs", "continue", "long").stderr
    wait_until(lambda: epochs(home) > before, "a further epoch")
    stopped = cnnlab("runs", "stop", "long")
    assert (stopped.returncode, "is stopped: by the user after step" in stopped.stderr) == (0, True)
    _, narration = training.communicate(timeout=180)
    assert training.returncode == 130
    assert "Paused after step" in narration
    assert "Went on after step" in narration
    shown = inside("runs", "show", "long").stdout
    assert "by hand: Paused after step" in shown
    assert "by hand: Went on after step" in shown
    again = inside("runs", "continue", "long")
    assert again.returncode == 1
    assert "is stopped, not under way." in again.stderr
    assert "Traceback" not in again.stderr + narration


def test_an_unknown_run_is_answered_with_the_nearest(inside: Cnnlab) -> None:
    done = inside("runs", "stop", "lng")
    assert done.returncode == 2
    assert "there are no runs yet" in done.stderr
