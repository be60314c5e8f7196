"""What all screens share: the home, what is remembered, the queue of runs, and the machine."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlab.execution.machine import Machine
from cnnlab.execution.queue import RunQueue
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.tui.settings import Settings, load_settings, save_settings


@dataclass(frozen=True)
class Session:
    """One start of the app."""

    home: Home
    settings: Settings
    queue: RunQueue
    machine: Machine

    @classmethod
    def begin(cls, home: Home) -> Session:
        """A session in a home; nothing is written and nothing trains yet."""
        return cls(home, load_settings(home), RunQueue(home), Machine())

    def reading(self) -> Reader:
        """The history, to be used in a `with` on the thread that asks."""
        return Reader(self.home)

    def remember(self) -> None:
        """Writes the settings."""
        save_settings(self.home, self.settings)
