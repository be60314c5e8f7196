"""Processes of their own that write and read a history."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from waiting import SECONDS

from cnnlab.home import Home

TESTS = Path(__file__).resolve().parents[1]


class Worker:
    """A process with one task of `history.worker`; it is up and waits for `go`."""

    def __init__(self, task: str, home: Home, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "history.worker", task, str(home.root), *arguments],
            cwd=TESTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_until_up(self) -> None:
        """Waits until everything is imported."""
        assert self.line() == "up"

    def line(self) -> str:
        """The next line that it writes."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def go(self) -> None:
        """Lets it begin once it is up."""
        self.wait_until_up()
        self.begin()

    def begin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def lines_to_end(self, longer: float = 0) -> list[str]:
        """What it wrote after `go`; it must end well, within `SECONDS` or so much longer."""
        output, errors = self.process.communicate(timeout=SECONDS + longer)
        assert self.process.returncode == 0, errors
        return output.splitlines()

    def kill(self) -> list[str]:
        """Ends it by SIGKILL; returns the lines that it wrote and nobody has read yet."""
        assert self.process.stdout is not None
        if self.process.stdout.closed:  # it was killed before
            return []
        self.process.kill()
        # Not `communicate`, which does not know the lines that came along with the last one read.
        output = self.process.stdout.read()
        self.process.communicate(timeout=SECONDS)
        return output.splitlines()


def go_together(workers: Iterable[Worker]) -> None:
    """Lets workers begin at one moment, when the last one is up."""
    waiting = list(workers)
    for worker in waiting:
        worker.wait_until_up()
    for worker in waiting:
        worker.begin()
