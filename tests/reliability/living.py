"""Runs that train without an end in processes of their own, and what the history says of them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
from emulator import Terminal
from waiting import SECONDS

from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.home import Home, make_folder

CNNLAB = str(Path(sys.executable).with_name("cnnlab"))
FOREVER = """extends = "quickstart"
description = "Quickstart without an end"
[training]
epochs = 100000
"""


def add_preset(home: Home, text: str = FOREVER) -> None:
    """Gives a home a preset `forever`; by itself it trains until it is stopped."""
    (make_folder(home.presets) / "forever.toml").write_text(text)


def runs(home: Home) -> list[RunRecord]:
    """All runs."""
    with Reader(home) as reader:
        return reader.runs()


def newest(home: Home) -> RunRecord:
    """The newest run."""
    with Reader(home) as reader:
        return reader.runs(limit=1)[0]


def last_step(home: Home) -> int:
    """The last step of the newest run that the history holds; 0 before the first."""
    with Reader(home) as reader:
        runs = reader.runs(limit=1)
        steps = reader.step_columns(runs[0].id).steps if runs else []
        return steps[-1] if steps else 0


def trains(home: Home, beyond: int = 0) -> bool:
    """Whether the newest run trains and has come further than a step."""
    return last_step(home) > beyond and newest(home).status == "running"


def is_over(program: psutil.Process) -> bool:
    """Whether a process has ended, also where nobody has asked for its end yet."""
    with suppress(psutil.NoSuchProcess):  # it ended between the two questions
        return not program.is_running() or program.status() == psutil.STATUS_ZOMBIE
    return True


def cnnlab(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end, in the test's own home."""
    return subprocess.run([CNNLAB, *arguments], capture_output=True, text=True, timeout=SECONDS)


def stop(run: str) -> None:
    """Asks a run to stop; to wait for its end is left to the caller.

    The command itself waits some seconds for an answer, which a slow machine does not give so soon.
    """
    told = cnnlab("runs", "stop", run)
    assert told.returncode == 0 or "has not answered yet; it will" in told.stderr, told.stderr


def choose_in_the_screens(terminal: Terminal) -> None:
    """Puts the cursor on that preset."""
    terminal.wait_for("forever")
    terminal.send("down", "down")
    terminal.wait_for("Quickstart without an end")


def train_in_the_screens(terminal: Terminal) -> None:
    """Trains that preset in the screens, and watches it."""
    choose_in_the_screens(terminal)
    terminal.send("a", "2")
    terminal.wait_for("▶ running  forever-1")
