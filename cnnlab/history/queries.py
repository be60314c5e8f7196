"""Reading the history: every list, table and curve comes from here."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from cnnlab.errors import ConfigError, unknown_name
from cnnlab.events import ClassMetrics
from cnnlab.history.connection import connect_for_reading, translated
from cnnlab.history.filters import COLUMNS, Condition, Query, containing, matching
from cnnlab.history.naming import LATEST, ambiguous_run, unknown_run
from cnnlab.history.records import (
    CheckpointRecord,
    EpochRecord,
    EvaluationRecord,
    InterventionRecord,
    LogRecord,
    NoteRecord,
    RunRecord,
    StepColumns,
    StepRecord,
)
from cnnlab.history.rows import Record, record_of, runs_of, sound
from cnnlab.home import Home

_RUNS = """
    select runs.*, runs.rowid as entry,
        (select coalesce(max(epoch), 0) from epochs where run_id = runs.id) as epochs_done,
        (select json_group_array(tag) from (
            select tag from tags where run_id = runs.id order by tag)) as tags,
        (select accuracy from evaluations where run_id = runs.id
            and split = 'test' and checkpoint = 'best') as test_accuracy,
        (select precision_macro from evaluations where run_id = runs.id
            and split = 'test' and checkpoint = 'best') as test_precision_macro,
        (select loss from evaluations where run_id = runs.id
            and split = 'test' and checkpoint = 'best') as test_loss
    from runs
"""

SORTABLE = {
    "started": "created_at",
    "id": "id",
    "name": "name",
    "status": "status",
    "preset": "preset",
    "dataset": "dataset",
    "model": "model",
    "parameters": "parameters",
    "epochs": "epochs_done",
    "time": "duration_s",
    "best": "best_value",
    "accuracy": "test_accuracy",
    "precision": "test_precision_macro",
    "loss": "test_loss",
    "lr": "json_extract(config, '$.optimizer.lr')",
    "optimizer": "json_extract(config, '$.optimizer.name')",
    "batch_size": "json_extract(config, '$.training.batch_size')",
    "seed": "json_extract(config, '$.training.seed')",
    "device": "device",
    "tags": "(select min(tag) from tags where run_id = runs.id)",
}
"""What a list of runs can be sorted by, and the column or expression behind it."""


@dataclass(frozen=True)
class RunFilter:
    """Which runs to list; an empty field asks for nothing, but no list mixes in the trash.

    Texts are those of the runs exactly, but for `search`, which is looked for in name, preset,
    tags and notes, whatever the case; `query` is a filter as a user writes it.
    """

    status: str = ""
    dataset: str = ""
    model: str = ""
    preset: str = ""
    tag: str = ""
    search: str = ""
    query: Query = field(default_factory=Query)
    trashed: bool = False

    def condition(self) -> Condition:
        """What the filter asks for, as one condition."""
        exact = {key: getattr(self, key) for key in ("status", "dataset", "model", "preset", "tag")}
        asked = [_within(trashed=self.trashed)]
        asked += [matching(key, value) for key, value in exact.items() if value]
        if self.search:
            asked.append(containing(self.search))
        return Query((*asked, *self.query.conditions)).condition()


def _within(*, trashed: bool) -> Condition:
    return Condition(f"runs.trashed_at is {'not ' if trashed else ''}null")


class Reader:
    """Reads the history; belongs to the thread that made it.

    A home without a history reads as an empty one, and nothing is created.

    Raises:
        HistoryError: the file is damaged, of another program, or of a newer cnnlab.
    """

    def __init__(self, home: Home) -> None:
        self._path = home.history
        self._connection = connect_for_reading(home)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        if self._connection is None:
            return []
        with translated(self._path):
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _moment(self) -> Iterator[None]:
        """Several questions about one moment, whatever is written meanwhile."""
        if self._connection is None:
            yield
            return
        with translated(self._path):
            self._connection.execute("begin")
        try:
            yield
        finally:
            self._connection.rollback()

    # Runs

    def runs(
        self,
        wanted: RunFilter | None = None,
        *,
        sort: str = "started",
        ascending: bool = False,
        limit: int | None = None,
    ) -> list[RunRecord]:
        """The runs that pass a filter, newest first unless sorted by something else.

        Runs without a value to sort by come last.

        Raises:
            ConfigError: there is no such thing to sort by.
        """
        with self._moment():
            return self.runs_among(self._ids(wanted, sort, ascending=ascending, limit=limit))

    def run_ids(
        self, wanted: RunFilter | None = None, *, sort: str = "started", ascending: bool = False
    ) -> list[str]:
        """The ids of the runs that `runs` gives, in its order, in a small part of its time.

        Raises:
            ConfigError: there is no such thing to sort by.
        """
        return self._ids(wanted, sort, ascending=ascending)

    def _ids(
        self, wanted: RunFilter | None, sort: str, *, ascending: bool, limit: int | None = None
    ) -> list[str]:
        if sort not in SORTABLE:
            raise unknown_name("sort key", sort, SORTABLE)
        condition = (wanted or RunFilter()).condition()
        key, order = SORTABLE[sort], "asc" if ascending else "desc"
        ties = order if sort == "started" else "desc"
        # Of runs made in the same millisecond, the one that came later is the newer one.
        query = (
            f"select id, {key} as key from ({_RUNS}) as runs where {condition.sql} order by"
            f" key is null, key {order}, created_at {ties}, entry {ties} limit ?"
        )
        rows = self._rows(query, [*condition.values, -1 if limit is None else limit])
        return [row[0] for row in rows]

    def runs_among(self, ids: Sequence[str]) -> list[RunRecord]:
        """The runs with these ids, in that order, in the trash or not; without those not there."""
        among = "runs.id in (select value from json_each(?))"
        rows = self._rows(f"{_RUNS} where {among}", [json.dumps(ids)])
        with sound(self._path):
            by_id = {run.id: run for run in runs_of(rows)}
        return [by_id[each] for each in ids if each in by_id]

    def run(self, run_id: str) -> RunRecord:
        """One run by its whole id.

        Raises:
            ConfigError: there is none.
        """
        rows = self._rows(f"{_RUNS} where runs.id = ?", [run_id])
        if not rows:
            raise self._unknown_run(run_id)
        with sound(self._path):
            return runs_of(rows)[0]

    def resolve(self, text: str, *, trashed: bool = False) -> str:
        """The id of the run that a user means: `latest`, an id, a name, or a unique prefix.

        Args:
            trashed: look among the runs in the trash alone; else one of them is meant only where
                its whole id is given.

        Raises:
            ConfigError: there is none, or there are several.
        """
        within = _within(trashed=trashed).sql
        newest = "order by created_at desc, rowid desc"
        if text == LATEST:
            found = self._rows(f"select id, name from runs where {within} {newest} limit 1")
            if not found:
                raise self._unknown_run(text, trashed=trashed)
            return str(found[0]["id"])
        for condition in (
            f"id = ? and {within if trashed else '1'}",
            f"name = ? and {within}",
            f"substr(id, 1, length(?)) = lower(?1) and ?1 != '' and {within}",
        ):
            found = self._rows(f"select id, name from runs where {condition} {newest}", [text])
            if len(found) > 1:
                raise ambiguous_run(text, found)
            if found:
                return str(found[0]["id"])
        raise self._unknown_run(text, trashed=trashed)

    def _unknown_run(self, text: str, *, trashed: bool = False) -> ConfigError:
        rows = self._rows("select id, name, trashed_at from runs order by created_at desc")
        return unknown_run(text, rows, trashed=trashed)

    # What the runs have in common

    def tags(self) -> list[str]:
        """All tags of runs outside the trash, the most used ones first."""
        rows = self._rows(
            "select tag from tags join runs on runs.id = run_id"
            f" where {_within(trashed=False).sql} group by tag order by count(*) desc, tag"
        )
        return [row[0] for row in rows]

    def presets(self, *, trashed: bool = False) -> dict[str, str | None]:
        """The preset of each run outside the trash, or in it; newest first."""
        within = _within(trashed=trashed).sql
        order = "order by created_at desc, rowid desc"
        rows = self._rows(f"select id, preset from runs where {within} {order}")
        return {row[0]: row[1] for row in rows}

    def preset_counts(self) -> dict[tuple[str, str], int]:
        """How many runs outside the trash there are of each preset in each status."""
        rows = self._rows(
            "select preset, status, count(*) from runs where preset is not null and"
            f" {_within(trashed=False).sql} group by preset, status"
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def values(self, key: str) -> list[str]:
        """What stands behind a key of filters in the runs outside the trash, for completion.

        Empty for keys of numbers, notes, and the config.
        """
        if key == "tag":
            return self.tags()
        within = _within(trashed=False).sql
        found: set[str] = set()
        for column in COLUMNS.get(key, ()):
            query = f"select distinct {column} from runs where {column} is not null and {within}"
            found.update(row[0] for row in self._rows(query))
        if key == "study":
            found = {preset.rpartition("/")[0] for preset in found} - {""}
        return sorted(found)

    # What a run is made of

    def epochs(self, run_ids: Iterable[str], *, since: int = 1) -> dict[str, list[EpochRecord]]:
        """The epochs of each of the runs, those before `since` left out."""
        return self._grouped("epochs", EpochRecord, run_ids, "epoch", f"epoch >= {since:d}")

    def checkpoints(self, run_ids: Iterable[str]) -> dict[str, list[CheckpointRecord]]:
        """The checkpoints of each of the runs, the best one first."""
        return self._grouped("checkpoints", CheckpointRecord, run_ids, "kind")

    def steps(self, run_id: str) -> list[StepRecord]:
        """The steps of a run."""
        return self._grouped("steps", StepRecord, [run_id], "step")[run_id]

    def step_columns(self, run_id: str, after: int = 0) -> StepColumns:
        """The steps of a run behind a step, quickly even where they are a hundred thousand."""
        found = StepColumns([], [], [], [], [])
        if self._connection is None:
            return found
        cursor = self._connection.cursor()
        cursor.row_factory = None
        query = "select step, epoch, loss, accuracy, lr from steps where run_id = ? and step > ?"
        with translated(self._path):
            # Row by row: to hold all rows at once takes half as long again.
            for step, epoch, loss, accuracy, lr in cursor.execute(
                f"{query} order by step", [run_id, after]
            ):
                found.steps.append(step)
                found.epochs.append(epoch)
                found.losses.append(loss)
                found.accuracies.append(accuracy)
                found.lrs.append(lr)
        return found

    def interventions(self, run_ids: Iterable[str]) -> dict[str, list[InterventionRecord]]:
        """How people changed the course of each of the runs, in that order."""
        return self._grouped("interventions", InterventionRecord, run_ids, "id")

    def log(self, run_id: str) -> list[LogRecord]:
        """The log of a run."""
        return self._grouped("log", LogRecord, [run_id], "id")[run_id]

    def notes(self, run_ids: Iterable[str]) -> dict[str, list[NoteRecord]]:
        """The notes on each of the runs."""
        return self._grouped("notes", NoteRecord, run_ids, "id")

    def final_evaluations(self, run_ids: Iterable[str]) -> dict[str, list[EvaluationRecord]]:
        """The evaluations at the end of each of the runs, with their classes."""
        return self._evaluations(run_ids, "checkpoint is not null", classes=True)

    def validations(
        self, run_ids: Iterable[str], *, classes: bool = True, since: int = 0
    ) -> dict[str, list[EvaluationRecord]]:
        """The validations on the way of each of the runs, with their classes if wanted.

        Args:
            since: leaves out those before this step.
        """
        condition = f"checkpoint is null and step >= {since:d}"
        return self._evaluations(run_ids, condition, classes=classes)

    def confusion(self, evaluation_id: int, classes: int) -> list[list[int]]:
        """The confusion matrix of a final evaluation: true classes in rows."""
        matrix = [[0] * classes for _ in range(classes)]
        for row in self._rows("select * from confusion where evaluation_id = ?", [evaluation_id]):
            matrix[row["true_index"]][row["predicted_index"]] = row["images"]
        return matrix

    def _evaluations(
        self, run_ids: Iterable[str], condition: str, *, classes: bool
    ) -> dict[str, list[EvaluationRecord]]:
        chosen = json.dumps(list(run_ids))
        among = f"run_id in (select value from json_each(?)) and {condition}"
        found: dict[str, list[EvaluationRecord]] = defaultdict(list)
        query = (
            f"select * from evaluations where {among} order by step, checkpoint, case split"
            " when 'train' then 0 when 'validation' then 1 else 2 end"
        )
        with self._moment():
            rows = self._rows(query, [chosen])
            by_class = self._class_metrics(among, chosen) if classes else {}
        with sound(self._path):
            for row in rows:
                metrics = tuple(by_class.get(row["id"], ()))
                found[row["run_id"]].append(record_of(EvaluationRecord, row, classes=metrics))
        return found

    def _class_metrics(self, among: str, chosen: str) -> dict[int, list[ClassMetrics]]:
        """The classes of the evaluations among those chosen, by the evaluation's number."""
        found: dict[int, list[ClassMetrics]] = defaultdict(list)
        for row in self._rows(
            "select class_metrics.* from class_metrics join evaluations on"
            f" evaluations.id = evaluation_id where {among} order by evaluation_id, class_index",
            [chosen],
        ):
            metrics = ClassMetrics(
                row["class_name"], row["precision"], row["recall"], row["f1"], row["support"]
            )
            found[row["evaluation_id"]].append(metrics)
        return found

    def _grouped(
        self,
        table: str,
        kind: type[Record],
        run_ids: Iterable[str],
        order: str,
        condition: str = "1",
    ) -> dict[str, list[Record]]:
        """Rows of a table as records, by run."""
        found: dict[str, list[Record]] = defaultdict(list)
        query = (
            f"select * from {table} where run_id in (select value from json_each(?))"
            f" and {condition} order by run_id, {order}"
        )
        with sound(self._path):
            for row in self._rows(query, [json.dumps(list(run_ids))]):
                found[row["run_id"]].append(record_of(kind, row))
        return found
