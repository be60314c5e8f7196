"""The log of a run as a text file in its folder, for `tail -f` and for when the history is gone.

The history holds more and is what the screens read; a line that cannot be written is left out.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cnnlab.errors import StorageError
from cnnlab.events import (
    EpochFinished,
    Event,
    Logged,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    RunStopped,
)
from cnnlab.home import Home, make_folder, open_log


class RunLog:
    """Writes a line for each event that is worth one."""

    def __init__(self, home: Home, run_id: str) -> None:
        self._path: Path = home.run_folder(run_id) / "run.log"

    def write(self, event: Event) -> None:
        """Writes an event, with the local time."""
        words = _words(event)
        if not words:
            return
        # What comes from outside, such as a file name, must not act on a terminal.
        text = "".join(sign if sign.isprintable() else " " for sign in words)
        with suppress(OSError, StorageError):
            make_folder(self._path.parent)
            with open_log(self._path) as file:
                file.write(f"{datetime.now().astimezone().isoformat(' ', 'seconds')}  {text}\n")


def _words(event: Event) -> str:
    if isinstance(event, RunStarted):
        return f"training on {event.device} ({event.device_name}), {event.epochs} epochs"
    if isinstance(event, EpochFinished):
        return f"epoch {event.epoch}  {event.in_words()}"
    if isinstance(event, Logged):
        return event.message if event.level == "info" else f"{event.level}: {event.message}"
    if isinstance(event, RunFinished | RunStopped | RunInterrupted):
        return f"{type(event).__name__.removeprefix('Run').lower()}: {event.reason}"
    if isinstance(event, RunFailed):
        return f"failed: {event.message}"
    return ""
