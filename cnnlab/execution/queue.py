"""The runs that this process trains, one after another, in one background thread.

One at a time on purpose: torch's global random state belongs to the run under way, so that it
ends with the same bits as it does alone; and two trainings would share the cores, or the memory
of the GPU, of one machine. A queue that is closed leaves what waits `queued` in the history,
where another process can adopt it. Nothing here imports torch before the thread does.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnlab.errors import CnnlabError, HistoryError, TrainingError
from cnnlab.events import Ending, RunFailed, RunStopped
from cnnlab.execution.collection import spare_what_is_loaded
from cnnlab.execution.requests import RunRequest, record_requests
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.execution.runner import RunThread


_SIGNAL_SECONDS = 0.5
"""How long a waiting main thread leaves a signal unanswered."""


@dataclass(eq=False)
class _Job:
    """A run in the queue; `training` is set once nothing but a stop keeps it from training."""

    run_id: str
    withdrawn: bool = False
    training: RunThread | None = None


class RunQueue:
    """Trains the runs that are put into it, one after another.

    Its thread starts with the first `add`, `resume`, `adopt` or `preload`, and is a daemon: a
    process that must end at once does not wait for it. Every method may be called from any
    thread. Those that write the history take a moment; call them outside a screen's event loop.
    A run that cannot be built, or that fails, ends as failed in the history, and the next begins.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._changed = threading.Condition()
        self._jobs: list[_Job] = []
        self._job: _Job | None = None
        self._activity = ""
        self._loaded = False
        self._closed = False
        self._stopping = False
        self._worker: threading.Thread | None = None

    # What it does

    @property
    def loaded(self) -> bool:
        """Whether torch is there, so that a run begins without the wait for it."""
        return self._loaded

    @property
    def current(self) -> str | None:
        """The run that is being built or trained."""
        with self._changed:
            job = self._current()
            return job.run_id if job is not None else None

    @property
    def waiting(self) -> tuple[str, ...]:
        """The runs that wait, in the order in which they will be trained."""
        with self._changed:
            current = self._current()
            return tuple(job.run_id for job in self._jobs if job is not current)

    @property
    def activity(self) -> str:
        """What is done for the current run before it trains, or what it waits for; else empty.

        While it trains it waits for room on the disk alone, where that is full.
        """
        job = self._job
        training = job.training if job is not None else None
        return self._activity or (training.trouble if training is not None else "")

    def _current(self) -> _Job | None:
        """The job under way; while torch is loaded, the one that it is loaded for."""
        if self._job is None and self._activity and self._jobs:
            return self._jobs[0]
        return self._job

    # What it is asked

    def preload(self) -> None:
        """Begins to load torch and what training needs, so that the first run need not wait.

        Should that fail, the first run tells why.
        """
        with self._changed:
            self._start()

    def add(self, requests: Sequence[RunRequest], *, first: bool = False) -> list[str]:
        """Puts runs into the queue; returns their ids.

        Args:
            first: whether they come before those that wait, in their own order.

        Raises:
            ConfigError, DataError: a data set is unknown, or not on this machine.
            HistoryError, StorageError: the history cannot be written.
            TrainingError: the queue is closed.
            In each case nothing is queued, and nothing written.
        """
        from cnnlab.data import library
        from cnnlab.history.recorder import new_run_id

        self._require_open()
        for name in {request.config.data.name for request in requests}:
            library.check_name(self._home, name)
        rows = {new_run_id(): request.with_seed() for request in requests}
        record_requests(self._home, rows)
        self._queue(list(rows), first=first)
        return list(rows)

    def resume(self, run_id: str) -> None:
        """Queues a run to go on from its last checkpoint; only then are its later rows lost.

        Raises:
            ConfigError: there is no such run.
            HistoryError: it is finished, queued, in the trash, or may still be trained.
            CheckpointError: it has no checkpoint to go on from.
            DataError: its data set is not on this machine.
            TrainingError: the queue is closed.
        """
        from cnnlab.history.resumption import require_resumable

        self._claim(run_id, lambda run: require_resumable(self._home, run))

    def adopt(self, run_id: str) -> None:
        """Takes over a run that was queued by a process of this machine that is gone.

        Raises:
            ConfigError: there is no such run.
            HistoryError: it is not queued, or its process may still train it.
            DataError: its data set is not on this machine.
            TrainingError: the queue is closed.
        """
        from cnnlab.history.resumption import require_adoptable

        self._claim(run_id, require_adoptable)

    def withdraw(self, run_id: str) -> None:
        """Takes out a run that does not train yet; it is recorded as stopped.

        Raises:
            HistoryError: it does not wait here, or the history cannot be written.
        """
        with self._changed:
            held = [*self._jobs, *([self._job] if self._job is not None else [])]
            job = next((one for one in held if one.run_id == run_id), None)
            if job is None or job.training is not None or job.withdrawn:
                raise HistoryError(
                    f"The run {run_id} does not wait in the queue.", "See `cnnlab runs list`."
                )
            job.withdrawn = True
        try:
            self._end(run_id, RunStopped("taken out of the queue"))
        except CnnlabError:
            job.withdrawn = False
            raise
        with self._changed, suppress(ValueError):
            self._jobs.remove(job)

    def close(self, *, stop: bool = True, interruption: str = "") -> None:
        """Begins no further run; what waits stays queued in the history.

        Args:
            stop: whether the current run ends after the step under way, or is left queued if it
                is still being built. Else it trains to its end.
            interruption: what stops it, if it is not the user; the run is then interrupted.
        """
        with self._changed:
            self._closed = True
            self._stopping = self._stopping or stop
            training = self._job.training if self._job is not None else None
            self._changed.notify_all()
        if stop and training is not None:
            if interruption:
                training.interrupt(interruption)
            else:
                training.request_stop()

    def finish(self) -> None:
        """Trains all that waits, unless the queue is closed; returns when nothing trains."""
        with self._changed:
            # Waiting in short stretches lets the main thread answer a signal meanwhile.
            while self._job is not None or (self._jobs and not self._closed):
                self._changed.wait(_SIGNAL_SECONDS)
        self.close(stop=False)

    def join(self, timeout: float | None = None) -> bool:
        """Waits until the thread of a closed queue is over; returns whether it is.

        Args:
            timeout: seconds; None waits as long as it takes.
        """
        if self._worker is not None:
            self._worker.join(timeout)
        return self._worker is None or not self._worker.is_alive()

    def _claim(self, run_id: str, require: Callable[[RunRecord], None]) -> None:
        """Queues a run that has its row already, once it is found that it may be."""
        from cnnlab.data import library
        from cnnlab.history.resumption import claim

        self._require_open()
        with Reader(self._home) as reader:
            run = reader.run(run_id)
        require(run)
        library.check_name(self._home, run.dataset)
        claim(self._home, run)
        self._queue([run_id], first=False)

    def _require_open(self) -> None:
        if self._closed:
            raise TrainingError("The queue is closed: this process begins no further run.")

    def _queue(self, run_ids: Sequence[str], *, first: bool) -> None:
        jobs = [_Job(run_id) for run_id in run_ids]
        with self._changed:
            self._jobs[:] = [*jobs, *self._jobs] if first else [*self._jobs, *jobs]
            self._start()
            self._changed.notify_all()

    def _start(self) -> None:
        """Starts the thread, unless it runs or the queue is closed."""
        if self._worker is None and not self._closed:
            self._worker = threading.Thread(target=self._work, name="run-queue", daemon=True)
            self._worker.start()

    # The thread

    def _work(self) -> None:
        """Trains what comes until the queue is closed."""
        with suppress(Exception):
            self._load()
        while (job := self._next()) is not None:
            try:
                self._carry_out(job)
            except CnnlabError as error:
                self._fail(job, RunFailed(str(error)))
            except Exception as error:
                message = f"{type(error).__name__}: {error}"
                self._fail(job, RunFailed(message, traceback.format_exc()))
            finally:
                self._finish(job)

    def _load(self) -> None:
        if not self._loaded:
            self._activity = "Loading PyTorch…"
            try:
                import torch

                import cnnlab.execution.recorded  # noqa: F401 - brings all that training needs

                # torch imports its compiler when the first optimizer is made.
                torch.optim.SGD([torch.zeros(1, requires_grad=True)])
                spare_what_is_loaded()
                self._loaded = True
            finally:
                self._activity = ""

    def _next(self) -> _Job | None:
        """The job whose turn it is, as soon as there is one; None once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._jobs)
            self._job = None if self._closed else self._jobs.pop(0)
            return self._job

    def _carry_out(self, job: _Job) -> None:
        """Builds and trains a run, unless it no longer waits for that in the history."""
        run = self._still_queued(job.run_id)
        if run is None:
            return
        thread = self._build(run)
        if self._begins(job, thread):
            # Not started as a thread of its own: this one has nothing else to do meanwhile.
            thread.run()

    def _still_queued(self, run_id: str) -> RunRecord | None:
        with Reader(self._home) as reader:
            run = next(iter(reader.runs_among([run_id])), None)
        if run is None or run.status != "queued" or run.trashed_at is not None:
            return None
        return run

    def _build(self, run: RunRecord) -> RunThread:
        from cnnlab.data import library

        self._load()
        from cnnlab.execution.recorded import build_recorded

        try:
            self._activity = "Loading the images…"
            dataset = library.require(self._home, run.dataset)
            self._activity = "Building the model…"
            return build_recorded(self._home, run, dataset)
        finally:
            self._activity = ""

    def _begins(self, job: _Job, thread: RunThread) -> bool:
        """Whether a run that is built trains: nobody withdrew it, or closed the queue to stop."""
        if self._still_queued(job.run_id) is None:
            return False
        with self._changed:
            if job.withdrawn or self._stopping:
                return False
            job.training = thread
            return True

    def _fail(self, job: _Job, failure: RunFailed) -> None:
        """Records why a run could not be trained, where the history still takes it."""
        if not job.withdrawn:
            with suppress(CnnlabError):
                self._end(job.run_id, failure)

    def _end(self, run_id: str, ending: Ending) -> None:
        from cnnlab.history.recorder import Recorder

        with Recorder(self._home, run_id) as recorder:
            recorder.record(ending)

    def _finish(self, job: _Job) -> None:
        with self._changed:
            self._job = None
            # What it held of the device's memory is free while nothing follows.
            job.training = None
