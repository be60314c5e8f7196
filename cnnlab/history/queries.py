"""Reading the history: every list, table and curve comes from here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from cnnlab.errors import CheckpointError, ConfigError, unknown_name
from cnnlab.events import CheckpointKind
from cnnlab.history.connection import translated
from cnnlab.history.evaluation_queries import EvaluationReading
from cnnlab.history.filters import COLUMNS, Condition, Query, containing, matching
from cnnlab.history.naming import LATEST, ambiguous_run, unknown_run
from cnnlab.history.origins import is_curves_alone
from cnnlab.history.records import (
    CheckpointRecord,
    EpochRecord,
    InterventionRecord,
    LogRecord,
    NoteRecord,
    RunRecord,
    StepColumns,
    StepRecord,
)
from cnnlab.history.rows import DERIVED, runs_of, sound

_RUNS = f"""
    select runs.*, runs.rowid as entry,
        {", ".join(f"{sql} as {name}" for name, sql in DERIVED.items())},
        (select json_group_array(tag) from (
            select tag from tags where run_id = runs.id order by tag)) as tags
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
    "group": "group_id",
    "origin": "origin",
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


class Reader(EvaluationReading):
    """Reads the history; belongs to the thread that made it.

    A home without a history reads as an empty one, and nothing is created.

    Raises:
        HistoryError: the file is damaged, of another program, or of a newer cnnlab.
    """

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
        with self.moment():
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

    def finished_configs(self, but: Iterable[str]) -> list[tuple[str, str]]:
        """The presets of finished runs outside the trash with their configs, each pair once.

        Args:
            but: dotted paths of fields without which configs are given, as JSON.
        """
        paths = [f"$.{path}" for path in but]
        rows = self._rows(
            f"select distinct preset, json_remove(config{', ?' * len(paths)}) from runs where"
            f" status = 'finished' and preset is not null and {_within(trashed=False).sql}",
            paths,
        )
        return [(row[0], row[1]) for row in rows]

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
        """The checkpoints of each of the runs, the best one first, with the paths of this home."""
        found = self._grouped("checkpoints", CheckpointRecord, run_ids, "kind")
        for run_id, checkpoints in found.items():
            # A home may have been moved, or copied, since they were recorded.
            folder = self._home.checkpoints(run_id)
            checkpoints[:] = [
                replace(one, path=str(folder / PurePath(one.path).name)) for one in checkpoints
            ]
        return found

    def checkpoint(self, run: RunRecord, kind: CheckpointKind) -> CheckpointRecord:
        """The best or the last checkpoint of a run; whether its file is there is not asked.

        Raises:
            CheckpointError: it has none.
        """
        held = self.checkpoints([run.id])[run.id]
        found = next((one for one in held if one.kind == kind), None)
        if found is None:
            raise CheckpointError(
                f"The run {run.name} ({run.id}) has no {kind} checkpoint.",
                "It was imported as curves alone."
                if is_curves_alone(run)
                else f"See `cnnlab runs show {run.id}`.",
            )
        return found

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
