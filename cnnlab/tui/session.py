"""What all screens share: the home, what is remembered, the queue of runs, and the machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from cnnlab.errors import CnnlabError
from cnnlab.execution.machine import Machine
from cnnlab.execution.queue import RunQueue
from cnnlab.history.interruption import mark_interrupted
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.home import Home
from cnnlab.tui.settings import Settings, load_settings, save_settings


@dataclass(frozen=True)
class Session:
    """One start of the app.

    Attributes:
        interrupted: the runs that were found, as it began, without a living process.
    """

    home: Home
    settings: Settings
    queue: RunQueue
    machine: Machine
    interrupted: Sequence[RunRecord] = ()

    @classmethod
    def begin(cls, home: Home) -> Session:
        """A session in a home; nothing trains yet, and what was cut short is marked as that."""
        interrupted: Sequence[RunRecord] = ()
        # What is wrong with the history, the first screen that reads it tells.
        with suppress(CnnlabError):
            interrupted = mark_interrupted(home)
        return cls(home, load_settings(home), RunQueue(home), Machine(), interrupted)

    def reading(self) -> Reader:
        """The history, to be used in a `with` on the thread that asks."""
        return Reader(self.home)

    def remember(self) -> None:
        """Writes the settings."""
        save_settings(self.home, self.settings)
