"""Pruning frees what a rule names and nothing else, and a kill in between leaves no lie."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from history import samples

from cnnlab.errors import StorageError
from cnnlab.events import CheckpointKind, CheckpointSaved
from cnnlab.history.filters import parse
from cnnlab.history.pruning import PruningRule, plan, prune
from cnnlab.history.queries import Reader
from cnnlab.history.trash import move_to_trash
from cnnlab.home import Home, make_folder

ALL = PruningRule(older_than=timedelta(seconds=0))
STATUSES = ("finished", "stopped", "failed", "interrupted", "running", "paused", "queued")


def saved(home: Home, run_id: str, kind: CheckpointKind, number: int) -> CheckpointSaved:
    name = f"{kind}-epoch{number:04d}-step{number * 4:07d}.pt"
    path = make_folder(home.checkpoints(run_id)) / name
    path.write_bytes(bytes(1000 + number))
    return CheckpointSaved(kind, number, number * 4, path, 1000 + number, "a" * 64, 0.5)


def add(home: Home, number: int, status: str = "finished", **changes: str) -> str:
    """A run with a best and a last checkpoint on the disk, and the one before the last."""
    run_id = f"aaaa{number:04x}"
    samples.add_run(home, run_id, name=f"run-{number}")
    kinds: list[tuple[CheckpointKind, int]] = [("best", 1), ("last", 1), ("last", 2)]
    samples.record(home, run_id, *(saved(home, run_id, *each) for each in kinds))
    values = {"status": status, "ended_at": "2026-01-01T00:00:00.000+00:00", **changes}
    for column, value in values.items():
        samples.change(home, f"update runs set {column} = ? where id = ?", [value, run_id])
    return run_id


def kinds(home: Home, run_id: str) -> list[str]:
    with Reader(home) as reader:
        return sorted(one.kind for one in reader.checkpoints([run_id])[run_id])


def files(home: Home, run_id: str) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in home.checkpoints(run_id).glob("*"))


def run_ids(home: Home, rule: PruningRule) -> list[str]:
    return sorted(one.run.id for one in plan(home, rule))


def test_the_best_is_kept_on_demand(home: Home) -> None:
    run_id = add(home, 1)
    assert kinds(home, run_id) == ["best", "last", "previous"]
    rule = PruningRule(keep_best=True)
    (planned,) = plan(home, rule)
    assert planned.bytes == 1001 + 1002
    freed = prune(home, rule, [planned])
    assert [one.bytes for one in freed] == [2003]
    assert (kinds(home, run_id), files(home, run_id)) == (["best"], ["best"])
    assert plan(home, rule) == []
    with Reader(home) as reader:
        assert reader.run(run_id).status == "finished"


def test_without_it_all_go(home: Home) -> None:
    run_id = add(home, 1)
    prune(home, ALL, plan(home, ALL))
    assert (kinds(home, run_id), files(home, run_id)) == ([], [])


@pytest.mark.parametrize("unfinished", [False, True])
def test_only_runs_that_ended_lose_theirs(home: Home, *, unfinished: bool) -> None:
    runs = {status: add(home, at, status) for at, status in enumerate(STATUSES)}
    # One of this process is alive; one whose process is gone may be resumed.
    runs["gone"] = add(home, 20, "running", pid="1999999999")
    expected = {"finished", *(("stopped", "failed", "interrupted") if unfinished else ())}
    rule = PruningRule(unfinished=unfinished)
    assert run_ids(home, rule) == sorted(runs[status] for status in expected)
    prune(home, rule, plan(home, rule))
    for status, run_id in runs.items():
        assert bool(files(home, run_id)) == (status not in expected)


def test_the_newest_runs_keep_theirs(home: Home) -> None:
    runs = [add(home, number) for number in range(4)]
    running = add(home, 9, "running")
    assert run_ids(home, PruningRule(keep_last_runs=3)) == runs[:2]
    assert run_ids(home, PruningRule(keep_last_runs=99)) == []
    assert running not in run_ids(home, PruningRule(keep_last_runs=0))


def test_only_old_runs_lose_theirs(home: Home) -> None:
    old = add(home, 1)
    new = add(home, 2, ended_at=samples.plain(home, "select created_at from runs")[0][0])
    assert run_ids(home, PruningRule(older_than=timedelta(days=30))) == [old]
    assert run_ids(home, PruningRule()) == [old, new]


def test_a_filter_chooses_runs(home: Home) -> None:
    add(home, 1)
    chosen = add(home, 2)
    assert run_ids(home, PruningRule(query=parse("name:run-2"))) == [chosen]


def test_runs_in_the_trash_keep_all_that_they_have(home: Home) -> None:
    run_id = add(home, 1)
    move_to_trash(home, [run_id])
    assert plan(home, ALL) == []


def test_what_changed_since_it_was_shown_stays(home: Home) -> None:
    going, resumed, grown = add(home, 1, "stopped"), add(home, 2, "stopped"), add(home, 3)
    rule = PruningRule(unfinished=True)
    planned = plan(home, rule)
    samples.change(
        home,
        "update runs set status = 'queued', host = ?, pid = ? where id = ?",
        [socket.gethostname(), os.getpid(), resumed],
    )
    samples.record(home, grown, saved(home, grown, "best", 7))
    samples.change(home, "update runs set status = 'finished' where id = ?", [grown])
    freed = prune(home, rule, planned)
    assert sorted(one.run.id for one in freed) == [going, grown]
    assert files(home, resumed) == ["best", "last", "last"]
    assert files(home, going) == []
    with Reader(home) as reader:
        (best,) = reader.checkpoints([grown])[grown]
    assert best.epoch == 7
    assert Path(best.path).exists()


def test_files_that_a_kill_left_behind_go_the_next_time(home: Home) -> None:
    run_id = add(home, 1)
    samples.change(home, "delete from checkpoints where kind != 'best'")
    (planned,) = plan(home, PruningRule(keep_best=True))
    assert (planned.checkpoints, planned.bytes) == ((), 2003)
    prune(home, PruningRule(keep_best=True), [planned])
    assert files(home, run_id) == ["best"]


def test_a_file_that_cannot_be_removed_keeps_none_of_the_others(home: Home) -> None:
    first, second = add(home, 1), add(home, 2)
    stuck = next(home.checkpoints(first).glob("best-*"))
    stuck.unlink()
    stuck.mkdir()
    with pytest.raises(StorageError, match=rf"{stuck.name} cannot be removed"):
        prune(home, ALL, plan(home, ALL))
    assert kinds(home, first) == []
    assert files(home, first) == ["best"]
    assert files(home, second) == []
