"""Rows of checkpoints: one a kind, the `last` one before the newest kept as `previous`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnlab.events import CheckpointSaved
from cnnlab.history.evaluation_rows import Row, number

if TYPE_CHECKING:
    from sqlite_utils import Database


def checkpoint_row(run_id: str, event: CheckpointSaved, saved_at: str) -> Row:
    """The row of a checkpoint, which takes the place of the one of its kind."""
    return {
        "run_id": run_id,
        "kind": event.kind,
        "epoch": event.epoch,
        "step": event.step,
        "path": str(event.path),
        "bytes": event.bytes,
        "sha256": event.sha256,
        "value": None if event.value is None else number(event.value),
        "saved_at": saved_at,
    }


def keep_as_previous(db: Database, run_id: str) -> None:
    """Makes the `last` checkpoint the previous one, before a newer one is written."""
    drop_previous(db, run_id)
    db.execute(
        "update checkpoints set kind = 'previous' where run_id = ? and kind = 'last'", (run_id,)
    )


def drop_previous(db: Database, run_id: str) -> None:
    """Forgets the `last` checkpoint before the newest one."""
    db.execute("delete from checkpoints where run_id = ? and kind = 'previous'", (run_id,))
