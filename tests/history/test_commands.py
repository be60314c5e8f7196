"""Commands on their way through the history, and what the recorder keeps of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from cnnlab.errors import HistoryError
from cnnlab.events import Command, Intervened, RunFinished
from cnnlab.export.run_json import runs_as_json
from cnnlab.history.commands import Mailbox, send
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder, create_run
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

RUN = "0a0a0a0a"


@pytest.fixture
def run(home: Home) -> RunRecord:
    """A run of this very process, on its way."""
    create_run(
        home, RUN, config={}, dataset="mnist", model="lenet", monitor="validation_loss", epochs=3
    )
    set_status(home, "running")
    return record(home)


def set_status(home: Home, status: str) -> None:
    with closing(sqlite3.connect(home.history)) as db, db:
        db.execute("update runs set status = ?", [status])


def record(home: Home) -> RunRecord:
    with Reader(home) as reader:
        return reader.run(RUN)


def test_commands_arrive_once_and_in_their_order(home: Home, run: RunRecord) -> None:
    with closing(Mailbox(home, RUN)) as mailbox, closing(Mailbox(home, "ffffffff")) as other:
        assert mailbox.take() == []
        sent = [Command("pause"), Command("scale_lr", 0.5), Command("continue")]
        for command in sent:
            send(home, run, command)
        assert other.take() == []
        assert mailbox.take() == sent
        assert mailbox.take() == []


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("status", ["finished", "stopped", "failed", "interrupted", "queued"])
def test_a_run_that_is_not_under_way_takes_none(home: Home, status: str) -> None:
    set_status(home, status)
    with pytest.raises(HistoryError, match=f"is {status}, not under way"):
        send(home, record(home), Command("stop"))


@pytest.mark.usefixtures("run")
def test_a_run_whose_process_is_gone_takes_none(home: Home) -> None:
    with closing(sqlite3.connect(home.history)) as db, db:
        db.execute("update runs set pid = 4194305")  # beyond the largest process number
    with pytest.raises(HistoryError, match="its process 4194305 is gone"):
        send(home, record(home), Command("stop"))
    with closing(sqlite3.connect(home.history)) as db, db:
        db.execute("update runs set host = 'elsewhere'")
    send(home, record(home), Command("stop"))  # what lives there cannot be known here


@pytest.mark.usefixtures("run")
def test_interventions_are_kept_and_change_the_status(home: Home) -> None:
    statuses = []
    made = [Command("pause"), Command("add_epochs", 2), Command("continue")]
    with Recorder(home, RUN) as recorder:
        for command in made:
            recorder.record(Intervened(command, 2, 70))
            statuses.append((record(home).status, record(home).epochs_planned))
        recorder.record(RunFinished("all epochs trained"))
    assert statuses == [("paused", 3), ("paused", 5), ("running", 5)]
    with Reader(home) as reader:
        kept = reader.interventions([RUN])[RUN]
    assert [(one.kind, one.value, one.epoch, one.step) for one in kept] == [
        ("pause", 0.0, 2, 70), ("add_epochs", 2.0, 2, 70), ("continue", 0.0, 2, 70),
    ]  # fmt: skip


@pytest.mark.usefixtures("run")
def test_interventions_are_exported(home: Home) -> None:
    with Recorder(home, RUN) as recorder:
        recorder.record(Intervened(Command("scale_lr", 0.5), 2, 70))
    with Reader(home) as reader:
        (exported,) = runs_as_json(reader, [reader.run(RUN)])
    (one,) = exported["interventions"]
    assert {key: one[key] for key in ("kind", "value", "epoch", "step")} == {
        "kind": "scale_lr", "value": 0.5, "epoch": 2, "step": 70,
    }  # fmt: skip
