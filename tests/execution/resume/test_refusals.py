"""Runs that cannot go on: ended, under way, in the trash, elsewhere, without a checkpoint."""

from __future__ import annotations

import pytest
from execution.conftest import FOREVER, recorded, request, set_in_history, wait_for
from execution.resume.conftest import after_epoch, prepared, train_until

from cnnlab.errors import CheckpointError, ConfigError, HistoryError
from cnnlab.execution.queue import RunQueue
from cnnlab.home import Home


def test_what_did_not_end_before_its_time_is_refused(home: Home, queue: RunQueue) -> None:
    with pytest.raises(ConfigError, match="Unknown run"):
        queue.resume("nothing")
    thread = prepared(home)
    thread.run()
    with pytest.raises(HistoryError, match="nothing left to train"):
        queue.resume(thread.run_id)
    (long,) = queue.add([request(training=FOREVER)])
    wait_for(home, long, "running")
    with pytest.raises(HistoryError, match="still being trained"):
        queue.resume(long)
    (waits,) = queue.add([request()])
    with pytest.raises(HistoryError, match="queued already"):
        queue.resume(waits)
    queue.withdraw(waits)
    with pytest.raises(CheckpointError, match="no checkpoint to go on from"):
        queue.resume(waits)
    assert queue.waiting == ()


def test_a_run_in_the_trash_of_another_host_or_without_its_file_is_refused(
    home: Home, queue: RunQueue
) -> None:
    thread = prepared(home)
    train_until(thread, after_epoch(1))
    at = "2026-01-01T00:00:00.000+00:00"
    for values, words in (
        ({"trashed_at": at}, "in the trash"),
        ({"trashed_at": None, "status": "running", "host": "elsewhere"}, "by process .* elsewhere"),
        ({"heartbeat_at": None}, "running on elsewhere"),
    ):
        set_in_history(home, thread.run_id, **values)
        with pytest.raises(HistoryError, match=words):
            queue.resume(thread.run_id)
    set_in_history(home, thread.run_id, status="stopped")
    for path in home.checkpoints(thread.run_id).glob("last-*"):
        path.unlink()
    with pytest.raises(CheckpointError, match=r"step0000011\.pt is gone.*step0000010\.pt is gone"):
        queue.resume(thread.run_id)
    assert recorded(home, thread.run_id).status == "stopped"
