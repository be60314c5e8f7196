"""The images of a run as its checkpoint sees them: asked of a process of its own, and kept.

A process can be ended when nobody waits for its answer any more, and takes the memory of its model
with it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass

from textual.dom import DOMNode

from cnnlab.home import Home
from cnnlab.tui.background import behind
from cnnlab.tui.own_process import OwnProcess
from cnnlab.tui.screens.result.facts import Choice


@dataclass(frozen=True)
class Seen:
    """An image: its place among the stored ones, two class names, and a confidence in [0, 1].

    The confidence is None where the model's outputs are not numbers.
    """

    index: int
    true: str
    predicted: str
    confidence: float | None


class PredictedImages:
    """All images of one run, the most confident answers first, by split and checkpoint."""

    def __init__(self, home: Home, run_id: str) -> None:
        self._home = home
        self._run_id = run_id
        self._known: dict[Choice, tuple[Seen, ...]] = {}
        self._one_at_a_time = threading.Lock()
        self._process: OwnProcess | None = None
        self._closed = False

    def ask(
        self,
        node: DOMNode,
        choice: Choice,
        done: Callable[[tuple[Seen, ...]], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Tells a widget the images of a split; at once where they are known.

        `failed` takes an error that says why they cannot be told.
        """
        if choice in self._known:
            done(self._known[choice])
        else:
            behind(node, lambda: self._classify(choice), done, failed)

    def close(self) -> None:
        """Ends the process that is under way; nobody waits for it."""
        self._closed = True
        if self._process is not None:
            self._process.kill()

    def _classify(self, choice: Choice) -> tuple[Seen, ...]:
        with self._one_at_a_time:
            if choice not in self._known:
                self._known[choice] = _seen(self._run(choice))
            return self._known[choice]

    def _run(self, choice: Choice) -> str:
        """The command's answer; it gives way to whatever else the machine does."""
        command = ["runs", "mistakes", self._run_id, "--with-correct", "--limit", "0", "--json"]
        command += ["--split", choice.split, "--checkpoint", choice.checkpoint]
        self._process = OwnProcess(self._home, gives_way=True)
        if self._closed:
            self._process.kill()
        return self._process.answer(command)


def _seen(answer: str) -> tuple[Seen, ...]:
    return tuple(Seen(**entry) for entry in json.loads(answer)["predictions"])
