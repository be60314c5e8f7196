"""The installed program in a real pseudo-terminal, as a newcomer drives it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import psutil
from emulator import Terminal
from reliability.living import is_over
from waiting import wait_until

from cnnlab.history.queries import Reader
from cnnlab.home import Home

CNNLAB = str(Path(sys.executable).with_name("cnnlab"))
STEP = re.compile(r"step ([\d,]+)/")


def step(terminal: Terminal) -> int:
    """The step that the live screen stands at, as soon as it says so: it is drawn in pieces."""
    terminal.wait_for(STEP)
    found = STEP.search(terminal.text())
    assert found, terminal.text()
    return int(found[1].replace(",", ""))


def wait_for_a_step_beyond(terminal: Terminal, before: int) -> None:
    """Waits until the live screen stands at a later step."""
    wait_until(lambda: step(terminal) > before, "a step", see=lambda: terminal.read(0.1))


def leave(terminal: Terminal) -> int:
    """Quits; returns the exit code.

    A run that is recorded as stopped is still the queue's for a moment, in which it asks.
    """
    program, question = psutil.Process(terminal.pid), "A run is under way here"
    terminal.send("q")
    wait_until(
        lambda: is_over(program) or question in terminal.text(),
        "the end",
        see=lambda: terminal.read(0.1),
    )
    if not is_over(program):
        terminal.send("y")
    return terminal.wait()


def test_a_newcomer_trains_quickstart_stops_it_and_finds_its_confusion_matrix(home: Home) -> None:
    with Terminal([CNNLAB]) as terminal:
        terminal.wait_for("LeNet on 5,000 digits")
        terminal.send("enter")
        terminal.wait_for("Launch")
        terminal.send("\x06")  # Ctrl-F finds a field
        terminal.wait_for("data.validation")
        terminal.send("epochs")
        wait_until(
            lambda: (
                "data.validation" not in terminal.text() and "training.epochs" in terminal.text()
            ),
            "the field that is searched for",
            see=lambda: terminal.read(0.1),
        )
        terminal.send("enter")
        terminal.wait_for("training.epochs  Passes over")
        terminal.send("100000")  # takes the place of what is there; it never comes to its end
        terminal.wait_for("● epochs                    100000 ")
        terminal.send("\x12")  # Ctrl-R launches
        terminal.wait_for(re.compile(r"epoch ([2-9]|\d\d+)/100,?000"))  # an epoch may be missed
        terminal.wait_for("⣿ validation")
        terminal.wait_for("⣿ training")
        before = step(terminal)
        wait_for_a_step_beyond(terminal, before)
        terminal.send("x")
        terminal.wait_for("Stop quickstart-1")
        terminal.send("y")
        terminal.wait_for("stopped")
        terminal.send("3")
        terminal.wait_for(re.compile(r"quickstart-1 +■ stopped"))
        terminal.send("enter")
        terminal.wait_for("Confusion")
        terminal.send("tab", "tab")
        terminal.wait_for(re.compile(r"\b7\b.*\b\d+\b"))
        assert leave(terminal) == 0
    with Reader(home) as reader:
        (run,) = reader.runs()
    assert (run.name, run.status, run.epochs_planned) == ("quickstart-1", "stopped", 100_000)
    assert run.config["training"]["epochs"] == 100_000
