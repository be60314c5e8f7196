"""Brings the commands that other processes and screens left in the history to a training."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing, suppress

from cnnlab.errors import CnnlabError
from cnnlab.events import Command
from cnnlab.history.commands import Mailbox
from cnnlab.home import Home

INTERVAL = 0.5
"""Seconds between two looks into the history."""


class Postman(threading.Thread):
    """Looks for commands twice a second until it is dismissed.

    A thread of its own, since a paused training emits no events. Where the history cannot be
    read or written for a moment, the commands wait for the next look.

    Args:
        deliver: takes each command; called on this thread.
    """

    def __init__(self, home: Home, run_id: str, deliver: Callable[[Command], None]) -> None:
        super().__init__(name=f"postman-{run_id}", daemon=True)
        self._home = home
        self._run_id = run_id
        self._deliver = deliver
        self._dismissed = threading.Event()

    def run(self) -> None:
        """Delivers what comes."""
        with closing(Mailbox(self._home, self._run_id)) as mailbox:
            while not self._dismissed.wait(INTERVAL):
                with suppress(CnnlabError):
                    for command in mailbox.take():
                        self._deliver(command)

    def dismiss(self) -> None:
        """Ends it; returns when it is over."""
        self._dismissed.set()
        self.join()
