"""A run made ready to train, from what was asked for or from where it ended."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlab.data import library
from cnnlab.execution.recorded import build_recorded
from cnnlab.execution.requests import RunRequest
from cnnlab.execution.runner import RunThread, prepare_run, prepare_runs
from cnnlab.history.ownership import is_mine
from cnnlab.history.queries import Reader
from cnnlab.history.resumption import claim, require_claimable
from cnnlab.home import Home


def build(home: Home, request: RunRequest) -> RunThread:
    """Loads the images, builds a new run and writes its row; it is not started yet.

    Raises:
        CnnlabError: it cannot be trained as it is asked for; nothing is written.
    """
    return prepare_run(home, request, library.require(home, request.config.data.name))


def build_group(home: Home, requests: Sequence[RunRequest]) -> tuple[RunThread, list[str]]:
    """Builds the first of several runs on the same images, and writes the rows of all.

    Returns:
        The first run, and the ids of all; `build_or_resume` builds the others in their turn.

    Raises:
        CnnlabError: the first cannot be trained as it is asked for; nothing is written.
    """
    return prepare_runs(home, requests, library.require(home, requests[0].config.data.name))


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


def build_or_resume(home: Home, run_id: str) -> RunThread:
    """Builds a run that has its row: one that this process queued, or one to take over.

    Raises:
        CnnlabError: see `resume`.
    """
    with Reader(home) as reader:
        run = reader.run(run_id)
    if run.status != "queued" or not is_mine(run) or run.trashed_at is not None:
        return resume(home, run_id)
    return build_recorded(home, run, library.require(home, run.dataset))
