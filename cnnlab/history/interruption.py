"""Runs whose process ended without a word: found, and written down as interrupted.

Nobody is left to record such an ending, so whoever looks at the history next does it. Two that
look at once do no harm: a row is changed only while it is as it was found.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from cnnlab.errors import CnnlabError
from cnnlab.history.connection import connect_for_writing, transaction
from cnnlab.history.ownership import (
    LIVE,
    is_gone,
    is_held,
    owner_words,
    this_process,
    was_restarted,
)
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.history.recorder import now
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

if TYPE_CHECKING:
    from sqlite_utils import Database

# Steps have no times; between two of the others a heartbeat comes. Evaluations on a data set of
# their own were made by somebody else, at any time.
_LAST_SIGN = """
    select max(at) from (
        select heartbeat_at as at from runs where id = :id
        union all select coalesce(started_at, created_at) from runs where id = :id
        union all select logged_at from log where run_id = :id
        union all select evaluated_at from evaluations where run_id = :id and dataset is null
        union all select saved_at from checkpoints where run_id = :id)
"""

_MARK = f"""
    update runs set status = 'interrupted', message = :message, ended_at = ({_LAST_SIGN}),
        duration_s = coalesce(
            duration_s, (select sum(seconds) from epochs where run_id = runs.id))
    where id = :id and status = :status and host = :host and pid = :pid
        and heartbeat_at is :heartbeat_at and trashed_at is null
"""


def mark_interrupted(home: Home) -> list[RunRecord]:
    """Ends the running and paused runs whose processes are gone; returns them as they are now.

    Their end is their last sign of life, their duration that of their epochs. Where nothing is to
    be marked, nothing is written; where the history cannot be written, as in a home that one may
    only read, the runs stay as they are.

    Raises:
        HistoryError, StorageError: the history cannot be read.
    """
    with Reader(home) as reader:
        live = [run for status in LIVE for run in reader.runs(RunFilter(status=status))]
    lost = [run for run in live if is_gone(run) and not is_held(home, run.id)]
    if not lost:
        return []
    try:
        with closing(connect_for_writing(home)) as db, transaction(db, home.history):
            marked = [run.id for run in lost if _mark(db, run)]
    except CnnlabError:
        return []
    with Reader(home) as reader:
        return reader.runs_among(marked)


def _mark(db: Database, run: RunRecord) -> bool:
    """Marks a run unless it has changed; returns whether it did."""
    message = _cause(run)
    found = {key: getattr(run, key) for key in ("id", "status", "host", "pid", "heartbeat_at")}
    if not db.execute(_MARK, {**found, "message": message}).rowcount:
        return False
    line = f"Interrupted: {message}."
    row = {"run_id": run.id, "level": "warning", "message": line, "logged_at": now()}
    db.table("log").insert(row)
    return True


def _cause(run: RunRecord) -> str:
    if was_restarted(run):
        return f"{owner_words(run)} ended when the machine was started anew"
    if run.host != this_process()["host"]:
        return f"no sign of life from {owner_words(run)} any more"
    return f"{owner_words(run)} ended without a word (killed, out of memory, or power loss)"
