"""A run under way as TensorBoard event files, for those who have that open.

Where they go is a setting of the process, which the processes that it starts inherit: the
environment variable `CNNLAB_TENSORBOARD`, set by `--tensorboard`. A folder holds one folder for
each run (`interchange.run_events`). Should it fail, the run goes on without it and says so.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cnnlab.errors import ConfigError
from cnnlab.events import (
    EpochFinished,
    EvaluationFinished,
    Event,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    RunStopped,
    StepsFinished,
)
from cnnlab.history.queries import Reader
from cnnlab.home import Home, expanded, failed_write
from cnnlab.interchange.event_files import require_tensorboard
from cnnlab.interchange.run_events import RunEvents, folder_of

VARIABLE = "CNNLAB_TENSORBOARD"


def write_into(folder: Path) -> None:
    """Has every run that this process trains, or has trained, written into a folder.

    Raises:
        ConfigError: the extra is not installed, or the folder is a file.
        StorageError: the folder cannot be made or written.
    """
    require_tensorboard("--tensorboard")
    folder = expanded(folder).absolute()
    try:
        if folder.exists() and not folder.is_dir():
            raise ConfigError(
                f"{folder} is a file, not a folder.", "Name a folder for TensorBoard."
            )
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        what = f"The folder {folder} for TensorBoard cannot be written"
        raise failed_write(what, error, "Name a folder that you can write to.") from error
    os.environ[VARIABLE] = str(folder)


def tensorboard_listener(home: Home, run_id: str, steps_done: int) -> Callable[[Event], None]:
    """What writes the events of a run, if they are wanted; else something that ignores them.

    Args:
        steps_done: those that the run has already, where it goes on from a checkpoint.
    """
    root = os.environ.get(VARIABLE, "")
    if not root:
        return _ignore
    return _Listener(home, run_id, Path(root), steps_done).take


def _ignore(_event: Event) -> None:
    """Writes nothing."""


class _Listener:
    """Writes the events of one run; makes the file when the first one comes."""

    def __init__(self, home: Home, run_id: str, root: Path, steps_done: int) -> None:
        self._home = home
        self._run_id = run_id
        self._root = root
        self._steps_done = steps_done
        self._events: RunEvents | None = None
        self._told_at = time.time()

    def take(self, event: Event) -> None:
        """Writes an event, if it is one of the run's course."""
        if isinstance(event, RunStarted):
            self._events = self._begun()
        if self._events is None:
            return
        try:
            self._write(self._events, event)
            self._events.flush()
        except BaseException:
            # Nobody calls a listener again that has raised.
            self._close()
            raise
        self._told_at = time.time()
        if isinstance(event, RunFinished | RunStopped | RunInterrupted | RunFailed):
            self._close()

    def _close(self) -> None:
        if self._events is not None:
            events, self._events = self._events, None
            with suppress(OSError):  # what could not be written is told already
                events.close()

    def _begun(self) -> RunEvents:
        with Reader(self._home) as reader:
            run = reader.run(self._run_id)
        folder = folder_of(self._root, run)
        try:
            events = RunEvents(folder)
        except OSError as error:
            what = f"An event file cannot be made in {folder}"
            raise failed_write(what, error, "Name a folder that you can write to.") from error
        if self._steps_done:
            events.go_on(self._steps_done + 1)
        events.begin(run, time.time())
        return events

    def _write(self, events: RunEvents, event: Event) -> None:
        now = time.time()
        if isinstance(event, StepsFinished):
            count = len(event.losses)
            # They were made one after another since the event before.
            pace = (now - self._told_at) / count
            times = [self._told_at + pace * number for number in range(1, count + 1)]
            steps = range(event.first_step, event.first_step + count)
            events.steps(steps, event.losses, event.accuracies, event.lrs, times)
        elif isinstance(event, EpochFinished):
            events.epoch(event, now)
        elif isinstance(event, EvaluationFinished):
            events.evaluation(event.split, event.checkpoint, event.step, event.evaluation, now)
