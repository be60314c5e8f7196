"""SIGTERM, by which a scheduler takes a machine back, and training without a terminal."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from emulator import Terminal
from reliability.living import (
    CNNLAB,
    add_preset,
    cnnlab,
    is_over,
    last_step,
    newest,
    stop,
    train_in_the_screens,
    trains,
)
from waiting import SECONDS, wait_until

from cnnlab.history.queries import Reader
from cnnlab.home import Home

TERMINATED = 143


@pytest.fixture(autouse=True)
def preset(home: Home) -> None:
    add_preset(home)


def check_interrupted(home: Home) -> None:
    """The newest run ended as interrupted, with a checkpoint of its last step."""
    run = newest(home)
    assert run.status == "interrupted"
    assert run.message == f"by SIGTERM after step {last_step(home)}"
    with Reader(home) as reader:
        (last,) = [one for one in reader.checkpoints([run.id])[run.id] if one.kind == "last"]
    assert last.step == last_step(home)
    assert "interrupted: by SIGTERM" in (home.run_folder(run.id) / "run.log").read_text()


def test_a_command_that_is_terminated_writes_a_checkpoint_and_is_resumed_from_it(
    home: Home,
) -> None:
    process = subprocess.Popen([CNNLAB, "run", "forever"], stderr=subprocess.PIPE, text=True)
    wait_until(lambda: trains(home), "a step")
    process.terminate()
    _, told = process.communicate(timeout=SECONDS)
    assert process.returncode == TERMINATED
    assert "SIGTERM: writing a checkpoint" in told
    run = newest(home)
    assert f"`cnnlab runs resume {run.id}` goes on" in told
    assert "Traceback" not in told
    check_interrupted(home)
    step = last_step(home)
    resumed = subprocess.Popen([CNNLAB, "runs", "resume", run.id], stderr=subprocess.PIPE)
    wait_until(lambda: trains(home, beyond=step), "a further step")
    resumed.terminate()
    resumed.communicate(timeout=SECONDS)
    assert newest(home).id == run.id
    check_interrupted(home)


def test_the_screens_that_are_terminated_give_the_terminal_back(home: Home) -> None:
    with Terminal(["sh", "-c", f"{CNNLAB}; echo code $?; stty -a"]) as terminal:
        train_in_the_screens(terminal)
        wait_until(lambda: trains(home), "a step")
        os.kill(newest(home).pid, signal.SIGTERM)
        terminal.wait_for(f"code {TERMINATED}")
        # Lines are edited by the terminal again, and what is typed is shown.
        terminal.wait_for(re.compile(r"[^-]icanon"))
        terminal.wait_for(re.compile(r"[^-]echo\b"))
    check_interrupted(home)
    assert not home.log.exists()


def cannot_write(terminal: Terminal) -> bool:
    """Has whole screens drawn; tells whether a thread of the program waits for the terminal.

    Where the kernel does not tell what threads wait for, six seconds of drawing are enough.
    """
    for screen in ("1", "2"):
        # One at a time: of screens that are left before they are drawn nothing is written.
        terminal.send(screen)
        time.sleep(0.2)
    waits = set()
    for thread in Path(f"/proc/{terminal.pid}/task").iterdir():
        with suppress(FileNotFoundError):  # it has ended meanwhile
            waits.add((thread / "wchan").read_text())
    if waits == {"0"}:
        time.sleep(6)
        return True
    return "wait_woken" in waits


def test_a_terminal_that_takes_nothing_keeps_nobody_from_ending(home: Home) -> None:
    with Terminal([CNNLAB]) as terminal:
        train_in_the_screens(terminal)
        # Nobody reads any more: what is drawn waits in the terminal, and then in the program.
        wait_until(lambda: cannot_write(terminal), "a terminal that is full")
        before = last_step(home)
        wait_until(lambda: trains(home, beyond=before), "a further step")
        os.kill(terminal.pid, signal.SIGTERM)
        program = psutil.Process(terminal.pid)
        wait_until(lambda: is_over(program), "the end")
    check_interrupted(home)


def test_a_detached_run_needs_no_terminal_and_says_how_to_come_back(home: Home) -> None:
    started = cnnlab("run", "forever", "--detach", "--name", "far away")
    assert started.returncode == 0, started.stderr
    run = newest(home)
    assert f"far away ({run.id}) trains in the background, in process {run.pid}" in started.stderr
    assert f"`cnnlab attach {run.id}` shows it" in started.stderr
    assert os.getsid(run.pid) == run.pid
    wait_until(lambda: trains(home), "a step")
    with Terminal([CNNLAB, "attach"]) as terminal:
        terminal.wait_for("▶ running  far away")
        terminal.send("q")
        assert terminal.wait() == 0
    program = psutil.Process(run.pid)
    program.terminate()
    wait_until(lambda: is_over(program), "the end")
    check_interrupted(home)
    assert home.log.read_text() == ""
    again = cnnlab("runs", "resume", run.id, "--detach", "--json")
    assert again.returncode == 0, again.stderr
    told = json.loads(again.stdout)
    assert told["id"] == run.id
    program = psutil.Process(newest(home).pid)
    assert program.pid != run.pid
    wait_until(lambda: trains(home), "a step")
    stop(run.id)
    wait_until(lambda: is_over(program), "the end")
    assert newest(home).status == "stopped"


def test_a_detached_run_that_cannot_be_built_tells_why_and_leaves_nothing(home: Home) -> None:
    told = cnnlab("run", "forever", "--detach", "--set", "model.kernel_size=15")
    assert told.returncode == 2
    assert "Convolution 2 has a 15x15 kernel" in told.stderr
    assert "data.resize" in told.stderr
    with Reader(home) as reader:
        assert not reader.runs()


def test_attaching_says_what_is_missing() -> None:
    with Terminal([CNNLAB, "attach"]) as terminal:
        terminal.wait_for("Nothing trains in this home.")
        assert terminal.wait() == 1
