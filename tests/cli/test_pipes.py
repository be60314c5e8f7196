"""A command whose reader went away ends without a word, always with the same exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from history.samples import add_run, life, record
from waiting import SECONDS

from cnnlab.home import Home

PROGRAM = str(Path(sys.executable).with_name("cnnlab"))
COMMANDS = (
    "--help",
    "--version",
    "runs list --help",
    "runs list",
    "runs list --json",
    "runs show latest",
    "runs show latest --json",
    "runs compare aaaa0001 aaaa0002",
    "study list",
    "presets list --json",
    "export --formats",
    "export --all --format jsonl --output -",
)


@pytest.fixture
def unread() -> Iterator[int]:
    """A pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.fixture
def runs(home: Home) -> Home:
    for run_id in ("aaaa0001", "aaaa0002"):
        add_run(home, run_id)
        record(home, run_id, *life())
    return home


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("runs")
def test_a_reader_that_is_gone_ends_a_command_as_other_programs_end(
    unread: int, command: str
) -> None:
    done = subprocess.run(
        [PROGRAM, *command.split()],
        stdout=unread, stderr=subprocess.PIPE, check=False, timeout=SECONDS,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("command", ["nonsense", "runs show nobody", "runs list"])
@pytest.mark.usefixtures("runs")
def test_so_does_a_reader_of_errors(unread: int, command: str) -> None:
    done = subprocess.run(
        [PROGRAM, *command.split()], stdout=unread, stderr=unread, check=False, timeout=SECONDS
    )
    assert done.returncode == 141


def test_a_reader_that_takes_a_part_ends_it_in_the_middle(runs: Home) -> None:
    """What is written is more than a pipe holds."""
    from cnnlab.history.edits import add_note

    add_note(runs, "aaaa0001", "x" * 1_000_000)
    words = [PROGRAM, "runs", "show", "aaaa0001", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(5) == b'{\n  "'
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(SECONDS) == 141


@pytest.mark.usefixtures("runs")
def test_output_that_is_read_is_whole_and_ends_well() -> None:
    for command in ("runs list", "export --all --format jsonl --output -"):
        done = subprocess.run(
            [PROGRAM, *command.split()], capture_output=True, check=False, timeout=SECONDS
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.count(b"\n") >= 2


LATE = """
import atexit, sys
from cnnlab.cli.pipes import ending_with_the_reader
atexit.register(print, "late")
with ending_with_the_reader():
    print("early")
"""


def test_what_comes_at_the_very_end_changes_no_exit_code(unread: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LATE],
        stdout=unread, stderr=subprocess.PIPE, check=False, timeout=SECONDS,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (141, b"")
