"""The history of a run that goes on: what its checkpoint knows of, and nothing else."""

from __future__ import annotations

from contextlib import closing

from execution.conftest import FOREVER, recorded, request, set_in_history, wait_for
from execution.resume.conftest import after_epoch, fail_at, figures, log_of, prepared, train_until

from cnnlab.events import CheckpointSaved, Command, EvaluationFinished, Event, Logged, RunStarted
from cnnlab.execution.queue import RunQueue
from cnnlab.history.commands import Mailbox
from cnnlab.history.connection import connect_for_writing
from cnnlab.history.queries import Reader
from cnnlab.home import Home


def test_only_what_the_checkpoint_knows_of_is_still_true(home: Home, queue: RunQueue) -> None:
    """Epochs that were added before it are trained; a rate that was changed after it is not."""
    thread = prepared(home)

    def react(event: Event) -> bool:
        if isinstance(event, RunStarted):
            thread.trainer.inbox.put(Command("add_epochs", 1))
        if isinstance(event, CheckpointSaved) and event.kind == "last":
            thread.trainer.inbox.put(Command("add_epochs", 5))
            thread.trainer.inbox.put(Command("scale_lr", 0.5))
        return isinstance(event, Logged) and event.message.startswith("Learning rate")

    fail_at(home, thread, react)
    assert recorded(home, thread.run_id).epochs_planned == 8
    queue.resume(thread.run_id)
    run = wait_for(home, thread.run_id, "finished", "failed")
    assert (run.status, run.epochs_planned, run.epochs_done) == ("finished", 3, 3)
    with Reader(home) as reader:
        made = [(one.kind, one.value) for one in reader.interventions([run.id])[run.id]]
        assert made == [("add_epochs", 1)]
        assert {one.lr for one in reader.steps(run.id)} == {0.005}
    assert "Learning rate times 0.5 after step 11." in log_of(home, run.id)


def test_the_time_between_the_parts_is_not_training(home: Home, queue: RunQueue) -> None:
    thread = prepared(home)
    train_until(thread, after_epoch(1))
    long_ago = {"started_at": "2001-01-01T00:00:00.000+00:00"}
    set_in_history(home, thread.run_id, **long_ago)
    queue.resume(thread.run_id)
    run = wait_for(home, thread.run_id, "finished", "failed")
    with Reader(home) as reader:
        in_epochs = sum(epoch.seconds for epoch in reader.epochs([run.id])[run.id])
    assert run.started_at == long_ago["started_at"]
    assert run.duration_s is not None
    assert in_epochs < run.duration_s < 3600


def test_commands_that_nobody_took_are_not_obeyed_later(home: Home, queue: RunQueue) -> None:
    thread = prepared(home)
    train_until(thread, after_epoch(1))
    with closing(connect_for_writing(home)) as db:
        row = {"run_id": thread.run_id, "kind": "pause", "value": 0.0, "sent_at": "2026-01-01"}
        db.table("commands").insert(row)
    queue.resume(thread.run_id)
    with closing(Mailbox(home, thread.run_id)) as mailbox:
        assert mailbox.take() == []
    assert wait_for(home, thread.run_id, "finished", "failed").status == "finished"


def test_a_run_that_waits_to_go_on_loses_nothing_until_its_turn(
    home: Home, queue: RunQueue
) -> None:
    thread = prepared(home)
    fail_at(home, thread, lambda e: isinstance(e, EvaluationFinished) and e.step == 20)
    before = figures(home, thread.run_id)
    (long,) = queue.add([request(training=FOREVER)])
    wait_for(home, long, "running")
    earlier = recorded(home, thread.run_id)
    queue.resume(thread.run_id)
    assert queue.waiting == (thread.run_id,)
    assert recorded(home, thread.run_id).status == "queued"
    queue.withdraw(thread.run_id)
    run = recorded(home, thread.run_id)
    assert (run.status, run.message) == ("stopped", "taken out of the queue")
    assert (run.duration_s, run.best_value) == (earlier.duration_s, earlier.best_value)
    assert figures(home, thread.run_id) == before
