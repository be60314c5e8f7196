"""Changing the history by hand: deleting runs."""

from __future__ import annotations

import shutil
import socket

from cnnlab.errors import HistoryError, StorageError
from cnnlab.history.connection import connect_for_writing, transaction
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

LIVE = ("running", "paused")


def is_alive(run: RunRecord) -> bool:
    """Whether a process still trains a run, as far as this machine can tell.

    A run of another host counts as alive while its status says so.
    """
    if run.status not in LIVE:
        return False
    if run.host != socket.gethostname():
        return True
    import psutil

    return psutil.pid_exists(run.pid)


def delete_run(home: Home, run: RunRecord) -> None:
    """Removes a run from the history, then its folder with all checkpoints.

    Raises:
        HistoryError: the run is still being trained.
        StorageError: its files cannot be removed.
    """
    if is_alive(run):
        raise HistoryError(
            f"The run {run.name} ({run.id}) is still being trained on {run.host}.",
            "Stop it first with Ctrl-C where it runs.",
        )
    db = connect_for_writing(home)
    with transaction(db, home.history):
        db.table("runs").delete(run.id)
    db.close()
    folder = home.run_folder(run.id)
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise StorageError(
            f"The run is deleted, but its folder {folder} cannot be removed: {error.strerror}.",
            "Remove the folder by hand.",
        ) from error
