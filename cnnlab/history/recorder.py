"""Writing: a run's row, and the events of its training, in few and whole transactions."""

from __future__ import annotations

import json
import secrets
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any, NotRequired, Self, TypedDict, Unpack

from cnnlab.errors import CnnlabError, DiskFullError, HistoryError
from cnnlab.events import (
    CheckpointSaved,
    EpochFinished,
    EvaluationFinished,
    Event,
    Intervened,
    Logged,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    RunStopped,
    StepsFinished,
)
from cnnlab.history.checkpoint_rows import checkpoint_row, drop_previous, keep_as_previous
from cnnlab.history.connection import connect_for_writing, transaction
from cnnlab.history.evaluation_rows import Row, class_rows, confusion_rows, evaluation_row, number
from cnnlab.history.naming import given_tags
from cnnlab.history.ownership import this_process
from cnnlab.home import Home

if TYPE_CHECKING:
    from sqlite_utils import Database

FLUSH_SECONDS = 0.3
"""Least time between two transactions that write steps and log lines alone."""

_STATUS_AFTER = {"pause": "paused", "continue": "running"}


def now() -> str:
    """The time as the history writes it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def new_run_id() -> str:
    """A short id for a run: eight hexadecimal digits."""
    return secrets.token_hex(4)


class NewRun(TypedDict):
    """What is known of a run before it starts.

    `config` is complete, as plain values; `name` is made from `stem`, else from the preset, and the
    smallest free number if it is empty or absent.
    """

    config: Mapping[str, Any]
    dataset: str
    model: str
    monitor: str
    epochs: int
    preset: NotRequired[str | None]
    name: NotRequired[str]
    stem: NotRequired[str]
    tags: NotRequired[Sequence[str]]
    note: NotRequired[str]
    versions: NotRequired[Mapping[str, str]]
    git: NotRequired[Mapping[str, Any] | None]
    group: NotRequired[str | None]


def create_run(home: Home, run_id: str, **known: Unpack[NewRun]) -> str:
    """Writes the row of a run that is about to start; returns the run's name.

    Raises:
        ConfigError: no run may have one of the tags.
        HistoryError, StorageError: the history cannot be written.
    """
    return create_runs(home, {run_id: known})[0]


def create_runs(home: Home, runs: Mapping[str, NewRun]) -> list[str]:
    """Writes the rows of several runs, by their ids, all or none; returns the runs' names.

    Raises:
        ConfigError: no run may have one of the tags.
        HistoryError, StorageError: the history cannot be written.
    """
    with closing(connect_for_writing(home)) as db, transaction(db, home.history):
        # Names are read and taken in one transaction, so two processes get two numbers.
        taken = {row[0] for row in db.execute("select name from runs")}
        names = []
        for run_id, known in runs.items():
            preset = (known.get("preset") or known["model"]).rpartition("/")[2]
            name = known.get("name") or _free_name(known.get("stem") or preset, taken)
            _insert_run(db, run_id, name, known)
            taken.add(name)
            names.append(name)
    return names


def _insert_run(db: Database, run_id: str, name: str, known: NewRun) -> None:
    git, tags, note = known.get("git"), given_tags(known.get("tags", ())), known.get("note")
    row = {
        "id": run_id,
        "name": name,
        "status": "queued",
        "preset": known.get("preset"),
        "dataset": known["dataset"],
        "model": known["model"],
        "config": json.dumps(known["config"]),
        "monitor": known["monitor"],
        "epochs_planned": known["epochs"],
        **this_process(),
        "versions": json.dumps(known.get("versions", {})),
        "git": json.dumps(git) if git else None,
        "group_id": known.get("group"),
        "created_at": now(),
    }
    db.table("runs").insert(row)
    db.table("tags").insert_all([{"run_id": run_id, "tag": tag} for tag in tags])
    if note:
        db.table("notes").insert({"run_id": run_id, "text": note, "written_at": now()})


def _free_name(stem: str, taken: set[str]) -> str:
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


@dataclass(frozen=True)
class Resumption:
    """The going on of a run that had ended before: seconds trained until then, and since when."""

    trained_s: float
    at: str


class Recorder:
    """Writes the events of one run; belongs to the thread that made it.

    Steps and log lines are written at most every `FLUSH_SECONDS`, and may wait for the next
    event; everything else is on disk when `record` comes back, so the trainer may then remove the
    checkpoint that a new one replaces.

    Args:
        resumption: of a run that goes on from a checkpoint; its duration leaves out the time
            between its parts.

    Raises:
        HistoryError, StorageError: the history cannot be written.
    """

    def __init__(self, home: Home, run_id: str, resumption: Resumption | None = None) -> None:
        self._path = home.history
        self._run_id = run_id
        self._resumption = resumption
        self._owner = this_process()
        self._ended = False
        self._db = connect_for_writing(home)
        self._waiting: dict[str, list[Row]] = defaultdict(list)
        self._last_flush = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            # What went wrong first is told; that the rest cannot be written either is not news.
            with suppress(CnnlabError) if error is not None else nullcontext():
                self.flush()
        finally:
            self._db.close()

    def record(self, event: Event) -> None:
        """Takes an event into the history.

        Raises:
            HistoryError, StorageError: it cannot be written; the event may be recorded again.
                Steps and log lines wait on where the disk is full.
        """
        if isinstance(event, StepsFinished | Logged):
            self._take(event)
            if time.monotonic() - self._last_flush >= FLUSH_SECONDS:
                with suppress(DiskFullError):
                    self.flush()
            return
        before = {table: list(rows) for table, rows in self._waiting.items()}
        try:
            with transaction(self._db, self._path):
                self._require_run()
                self._take(event)
                self._write_waiting()
        except BaseException:
            # The rows of this event may belong to one that was rolled back.
            self._waiting = defaultdict(list, before)
            raise
        self._forget_waiting()

    def flush(self) -> None:
        """Writes what waits."""
        if self._waiting:
            with transaction(self._db, self._path):
                self._require_run()
                self._write_waiting()
        self._forget_waiting()

    def _require_run(self) -> None:
        """Checks that the run is there, and still this process's."""
        query = "select host, pid, status from runs where id = ?"
        found = self._db.execute(query, (self._run_id,)).fetchone()
        if found is None:
            raise HistoryError(
                f"The run {self._run_id} is no longer in the history.",
                "It was deleted while it ran; its figures are not kept.",
            )
        host, pid, status = found
        if (host, pid) != (self._owner["host"], self._owner["pid"]):
            raise HistoryError(
                f"The run {self._run_id} was taken over by process {pid} on {host}.",
                "This process was not heard of for a while; it writes nothing more.",
            )
        if status == "interrupted" and not self._ended:
            # Another host had not heard of this process and took it for dead.
            self._update_run({"status": "running", "message": None, "ended_at": None})

    def _write_waiting(self) -> None:
        for table, rows in self._waiting.items():
            self._db.table(table).insert_all(rows, replace=True)

    def _forget_waiting(self) -> None:
        """Rows are forgotten only once their transaction is through."""
        self._waiting.clear()
        self._last_flush = time.monotonic()

    def _update_run(self, values: Row) -> None:
        self._db.table("runs").update(self._run_id, values)

    # One method a kind of event

    @singledispatchmethod
    def _take(self, event: Event) -> None:
        raise TypeError(f"{event!r} is not an event")

    @_take.register
    def _(self, event: RunStarted) -> None:
        run, begun = self._db.table("runs").get(self._run_id), now()
        self._update_run(
            {
                "status": "running",
                "heartbeat_at": begun,
                # That of its first part, where the run goes on from a checkpoint.
                "started_at": run["started_at"] or begun,
                "device": event.device,
                "device_name": event.device_name,
                "precision": event.precision,
                "memory_format": event.memory_format,
                "residence": event.residence,
                "parameters": event.parameters,
                "flops": event.flops,
                "steps_per_epoch": event.steps_per_epoch,
                "train_images": event.train_images,
                "validation_images": event.validation_images,
                "test_images": event.test_images,
            }
        )

    @_take.register
    def _(self, event: StepsFinished) -> None:
        figures = zip(event.losses, event.accuracies, event.lrs, strict=True)
        self._waiting["steps"] += [
            {
                "run_id": self._run_id,
                "step": step,
                "epoch": event.epoch,
                "loss": number(loss),
                "accuracy": accuracy,
                "lr": lr,
            }
            for step, (loss, accuracy, lr) in enumerate(figures, start=event.first_step)
        ]

    @_take.register
    def _(self, event: EpochFinished) -> None:
        row = {
            "run_id": self._run_id,
            "epoch": event.epoch,
            "step": event.step,
            "train_loss": number(event.train_loss),
            "train_accuracy": event.train_accuracy,
            "validation_loss": number(event.validation_loss),
            "validation_accuracy": event.validation_accuracy,
            "lr": event.lr,
            "seconds": event.seconds,
            "images_per_second": event.images_per_second,
        }
        self._waiting["epochs"].append(row)

    @_take.register
    def _(self, event: EvaluationFinished) -> None:
        # An evaluation that is made again, after going on from a checkpoint, takes the place.
        self._db.execute(
            "delete from evaluations where run_id = ? and split = ? and checkpoint is ?"
            " and dataset is null and (checkpoint is not null or step = ?)",
            (self._run_id, event.split, event.checkpoint, event.step),
        )
        row = evaluation_row(self._run_id, event, now())
        key = self._db.table("evaluations").insert(row).last_pk
        self._waiting["class_metrics"] += class_rows(key, event.evaluation)
        if event.checkpoint is not None:
            self._waiting["confusion"] += confusion_rows(key, event.evaluation)

    @_take.register
    def _(self, event: CheckpointSaved) -> None:
        row = checkpoint_row(self._run_id, event, now())
        if event.kind == "last":
            keep_as_previous(self._db, self._run_id)
        self._waiting["checkpoints"].append(row)
        if event.kind == "best":
            best = {"best_epoch": event.epoch, "best_step": event.step, "best_value": row["value"]}
            self._update_run(best)

    @_take.register
    def _(self, event: Intervened) -> None:
        command = event.command
        self._waiting["interventions"].append(
            {
                "run_id": self._run_id,
                "kind": command.kind,
                "value": command.value,
                "epoch": event.epoch,
                "step": event.step,
                "made_at": now(),
            }
        )
        if command.kind in _STATUS_AFTER:
            self._update_run({"status": _STATUS_AFTER[command.kind]})
        elif command.kind == "add_epochs":
            self._db.execute(
                "update runs set epochs_planned = epochs_planned + ? where id = ?",
                (int(command.value), self._run_id),
            )

    @_take.register
    def _(self, event: Logged) -> None:
        self._log(event.level, event.message)

    @_take.register
    def _(self, event: RunFinished) -> None:
        drop_previous(self._db, self._run_id)
        self._end("finished", event.reason)

    @_take.register
    def _(self, event: RunStopped) -> None:
        self._end("stopped", event.reason)

    @_take.register
    def _(self, event: RunInterrupted) -> None:
        self._end("interrupted", event.reason)

    @_take.register
    def _(self, event: RunFailed) -> None:
        self._end("failed", event.message)
        if event.details:
            self._log("error", event.details)

    def _log(self, level: str, message: str) -> None:
        row = {"run_id": self._run_id, "level": level, "message": message, "logged_at": now()}
        self._waiting["log"].append(row)

    def _end(self, status: str, message: str) -> None:
        ended = now()
        duration = self._seconds_trained(ended)
        values = {"status": status, "message": message, "ended_at": ended, "duration_s": duration}
        self._update_run(values)
        self._ended = True

    def _seconds_trained(self, ended: str) -> float:
        """Wall time from the start to the end, without the time between parts and in a queue."""
        if self._resumption is not None:
            return self._resumption.trained_s + _seconds(self._resumption.at, ended)
        run = self._db.table("runs").get(self._run_id)
        # It ended before, and was about to go on when it ended again.
        if run["duration_s"] is not None:
            return float(run["duration_s"])
        return _seconds(str(run["started_at"] or ended), ended)


def _seconds(begin: str, end: str) -> float:
    """Seconds between two times as the history writes them."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
