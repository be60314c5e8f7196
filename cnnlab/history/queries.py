"""Reading the history: every list, table and curve comes from here."""

from __future__ import annotations

import functools
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from operator import itemgetter
from typing import Any, Self, TypeVar

from cnnlab.errors import ConfigError, unknown_name
from cnnlab.events import ClassMetrics
from cnnlab.history.connection import connect_for_reading, translated
from cnnlab.history.filters import Condition, Query, containing, matching
from cnnlab.history.records import (
    CheckpointRecord,
    EpochRecord,
    EvaluationRecord,
    InterventionRecord,
    LogRecord,
    NoteRecord,
    RunRecord,
    StepRecord,
)
from cnnlab.home import Home

Record = TypeVar("Record")

LATEST = "latest"
"""The word for the newest run."""

_RUNS = """
    select runs.*, runs.rowid as entry,
        (select coalesce(max(epoch), 0) from epochs where run_id = runs.id) as epochs_done,
        (select json_group_array(tag) from (
            select tag from tags where run_id = runs.id order by tag)) as tags,
        (select accuracy from evaluations where run_id = runs.id
            and split = 'test' and checkpoint = 'best') as test_accuracy
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
}
"""What a list of runs can be sorted by, and the column behind it."""


@dataclass(frozen=True)
class RunFilter:
    """Which runs to list; an empty field asks for nothing.

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

    def condition(self) -> Condition:
        """What the filter asks for, as one condition."""
        exact = {key: getattr(self, key) for key in ("status", "dataset", "model", "preset", "tag")}
        asked = [matching(key, value) for key, value in exact.items() if value]
        if self.search:
            asked.append(containing(self.search))
        return Query((*asked, *self.query.conditions)).condition()


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
        if sort not in SORTABLE:
            raise unknown_name("sort key", sort, SORTABLE)
        condition = (wanted or RunFilter()).condition()
        column, order = SORTABLE[sort], "asc" if ascending else "desc"
        ties = order if sort == "started" else "desc"
        # Of runs made in the same millisecond, the one that came later is the newer one.
        # Sorting whole rows with their configs would take longer than finding them again.
        query = (
            f"select entry from ({_RUNS}) as runs where {condition.sql}"
            f" order by {column} is null, {column} {order}, created_at {ties}, entry {ties} limit ?"
        )
        with self._moment(), translated(self._path):
            found = self._rows(query, [*condition.values, -1 if limit is None else limit])
            entries = [row["entry"] for row in found]
            among = "runs.rowid in (select value from json_each(?))"
            rows = self._rows(f"{_RUNS} where {among}", [json.dumps(entries)])
            by_entry = {row["entry"]: row for row in rows}
            return _runs([by_entry[entry] for entry in entries])

    def run(self, run_id: str) -> RunRecord:
        """One run by its whole id.

        Raises:
            ConfigError: there is none.
        """
        rows = self._rows(f"{_RUNS} where runs.id = ?", [run_id])
        if not rows:
            raise self._unknown_run(run_id)
        with translated(self._path):
            return _runs(rows)[0]

    def resolve(self, text: str) -> str:
        """The id of the run that a user means: `latest`, an id, a name, or a unique prefix.

        Raises:
            ConfigError: there is none, or there are several.
        """
        if text == LATEST:
            newest = self._rows("select id from runs order by created_at desc, rowid desc limit 1")
            if not newest:
                raise ConfigError("There are no runs yet.", "`cnnlab run quickstart` makes one.")
            return str(newest[0]["id"])
        for condition in (
            "id = ?",
            "name = ?",
            "substr(id, 1, length(?)) = lower(?1) and ?1 != ''",
        ):
            found = self._rows(
                f"select id, name from runs where {condition} order by created_at desc", [text]
            )
            if len(found) > 1:
                raise _ambiguous(text, found)
            if found:
                return str(found[0]["id"])
        raise self._unknown_run(text)

    def _unknown_run(self, text: str) -> ConfigError:
        rows = self._rows("select id, name from runs order by created_at desc limit 1000")
        if not rows:
            return ConfigError(
                f"Unknown run {text!r}: there are no runs yet.",
                "`cnnlab run quickstart` makes one.",
            )
        known = [LATEST, *(str(row[key]) for key in ("name", "id") for row in rows)]
        return unknown_name("run", text, dict.fromkeys(known), "See `cnnlab runs list`.")

    # What a run is made of

    def epochs(self, run_ids: Iterable[str]) -> dict[str, list[EpochRecord]]:
        """The epochs of each of the runs."""
        return self._grouped("epochs", EpochRecord, run_ids, "epoch")

    def checkpoints(self, run_ids: Iterable[str]) -> dict[str, list[CheckpointRecord]]:
        """The checkpoints of each of the runs, the best one first."""
        return self._grouped("checkpoints", CheckpointRecord, run_ids, "kind")

    def steps(self, run_id: str) -> list[StepRecord]:
        """The steps of a run."""
        return self._grouped("steps", StepRecord, [run_id], "step")[run_id]

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
        self, run_ids: Iterable[str], *, classes: bool = True
    ) -> dict[str, list[EvaluationRecord]]:
        """The validations on the way of each of the runs, with their classes if wanted."""
        return self._evaluations(run_ids, "checkpoint is null", classes=classes)

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
        for row in rows:
            metrics = tuple(by_class.get(row["id"], ()))
            found[row["run_id"]].append(_record(EvaluationRecord, row, classes=metrics))
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
        self, table: str, kind: type[Record], run_ids: Iterable[str], order: str
    ) -> dict[str, list[Record]]:
        """Rows of a table as records, by run."""
        found: dict[str, list[Record]] = defaultdict(list)
        query = (
            f"select * from {table} where run_id in (select value from json_each(?))"
            f" order by run_id, {order}"
        )
        for row in self._rows(query, [json.dumps(list(run_ids))]):
            found[row["run_id"]].append(_record(kind, row))
        return found


def _record(kind: type[Record], row: sqlite3.Row, **more: Any) -> Record:
    """A row as a record, with what the table does not hold itself."""
    names = [field.name for field in fields(kind) if field.name not in more]  # type: ignore[arg-type]
    return kind(**{name: row[name] for name in names}, **more)


def _runs(rows: Sequence[sqlite3.Row]) -> list[RunRecord]:
    """Rows as records, quickly even where they are thousands."""
    if not rows:
        return []
    names, columns = [each.name for each in fields(RunRecord)], rows[0].keys()
    ordered = itemgetter(*map(columns.index, names))
    config, versions, git, tags = map(names.index, ("config", "versions", "git", "tags"))
    # Most runs share the shorter texts.
    shared = functools.cache(json.loads)
    found = []
    for row in rows:
        values = list(ordered(row))
        values[config] = json.loads(values[config])
        values[versions] = shared(values[versions])
        values[git] = shared(values[git]) if values[git] else None
        values[tags] = tuple(shared(values[tags]))
        found.append(RunRecord(*values))
    return found


def _ambiguous(text: str, rows: Sequence[sqlite3.Row]) -> ConfigError:
    listed = ", ".join(f"{row['id']} ({row['name']})" for row in rows[:5])
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return ConfigError(
        f"{text!r} stands for several runs: {listed}{more}.", "Name one by its id; newest first."
    )
