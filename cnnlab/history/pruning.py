"""Freeing the checkpoints of runs by rule; the runs and their figures stay.

Only what ended is touched: never a run that is trained or waits for it, and one that could still
be resumed only where that is asked for. Runs in the trash keep all that they have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cnnlab.errors import StorageError
from cnnlab.history.edits import editing
from cnnlab.history.filters import Query
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.history.records import CheckpointRecord, RunRecord
from cnnlab.history.resumption import checkpoint_file
from cnnlab.home import Home

UNFINISHED = ("stopped", "failed", "interrupted")


@dataclass(frozen=True)
class PruningRule:
    """Which checkpoints to free.

    Attributes:
        keep_best: keep the best checkpoint of each run.
        keep_last_runs: keep all of the so many newest runs.
        older_than: only of runs that ended so long ago.
        query: only of runs that pass this filter.
        unfinished: also of runs that ended before their time; they can no longer be resumed.
    """

    keep_best: bool = False
    keep_last_runs: int = 0
    older_than: timedelta = timedelta()
    query: Query = field(default_factory=Query)
    unfinished: bool = False


@dataclass(frozen=True)
class PrunedRun:
    """A run with what is to be freed of it: rows, and files with their bytes."""

    run: RunRecord
    checkpoints: tuple[CheckpointRecord, ...]
    files: tuple[tuple[Path, int], ...]

    @property
    def bytes(self) -> int:
        """What its files take."""
        return sum(size for _, size in self.files)


def plan(home: Home, rule: PruningRule) -> list[PrunedRun]:
    """What a rule would free, newest run first; nothing is changed."""
    with Reader(home) as reader:
        newest = set(reader.run_ids()[: rule.keep_last_runs])
        runs = reader.runs(RunFilter(query=rule.query))
        chosen = [run for run in runs if run.id not in newest and _is_meant(run, rule)]
        held = reader.checkpoints([run.id for run in chosen])
    planned = (_planned(home, run, held[run.id], rule) for run in chosen)
    return [one for one in planned if one.checkpoints or one.files]


def prune(home: Home, rule: PruningRule, planned: Sequence[PrunedRun]) -> list[PrunedRun]:
    """Frees what was planned, but for what no longer fits the rule; returns what is freed.

    Raises:
        HistoryError, StorageError: the history cannot be written; nothing is freed.
        StorageError: a file cannot be removed; all the others are.
    """
    shown = {(one.run.id, row.path) for one in planned for row in one.checkpoints}
    files = {path for one in planned for path, _ in one.files}
    # Rows go first: a kill in between leaves files that no row names, which take room until the
    # next time. Files first would leave rows that promise what is gone.
    with editing(home, []) as db:
        freed = [_still(one, shown, files) for one in plan(home, rule)]
        for one in freed:
            for row in one.checkpoints:
                db.execute(
                    "delete from checkpoints where run_id = ? and kind = ? and path = ?",
                    (one.run.id, row.kind, row.path),
                )
    _remove(path for one in freed for path, _ in one.files)
    return [one for one in freed if one.checkpoints or one.files]


def _is_meant(run: RunRecord, rule: PruningRule) -> bool:
    """Whether a run has ended, as the rule asks for it and long enough ago."""
    if run.status not in ("finished", *(UNFINISHED if rule.unfinished else ())):
        return False
    ended = datetime.fromisoformat(run.ended_at or run.created_at)
    return datetime.now(UTC) - ended >= rule.older_than


def _planned(
    home: Home, run: RunRecord, held: Sequence[CheckpointRecord], rule: PruningRule
) -> PrunedRun:
    """The checkpoints of a run that go, with files of its folder that no row names."""
    going = tuple(one for one in held if not (rule.keep_best and one.kind == "best"))
    kept = {checkpoint_file(home, run.id, one) for one in held if one not in going}
    paths = sorted(set(home.checkpoints(run.id).glob("*")) - kept)
    return PrunedRun(run, going, tuple((path, path.lstat().st_size) for path in paths))


def _still(one: PrunedRun, rows: set[tuple[str, str]], files: set[Path]) -> PrunedRun:
    """A run with what was planned before of what is planned now."""
    return PrunedRun(
        one.run,
        tuple(row for row in one.checkpoints if (one.run.id, row.path) in rows),
        tuple((path, size) for path, size in one.files if path in files),
    )


def _remove(paths: Iterable[Path]) -> None:
    failed: list[tuple[Path, OSError]] = []
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            failed.append((path, error))
    if failed:
        path, reason = failed[0]
        others = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise StorageError(
            f"The checkpoint {path} cannot be removed: {reason.strerror}{others}.",
            "Prune again with the same rule once the files can be removed.",
        )
