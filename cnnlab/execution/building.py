"""A run made ready to train, from what was asked for or from where it ended."""

from __future__ import annotations

from cnnlab.data import library
from cnnlab.execution.recorded import build_recorded
from cnnlab.execution.requests import RunRequest
from cnnlab.execution.runner import RunThread, prepare_run
from cnnlab.history.queries import Reader
from cnnlab.history.resumption import claim, require_claimable
from cnnlab.home import Home


def build(home: Home, request: RunRequest) -> RunThread:
    """Loads the images, builds a new run and writes its row; it is not started yet.

    Raises:
        CnnlabError: it cannot be trained as it is asked for; nothing is written.
    """
    return prepare_run(home, request, library.require(home, request.config.data.name))


def resume(home: Home, run_id: str) -> RunThread:
    """Builds a run that ended early, or waits in the queue of a process that is gone.

    It is this process's once everything is built; its rows are taken back to the checkpoint when
    it is started.

    Raises:
        CnnlabError: it cannot go on, or another process has it; nothing has changed.
    """
    with Reader(home) as reader:
        run = reader.run(run_id)
    require_claimable(home, run)
    thread = build_recorded(home, run, library.require(home, run.dataset))
    claim(home, run)
    return thread
