"""Patience with a full disk: what cannot be written is tried again until there is room.

A run of hours must not end because another program filled the disk for a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from cnnlab.errors import DiskFullError
from cnnlab.events import Event, Logged

LOOK_AGAIN_SECONDS = 3.0
"""Time between two attempts to write."""


class FullDisk:
    """Waits for room; belongs to the thread that trains.

    Args:
        stop: ends the wait when it is set.

    Attributes:
        trouble: what the run waits for, in words; empty while it does not.
        waited: seconds that it has waited altogether.
    """

    def __init__(self, stop: threading.Event) -> None:
        self.trouble = ""
        self.waited = 0.0
        self._stop = stop

    def until_written(self, write: Callable[[], Iterable[Event]]) -> Iterator[Event]:
        """Writes, again and again while the disk is full; passes on what is told meanwhile.

        Args:
            write: raises DiskFullError before it tells anything.

        Raises:
            DiskFullError: `stop` was set before there was room.
        """
        while True:
            try:
                yield from write()
            except DiskFullError as error:
                yield from self._begin_waiting(error)
                if self._is_over():
                    self.trouble = ""
                    raise
            else:
                break
        if self.trouble:
            self.trouble = ""
            yield Logged("info", "There is room on the disk again: the run goes on.")

    def _begin_waiting(self, error: DiskFullError) -> Iterator[Event]:
        if not self.trouble and not self._stop.is_set():
            self.trouble = f"{error.message} The run waits until there is room."
            yield Logged("warning", self.trouble)

    def _is_over(self) -> bool:
        """Waits a while; returns whether it is to stop."""
        begun = time.perf_counter()
        stopped = self._stop.wait(LOOK_AGAIN_SECONDS)
        self.waited += time.perf_counter() - begun
        return stopped
