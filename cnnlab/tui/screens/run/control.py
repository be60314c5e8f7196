"""Changing the course of the run that is looked at: commands through the history, and the queue.

A command is carried out after the step under way, by whichever process trains the run; that it
was is an intervention, which the history then holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from cnnlab.errors import ConfigError
from cnnlab.events import Command
from cnnlab.history.records import InterventionRecord
from cnnlab.tui.screens.run.state import Watched

MOST_EPOCHS = 100_000
_SECONDS = 8.0
"""How long it is told that a command was carried out."""


@dataclass
class Sent:
    """A command that was sent to the run that is looked at.

    Attributes:
        done_before: how many of its kind had been carried out by then.
        done_at: when it was seen that it was carried out, as `time.monotonic` tells.
    """

    command: Command
    done_before: int
    done_at: float | None = None

    @classmethod
    def to(cls, watched: Watched, command: Command) -> Sent:
        """A command that is about to be sent."""
        return cls(command, len(_done(watched, command)))

    def in_words(self, watched: Watched, now: float) -> str:
        """That it will be carried out, then for a while that it was; else empty."""
        done = _done(watched, self.command)
        if len(done) > self.done_before:
            self.done_at = self.done_at or now
            words = Command(done[-1].kind, done[-1].value).in_words()
            return f"{words} after step {done[-1].step:,}" if now < self.done_at + _SECONDS else ""
        return f"{_ASKED[self.command.kind]}: after this step" if watched.is_live else ""


_ASKED = {
    "pause": "Pause",
    "continue": "Go on",
    "stop": "Stop",
    "checkpoint": "Checkpoint",
    "scale_lr": "Halve lr",
    "add_epochs": "Add epochs",
}


def _done(watched: Watched, command: Command) -> list[InterventionRecord]:
    """What was carried out of that kind."""
    done = watched.series.interventions if watched.series is not None else ()
    return [one for one in done if one.kind == command.kind]


def epochs_to_add(text: str) -> int:
    """What a user wrote, as a number of epochs.

    Raises:
        ConfigError: it is none.
    """
    try:
        count = int(text)
    except ValueError:
        count = 0
    if not 1 <= count <= MOST_EPOCHS:
        raise ConfigError("Epochs are added as a whole number from 1 on.", "Write 5, say.")
    return count
