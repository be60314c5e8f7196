"""Where commands for a training wait until it has finished its step."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue

from cnnlab.events import Command, RunInterrupted, RunStopped

_PATIENCE = 0.1
"""Seconds to wait for a command before looking whether to stop."""


class Inbox:
    """Commands from any thread to the one that trains.

    Attributes:
        stop: set when the training is to end after the step under way.
        interruption: what ends it then, if it is not the user.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.interruption = ""
        self._commands: SimpleQueue[Command] = SimpleQueue()

    def put(self, command: Command) -> None:
        """Takes a command; to stop comes before all that waits."""
        if command.kind == "stop":
            self.stop.set()
        else:
            self._commands.put(command)

    def interrupt(self, by: str) -> None:
        """Ends the training after the step under way, to be resumed later."""
        self.interruption = by
        self.stop.set()

    def ending(self, step: int) -> RunStopped | RunInterrupted:
        """The ending of a training that was told to end, after a step."""
        if self.interruption:
            return RunInterrupted(f"by {self.interruption} after step {step}")
        return RunStopped(f"by the user after step {step}")

    def __bool__(self) -> bool:
        return not self._commands.empty()

    def __iter__(self) -> Iterator[Command]:
        """What waits, in its order."""
        while self:
            yield self._commands.get()

    def awaited(self) -> Command | None:
        """The next command, however long it takes; None once it is to stop."""
        while not self.stop.is_set():
            with suppress(Empty):
                return self._commands.get(timeout=_PATIENCE)
        return None
