"""Commands for runs under way, through the history: the way from screens to the training.

A command is a row that waits until the process that trains the run takes it. What became of it on
the way of the training is an intervention, which the recorder writes (`cnnlab.events.Intervened`).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from cnnlab.errors import HistoryError
from cnnlab.events import Command, CommandKind
from cnnlab.history.connection import (
    connect_for_reading,
    connect_for_writing,
    transaction,
    translated,
)
from cnnlab.history.ownership import LIVE, is_gone, owner_words
from cnnlab.history.recorder import now
from cnnlab.history.records import RunRecord
from cnnlab.home import Home


def send(home: Home, run: RunRecord, command: Command) -> int:
    """Leaves a command for a run that is under way; returns the command's number.

    Raises:
        HistoryError: nothing trains the run any more, or the history cannot be written.
    """
    if run.status not in LIVE:
        raise HistoryError(
            f"The run {run.name} ({run.id}) is {run.status}, not under way.",
            "See `cnnlab runs list --status running`.",
        )
    if is_gone(run):
        raise HistoryError(
            f"The run {run.name} ({run.id}) is not under way: its {owner_words(run)} is gone.",
            f"`cnnlab runs resume {run.id}` goes on with it.",
        )
    with closing(connect_for_writing(home)) as db, transaction(db, home.history):
        row = {
            "run_id": run.id,
            "kind": command.kind,
            "value": command.value,
            "sent_at": now(),
        }
        number = db.table("commands").insert(row).last_pk
    return int(str(number))


class Mailbox:
    """The commands that wait for one run; belongs to the thread that made it.

    Raises:
        HistoryError, StorageError: the history cannot be read or written.
    """

    def __init__(self, home: Home, run_id: str) -> None:
        self._home = home
        self._run_id = run_id
        self._connection = connect_for_reading(home)

    def close(self) -> None:
        """Gives the connection back."""
        if self._connection is not None:
            self._connection.close()

    def take(self) -> list[Command]:
        """The commands that came since the last time, in their order; each is taken once."""
        if not self._waiting(self._connection):
            return []
        with closing(connect_for_writing(self._home)) as db, transaction(db, self._home.history):
            rows = self._waiting(db.conn)
            db.execute(
                "update commands set taken_at = ? where run_id = ? and taken_at is null",
                (now(), self._run_id),
            )
        return [Command(kind, value) for kind, value in rows]

    def _waiting(self, connection: sqlite3.Connection | None) -> list[tuple[CommandKind, float]]:
        if connection is None:
            return []
        with translated(self._home.history):
            found = connection.execute(
                "select kind, value from commands where run_id = ? and taken_at is null"
                " order by id",
                (self._run_id,),
            )
            return [(row[0], row[1]) for row in found]
