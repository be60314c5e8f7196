"""The installed program in a real pseudo-terminal, as a newcomer drives it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from emulator import Terminal
from waiting import wait_until

from cnnlab.history.queries import Reader
from cnnlab.home import Home

CNNLAB = str(Path(sys.executable).with_name("cnnlab"))


def step(terminal: Terminal) -> int:
    """The step that the live screen stands at."""
    found = re.search(r"step ([\d,]+)/", terminal.text())
    assert found, terminal.text()
    return int(found[1].replace(",", ""))


def wait_for_a_step_beyond(terminal: Terminal, before: int) -> None:
    """Waits until the live screen stands at a later step."""
    wait_until(lambda: step(terminal) > before, "a step", see=lambda: terminal.read(0.1))


def test_a_newcomer_trains_quickstart_stops_it_and_finds_its_confusion_matrix(home: Home) -> None:
    with Terminal([CNNLAB]) as terminal:
        terminal.wait_for("LeNet on 5,000 digits")
        terminal.send("enter")
        terminal.wait_for("Launch")
        terminal.send("\x06")  # Ctrl-F finds a field
        terminal.wait_for("data.validation")
        terminal.send("epochs", "enter")
        terminal.wait_for("training.epochs  Passes over")
        terminal.send("400")  # takes the place of what is there
        terminal.wait_for("● epochs                    400 ")
        terminal.send("\x12")  # Ctrl-R launches
        terminal.wait_for(re.compile(r"epoch ([2-9]|\d\d+)/400"))  # an epoch may be missed
        terminal.wait_for("⣿ validation")
        assert "⣿ training" in terminal.text()
        before = step(terminal)
        wait_for_a_step_beyond(terminal, before)
        terminal.send("x")
        terminal.wait_for("Stop quickstart-1")
        terminal.send("y")
        terminal.wait_for("stopped")
        terminal.send("3")
        terminal.wait_for("started▼")
        terminal.send("enter")
        terminal.wait_for("Confusion")
        terminal.send("tab", "tab")
        terminal.wait_for(re.compile(r"\b7\b.*\b\d+\b"))
        terminal.send("q")
        assert terminal.wait() == 0
    with Reader(home) as reader:
        (run,) = reader.runs()
    assert (run.name, run.status, run.epochs_planned) == ("quickstart-1", "stopped", 400)
    assert run.config["training"]["epochs"] == 400
