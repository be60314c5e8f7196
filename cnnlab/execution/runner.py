"""One run in a background thread: trained, recorded, and told to whoever listens.

A run that is trained at once gets its row in the history only when everything it needs is there
and fits together; one that waits in a queue has its row already (`cnnlab.execution.recorded`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain

from cnnlab.data.store import Dataset
from cnnlab.errors import CnnlabError, DiskFullError, HistoryError
from cnnlab.events import Ending, Event, Logged, RunFailed, RunFinished, RunInterrupted, RunStopped
from cnnlab.execution.postman import Postman
from cnnlab.execution.requests import RunRequest, record_requests
from cnnlab.execution.run_log import RunLog
from cnnlab.execution.tensorboard import tensorboard_listener
from cnnlab.history.ownership import holding
from cnnlab.history.recorder import Recorder, Resumption, new_run_id
from cnnlab.history.resumption import ResumePoint, rewind
from cnnlab.home import Home, make_folder
from cnnlab.training.trainer import Trainer

Listener = Callable[[Event], None]


class RunThread(threading.Thread):
    """Trains a prepared run and records every event before it passes it on.

    Listeners are added before it starts and called on this thread. One that raises is not called
    again, and the run goes on without it. `ending` is set when the thread is over. It is a daemon
    thread: a process that must end at once does not wait for the step under way.

    Args:
        resume_at: where the trainer stands, if the run goes on from a checkpoint.
    """

    def __init__(
        self,
        home: Home,
        run_id: str,
        run_name: str,
        trainer: Trainer,
        resume_at: ResumePoint | None = None,
    ) -> None:
        super().__init__(name=f"run-{run_id}", daemon=True)
        self.home = home
        self.run_id = run_id
        self.run_name = run_name
        self.trainer = trainer
        self.ending: Ending | None = None
        self._log = RunLog(home, run_id)
        self._listeners: list[tuple[Listener, str]] = []
        self.listen(
            tensorboard_listener(home, run_id, trainer.progress.step), "its TensorBoard files"
        )
        self._resume_at = resume_at
        self._resumption: Resumption | None = None

    def listen(self, listener: Listener, what: str = "its display") -> None:
        """Adds one that every event is told to; `what` is said of it in the log if it fails."""
        self._listeners.append((listener, what))

    def run(self) -> None:
        """Trains to an ending; a history that cannot be written ends the run as failed.

        A run that another process still trains is left to it.
        """
        try:
            with holding(self.home, self.run_id):
                self._train()
        except HistoryError as error:
            self._pass_on(RunFailed(str(error)))
        except CnnlabError as error:
            self._fail(error)

    def _train(self) -> None:
        postman = Postman(self.home, self.run_id, self.trainer.inbox.put)
        postman.start()
        try:
            if self._resume_at is not None:
                self._resumption = rewind(self.home, self.run_id, self._resume_at)
            with self._recorder() as recorder:
                for event in chain(self._warnings(), self.trainer.train()):
                    self._take(recorder, event)
        except CnnlabError as error:
            self._fail(error)
        finally:
            postman.dismiss()

    def _warnings(self) -> Iterator[Event]:
        """What was found damaged where the run goes on."""
        if self._resume_at is not None:
            for line in self._resume_at.warnings:
                yield Logged("warning", line)

    def _take(self, recorder: Recorder, event: Event) -> None:
        """Records an event and passes it on; a run that has trained waits while the disk is full.

        Raises:
            DiskFullError: nothing was trained yet, or the run is to stop while it waits.
        """

        def write() -> tuple[Event]:
            recorder.record(event)
            return (event,)

        # A line of the log never waits: it may tell of what the trainer itself waits for.
        waits = self.trainer.progress.step > 0 and not isinstance(event, Logged)
        for told in self.trainer.disk.until_written(write) if waits else write():
            if told is not event:
                recorder.record(told)
            for trouble in self._pass_on(told):
                recorder.record(trouble)

    def _fail(self, error: CnnlabError) -> None:
        ending: Ending = RunFailed(str(error))
        if isinstance(error, DiskFullError) and self.trainer.stop.is_set():
            ending = self.trainer.inbox.ending(self.trainer.progress.step)
        # The history may have been locked or full for a moment only.
        with suppress(CnnlabError):
            self._record_ending(ending)
        self._pass_on(ending)

    def _record_ending(self, ending: Ending) -> None:
        """Records why a run ended early, if need be in the place of a checkpoint.

        That it ended is worth more than the checkpoint before its last one.
        """
        try:
            with self._recorder() as recorder:
                recorder.record(ending)
        except DiskFullError:
            self.trainer.files.drop_previous()
            with self._recorder() as recorder:
                recorder.record(ending)

    def _recorder(self) -> Recorder:
        return Recorder(self.home, self.run_id, self._resumption)

    def _pass_on(self, event: Event) -> list[Logged]:
        """Tells the listeners; what they raised comes back as lines for the log."""
        if isinstance(event, RunFinished | RunStopped | RunInterrupted | RunFailed):
            self.ending = event
        self._log.write(event)
        troubles = []
        for each in tuple(self._listeners):
            listener, what = each
            try:
                listener(event)
            # rich exits when nobody reads what it writes any more, as after `2>&1 | head`.
            except (Exception, SystemExit) as error:
                self._listeners.remove(each)
                line = f"The run went on without {what}, which failed: {_in_words(error)}"
                troubles.append(Logged("warning", line))
        return troubles

    @property
    def trouble(self) -> str:
        """What the run waits for, such as room on the disk; empty while it trains."""
        return self.trainer.disk.trouble

    def request_stop(self) -> None:
        """Asks the run to stop after the step under way."""
        self.trainer.stop.set()

    def interrupt(self, by: str) -> None:
        """Ends the run after the step under way, with a checkpoint, to be resumed later."""
        self.trainer.inbox.interrupt(by)

    def abandon(self) -> None:
        """Records the run as stopped from another thread, for a process that ends at once."""
        with suppress(CnnlabError), self._recorder() as recorder:
            recorder.record(RunStopped("by the user, at once"))


def _in_words(error: BaseException) -> str:
    return str(error) if isinstance(error, CnnlabError) else f"{type(error).__name__}: {error}"


def prepare_run(home: Home, request: RunRequest, dataset: Dataset) -> RunThread:
    """Builds a run and writes its row; the thread that comes back is not started yet.

    Raises:
        ConfigError: the config does not fit the images or this machine; nothing is written.
        StorageError, HistoryError: the home cannot be written.
    """
    return prepare_runs(home, [request], dataset)[0]


def prepare_runs(
    home: Home, requests: Sequence[RunRequest], dataset: Dataset
) -> tuple[RunThread, list[str]]:
    """Builds the first of several runs, then writes the rows of all, so that either all are there.

    Returns:
        The first run's thread, not started yet, and the ids of all.

    Raises:
        ConfigError: the first config does not fit the images or this machine; nothing is written.
        StorageError, HistoryError: the home cannot be written.
    """
    rows = {new_run_id(): request.with_seed() for request in requests}
    run_id, first = next(iter(rows.items()))
    trainer = Trainer(first.config, dataset, home.checkpoints(run_id))
    names = record_requests(home, rows)
    make_folder(trainer.files.folder)
    return RunThread(home, run_id, names[0], trainer), list(rows)
