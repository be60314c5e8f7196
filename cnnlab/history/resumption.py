"""The rows of a run that goes on: taken over by this process, and back at its last checkpoint.

To go on takes two transactions. The first claims the run for this process and loses nothing, so
that the run may still be left as it was. The second, when training is about to begin, takes away
what was recorded after the checkpoint, since it will be recorded again. The log keeps everything.
"""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlab.errors import CheckpointError, HistoryError
from cnnlab.history.connection import connect_for_writing, transaction
from cnnlab.history.naming import trashed_run
from cnnlab.history.origins import require_config
from cnnlab.history.ownership import (
    LIVE,
    is_alive,
    is_gone,
    is_held,
    is_waiting,
    lock_holder,
    owner_words,
    this_process,
)
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Resumption, now
from cnnlab.history.records import CheckpointRecord, RunRecord
from cnnlab.home import Home

if TYPE_CHECKING:
    from sqlite_utils import Database

TRAIN_AGAIN = "`cnnlab run --from RUN` trains it again from the start."


def require_claimable(home: Home, run: RunRecord) -> None:
    """Checks that this process may train a run that has its row already: resumed, or adopted.

    Raises:
        HistoryError: it is finished or in the trash, or another process has it or may have it.
        CheckpointError: it was trained, and has no last checkpoint any more.
    """
    if run.status == "queued":
        require_adoptable(run)
    else:
        require_resumable(home, run)


def require_resumable(home: Home, run: RunRecord) -> None:
    """Checks that a run ended before its time and has a checkpoint to go on from.

    A run whose process is gone without a word has ended, whatever its status says.

    Raises:
        HistoryError: it is finished, queued, in the trash, or may still be trained.
        CheckpointError: it has no last checkpoint, or the file is gone and so is the one before.
    """
    named = f"The run {run.name} ({run.id})"
    _require_outside_trash(run)
    require_config(run)
    if run.status == "finished":
        raise HistoryError(f"{named} is finished: there is nothing left to train.", TRAIN_AGAIN)
    if run.status == "queued":
        raise HistoryError(f"{named} is queued already.")
    if is_alive(run):
        raise HistoryError(f"{named} is still being trained by {owner_words(run)}.")
    if is_held(home, run.id):
        raise HistoryError(f"{named} is still being trained by {lock_holder(home, run.id)}.")
    if run.status in LIVE and not is_gone(run):
        raise HistoryError(
            f"{named} is {run.status} on {run.host}, as far as the history knows.",
            "Resume it there.",
        )
    held = resumable_checkpoints(home, run.id)
    if not held:
        raise CheckpointError(f"{named} has no checkpoint to go on from.", TRAIN_AGAIN)
    paths = [checkpoint_file(home, run.id, one) for one in held]
    if not any(path.is_file() for path in paths):
        gone = " ".join(f"The checkpoint {path} is gone." for path in paths)
        raise CheckpointError(gone, TRAIN_AGAIN)


def require_adoptable(run: RunRecord) -> None:
    """Checks that a run is queued, and that the process which queued it is gone.

    Raises:
        HistoryError: it is not.
    """
    named = f"The run {run.name} ({run.id})"
    _require_outside_trash(run)
    if run.status != "queued":
        raise HistoryError(f"{named} is {run.status}, not queued.")
    if run.host != socket.gethostname():
        raise HistoryError(f"{named} was queued on {run.host}.", "Train it there.")
    if is_waiting(run):
        raise HistoryError(f"{named} waits in the queue of {owner_words(run)}.")


def _require_outside_trash(run: RunRecord) -> None:
    if run.trashed_at is not None:
        raise trashed_run(run.name, run.id)


def resumable_checkpoints(home: Home, run_id: str) -> list[CheckpointRecord]:
    """What a run can go on from: its `last` checkpoint, then the one before it."""
    with Reader(home) as reader:
        held = {one.kind: one for one in reader.checkpoints([run_id])[run_id]}
    return [held[kind] for kind in ("last", "previous") if kind in held]


def last_checkpoint(home: Home, run_id: str) -> CheckpointRecord | None:
    """The newest of what a run can go on from."""
    return next(iter(resumable_checkpoints(home, run_id)), None)


def checkpoint_file(home: Home, run_id: str, checkpoint: CheckpointRecord) -> Path:
    """Where a checkpoint lies now, also if the home was moved after it was recorded."""
    return home.checkpoints(run_id) / Path(checkpoint.path).name


def claim(home: Home, run: RunRecord) -> None:
    """Makes a run a queued one of this process; nothing that was recorded of it is lost.

    Commands that nobody took are too old to be obeyed.

    Args:
        run: as it was when it was found that it may be claimed.

    Raises:
        HistoryError: another process has it now, or the history cannot be written.
    """
    me = this_process()
    with closing(connect_for_writing(home)) as db, transaction(db, home.history):
        # Of a run that was killed, its whole epochs tell how long it was trained; one that was
        # never begun has no duration yet.
        changed = db.execute(
            "update runs set status = 'queued', host = ?, boot = ?, pid = ?, heartbeat_at = null,"
            " message = null, duration_s = iif(started_at is null, null, coalesce(duration_s,"
            " (select total(seconds) from epochs where run_id = runs.id)))"
            " where id = ? and status = ? and host = ? and pid = ? and trashed_at is null",
            (*me.values(), run.id, run.status, run.host, run.pid),
        ).rowcount
        if not changed:
            raise _taken(home, run)
        db.execute(
            "update commands set taken_at = ? where run_id = ? and taken_at is null",
            (now(), run.id),
        )


def _taken(home: Home, run: RunRecord) -> HistoryError:
    """Why a run could not be claimed, as its row says now."""
    named = f"The run {run.name} ({run.id})"
    with Reader(home) as reader:
        now_is = next(iter(reader.runs_among([run.id])), None)
    if now_is is None or now_is.trashed_at is not None:
        return HistoryError(f"{named} was deleted meanwhile.")
    if (now_is.host, now_is.pid) != (run.host, run.pid):
        return HistoryError(
            f"{named} was taken over by {owner_words(now_is)} meanwhile.",
            f"`cnnlab runs show {run.id}` shows how far it is.",
        )
    return HistoryError(f"{named} is {now_is.status} meanwhile.", "Look at it again.")


@dataclass(frozen=True)
class ResumePoint:
    """Where a run goes on: what a checkpoint of it holds that the history must agree with.

    Attributes:
        last: that checkpoint, from now on the `last` one.
        best: the best checkpoint as of then; None before the first validation, or if it is lost.
        previous: the `last` one before that, if it is whole.
        files: names of all files that are still needed.
        epochs_done: whole epochs that were trained by then.
        epochs_planned: those of the config and those added by hand.
        seconds: time that the epoch under way had taken.
        warnings: what was found damaged, in words.
    """

    last: CheckpointRecord
    best: CheckpointRecord | None
    previous: CheckpointRecord | None
    files: frozenset[str]
    epochs_done: int
    epochs_planned: int
    seconds: float
    warnings: tuple[str, ...] = ()


def rewind(home: Home, run_id: str, point: ResumePoint) -> Resumption:
    """Takes a run's rows back to a checkpoint, then removes the checkpoints that came after it.

    The time trained is that of the epochs kept and of the one under way: steps and validations
    that are going to be made again do not count, nor do pauses or the time since.

    Raises:
        HistoryError, StorageError: the history cannot be written; nothing has changed.
    """
    begun = now()
    with closing(connect_for_writing(home)) as db, transaction(db, home.history):
        _set_state(db, run_id, point)
        _forget_what_follows(db, run_id, point)
        (whole_epochs,) = db.execute(
            "select coalesce(sum(seconds), 0) from epochs where run_id = ?", (run_id,)
        ).fetchone()
        line = f"Resumed from step {point.last.step}."
        row = {"run_id": run_id, "level": "info", "message": line, "logged_at": begun}
        db.table("log").insert(row)
    _remove_other_files(home, run_id, point)
    return Resumption(whole_epochs + point.seconds, begun)


def _set_state(db: Database, run_id: str, point: ResumePoint) -> None:
    best = point.best
    changed = db.execute(
        "update runs set epochs_planned = ?, ended_at = null, duration_s = null,"
        " best_epoch = ?, best_step = ?, best_value = ? where id = ?",
        (
            point.epochs_planned,
            *((best.epoch, best.step, best.value) if best else (None, None, None)),
            run_id,
        ),
    ).rowcount
    if not changed:
        raise HistoryError(f"The run {run_id} is no longer in the history.")
    db.execute("delete from checkpoints where run_id = ?", (run_id,))
    held = [one for one in (point.last, best, point.previous) if one is not None]
    db.table("checkpoints").insert_all([{"run_id": run_id, **vars(one)} for one in held])


def _forget_what_follows(db: Database, run_id: str, point: ResumePoint) -> None:
    last = point.last
    db.execute("delete from steps where run_id = ? and step > ?", (run_id, last.step))
    # A checkpoint after the last step of an epoch may be older than the epoch's end.
    db.execute("delete from epochs where run_id = ? and epoch > ?", (run_id, point.epochs_done))
    # Evaluations made after the run are of checkpoints that there were: they stay true.
    db.execute(
        "delete from evaluations where run_id = ? and dataset is null"
        " and (checkpoint is not null or step > ?)",
        (run_id, last.step),
    )
    # What changed the course after the same step, but after the checkpoint, is not in it either.
    db.execute(
        "delete from interventions where run_id = ? and (step > ? or (step = ?"
        " and kind in ('scale_lr', 'add_epochs') and made_at > ?))",
        (run_id, last.step, last.step, last.saved_at),
    )


def _remove_other_files(home: Home, run_id: str, point: ResumePoint) -> None:
    """Removes what is no longer needed; a file that cannot be removed only takes room."""
    for path in home.checkpoints(run_id).glob("*"):
        if path.name not in point.files:
            with suppress(OSError):
                path.unlink()
