"""One run in a background thread: trained, recorded, and told to whoever listens.

A run gets its row in the history only when everything it needs is there and fits together.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from cnnlab.config.run import RunConfig
from cnnlab.data.store import Dataset
from cnnlab.errors import CnnlabError, ConfigError
from cnnlab.events import Ending, Event, Logged, RunFailed, RunFinished, RunInterrupted, RunStopped
from cnnlab.execution.postman import Postman
from cnnlab.execution.provenance import git_state, versions
from cnnlab.history.queries import LATEST
from cnnlab.history.recorder import Recorder, create_run, new_run_id
from cnnlab.home import Home, make_folder
from cnnlab.training.trainer import Trainer

Listener = Callable[[Event], None]


@dataclass(frozen=True)
class RunRequest:
    """What a user asks for: a config, and the words to find the run again by.

    `name` is chosen from the preset when it is empty.

    Raises:
        ConfigError: the name is a word that stands for another run.
    """

    config: RunConfig
    preset: str | None = None
    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if self.name == LATEST:
            raise ConfigError(
                f"A run cannot be called {LATEST!r}: that is the newest run, whichever it is.",
                "Choose another name.",
            )


class RunThread(threading.Thread):
    """Trains a prepared run and records every event before it passes it on.

    Set `listener` before it starts; it is called on this thread. One that raises is not called
    again, and the run goes on without it. `ending` is set when the thread is over. It is a daemon
    thread: a process that must end at once does not wait for the step under way.
    """

    def __init__(self, home: Home, run_id: str, run_name: str, trainer: Trainer) -> None:
        super().__init__(name=f"run-{run_id}", daemon=True)
        self.home = home
        self.run_id = run_id
        self.run_name = run_name
        self.trainer = trainer
        self.listener: Listener = _nobody
        self.ending: Ending | None = None

    def run(self) -> None:
        """Trains to an ending; a history that cannot be written ends the run as failed."""
        postman = Postman(self.home, self.run_id, self.trainer.inbox.put)
        postman.start()
        try:
            with Recorder(self.home, self.run_id) as recorder:
                for event in self.trainer.train():
                    recorder.record(event)
                    trouble = self._pass_on(event)
                    if trouble is not None:
                        recorder.record(trouble)
        except CnnlabError as error:
            failure = RunFailed(str(error))
            # The history may have been locked or full for a moment only.
            with suppress(CnnlabError), Recorder(self.home, self.run_id) as recorder:
                recorder.record(failure)
            self._pass_on(failure)
        finally:
            postman.dismiss()

    def _pass_on(self, event: Event) -> Logged | None:
        """Tells the listener; what it raised comes back as a line for the log."""
        if isinstance(event, RunFinished | RunStopped | RunInterrupted | RunFailed):
            self.ending = event
        try:
            self.listener(event)
        # rich exits when nobody reads what it writes any more, as after `2>&1 | head`.
        except (Exception, SystemExit) as error:
            self.listener = _nobody
            reason = f"{type(error).__name__}: {error}"
            return Logged("warning", f"The run went on without its display, which failed: {reason}")
        return None

    def request_stop(self) -> None:
        """Asks the run to stop after the step under way."""
        self.trainer.stop.set()

    def abandon(self) -> None:
        """Records the run as stopped from another thread, for a process that ends at once."""
        with suppress(CnnlabError), Recorder(self.home, self.run_id) as recorder:
            recorder.record(RunStopped("by the user, at once"))


def _nobody(_event: Event) -> None:
    """Listens to nothing."""


def with_seed(config: RunConfig) -> RunConfig:
    """The config with a seed drawn, if it has none."""
    if config.training.seed is not None:
        return config
    training = config.training.model_copy(update={"seed": secrets.randbelow(2**31)})
    return config.model_copy(update={"training": training})


def prepare_run(home: Home, request: RunRequest, dataset: Dataset) -> RunThread:
    """Builds a run and writes its row; the thread that comes back is not started yet.

    Raises:
        ConfigError: the config does not fit the images or this machine; nothing is written.
        StorageError, HistoryError: the home cannot be written.
    """
    config = with_seed(request.config)
    run_id = new_run_id()
    trainer = Trainer(config, dataset, home.checkpoints(run_id))
    name = create_run(
        home,
        run_id,
        config=config.model_dump(mode="json"),
        dataset=config.data.name,
        model=config.model.name,
        monitor=config.training.monitor,
        epochs=config.training.epochs,
        preset=request.preset,
        name=request.name,
        tags=request.tags,
        note=request.note,
        versions=versions(),
        git=git_state(),
    )
    make_folder(trainer.files.folder)
    return RunThread(home, run_id, name, trainer)
