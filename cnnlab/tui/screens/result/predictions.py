"""The images of a run as its checkpoint sees them: asked of a process of its own, and kept.

A model cannot be built in the process of the screens: torch's global random state belongs to the
run that trains there. A process can also be ended when nobody waits for its answer any more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from textual.dom import DOMNode

from cnnlab.errors import CheckpointError, CnnlabError
from cnnlab.home import Home
from cnnlab.tui.background import behind
from cnnlab.tui.screens.result.facts import Choice


@dataclass(frozen=True)
class Seen:
    """An image: its place among the stored ones, two class names, and a confidence in [0, 1]."""

    index: int
    true: str
    predicted: str
    confidence: float


class PredictedImages:
    """All images of one run, the most confident answers first, by split and checkpoint."""

    def __init__(self, home: Home, run_id: str) -> None:
        self._home = home
        self._run_id = run_id
        self._known: dict[Choice, tuple[Seen, ...]] = {}
        self._one_at_a_time = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._closed = False

    def ask(
        self,
        node: DOMNode,
        choice: Choice,
        done: Callable[[tuple[Seen, ...]], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Tells a widget the images of a split; at once where they are known.

        `failed` takes a CnnlabError that says why they cannot be told.
        """
        if choice in self._known:
            done(self._known[choice])
        else:
            behind(node, lambda: self._classify(choice), done, failed)

    def close(self) -> None:
        """Ends the process that is under way; nobody waits for it."""
        self._closed = True
        process = self._process
        if process is not None:
            with suppress(OSError):
                process.kill()

    def _classify(self, choice: Choice) -> tuple[Seen, ...]:
        with self._one_at_a_time:
            if choice not in self._known:
                self._known[choice] = _seen(self._run(choice))
            return self._known[choice]

    def _run(self, choice: Choice) -> str:
        """The command's answer; it gives way to whatever else the machine does."""
        command = ["runs", "mistakes", self._run_id, "--with-correct", "--limit", "0", "--json"]
        command += ["--split", choice.split, "--checkpoint", choice.checkpoint]
        if self._closed:
            raise CheckpointError("The images are no longer asked for.")
        with subprocess.Popen(
            [sys.executable, "-m", "cnnlab", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "CNNLAB_HOME": str(self._home.root), "PYTHONUTF8": "1"},
        ) as process:
            self._process = process
            _give_way(process.pid)
            answer, errors = process.communicate()
        self._process = None
        if process.returncode:
            raise CnnlabError(errors.strip().removeprefix("cnnlab: ") or "The process was ended.")
        return answer


def _give_way(pid: int) -> None:
    import psutil

    with suppress(psutil.Error, OSError):
        psutil.Process(pid).nice(10)


def _seen(answer: str) -> tuple[Seen, ...]:
    return tuple(Seen(**entry) for entry in json.loads(answer)["predictions"])
