"""`cnnlab runs pause | continue | stop` on a run of another process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from waiting import SECONDS, still_runs, wait_until

from cnnlab.cli import control
from cnnlab.history.queries import Reader
from cnnlab.home import Home

SMALL = [
    "--device", "cpu", "--set", "model.channels=[4, 8]", "--set", "training.batch_size=500",
]  # fmt: skip
Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def narration(tmp_path: Path) -> Path:
    """What the run says. A pipe would be full some time, and the run wait for a reader."""
    return tmp_path / "narration"


@pytest.fixture
def training(home: Home, narration: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run of hours in a process of its own, which has finished an epoch."""
    program = str(Path(sys.executable).with_name("cnnlab"))
    with narration.open("wb") as file:
        process = subprocess.Popen(
            [program, "run", "quickstart", *SMALL, "--epochs", "100000", "--name", "long"],
            stdout=subprocess.DEVNULL, stderr=file,
        )  # fmt: skip
    try:
        wait_until(lambda: epochs(home), "an epoch", see=lambda: still_runs(process))
        yield process
    finally:
        process.kill()
        process.wait()


def epochs(home: Home) -> int:
    with Reader(home) as reader:
        return max((run.epochs_done for run in reader.runs()), default=0)


def test_a_run_is_paused_goes_on_and_is_stopped_from_elsewhere(
    inside: Cnnlab,
    home: Home,
    training: subprocess.Popen[bytes],
    narration: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(control, "PATIENCE", SECONDS)
    paused = inside("runs", "pause", "long")
    assert (paused.returncode, "is paused" in paused.stderr) == (0, True)
    before = epochs(home)
    time.sleep(1.0)
    assert epochs(home) == before
    assert "is paused" in inside("runs", "pause", "long").stderr
    assert "paused" in inside("runs", "list").stdout
    assert "is running" in inside("runs", "continue", "long").stderr
    wait_until(lambda: epochs(home) > before, "a further epoch")
    stopped = inside("runs", "stop", "long")
    assert (stopped.returncode, "is stopped: by the user after step" in stopped.stderr) == (0, True)
    assert training.wait(SECONDS) == 130
    told = narration.read_text()
    assert "Paused after step" in told
    assert "Went on after step" in told
    shown = inside("runs", "show", "long").stdout
    assert "by hand: Paused after step" in shown
    assert "by hand: Went on after step" in shown
    again = inside("runs", "continue", "long")
    assert again.returncode == 1
    assert "is stopped, not under way." in again.stderr
    assert "Traceback" not in again.stderr + told


def test_an_unknown_run_is_answered_with_the_nearest(inside: Cnnlab) -> None:
    done = inside("runs", "stop", "lng")
    assert done.returncode == 2
    assert "there are no runs yet" in done.stderr
