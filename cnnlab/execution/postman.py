"""Between a training and the history: brings commands to it, and leaves signs of its life there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress

from cnnlab.errors import CnnlabError
from cnnlab.events import Command
from cnnlab.history.commands import Mailbox
from cnnlab.history.ownership import HEARTBEAT_SECONDS, beat
from cnnlab.home import Home

INTERVAL = 0.5
"""Seconds between two looks into the history."""


class Postman(threading.Thread):
    """Looks for commands twice a second, and leaves heartbeats, until it is dismissed.

    A thread of its own, since a paused training emits no events. Where the history cannot be
    read or written for a moment, the commands and the heartbeat wait for the next time.

    Args:
        deliver: takes each command; called on this thread.
        heartbeat: seconds between two signs of life.
    """

    def __init__(
        self,
        home: Home,
        run_id: str,
        deliver: Callable[[Command], None],
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> None:
        super().__init__(name=f"postman-{run_id}", daemon=True)
        self._home = home
        self._run_id = run_id
        self._deliver = deliver
        self._heartbeat = heartbeat
        self._dismissed = threading.Event()

    def run(self) -> None:
        """Delivers what comes, as soon as the history can be read."""
        while not self._dismissed.is_set():
            with suppress(CnnlabError), closing(Mailbox(self._home, self._run_id)) as mailbox:
                self._serve(mailbox)
            self._dismissed.wait(INTERVAL)

    def _serve(self, mailbox: Mailbox) -> None:
        beaten = time.monotonic()
        while not self._dismissed.wait(INTERVAL):
            with suppress(CnnlabError):
                for command in mailbox.take():
                    self._deliver(command)
            if time.monotonic() - beaten >= self._heartbeat:
                beaten = time.monotonic()
                with suppress(CnnlabError):
                    beat(self._home, self._run_id)

    def dismiss(self) -> None:
        """Ends it; returns when it is over."""
        self._dismissed.set()
        self.join()
