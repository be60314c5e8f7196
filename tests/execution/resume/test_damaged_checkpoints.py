"""Runs that go on from damaged checkpoints: from the one before, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from execution.conftest import recorded, store_digits, wait_for
from execution.outcomes import curves
from execution.resume.conftest import (
    DIFFICULT,
    after_epoch,
    assert_as_if_undisturbed,
    figures,
    log_of,
    prepared,
    train_until,
)

from cnnlab.data import library
from cnnlab.data.store import Dataset
from cnnlab.events import Event, Logged, RunStarted
from cnnlab.execution.queue import RunQueue
from cnnlab.execution.recorded import build_recorded
from cnnlab.history.queries import Reader
from cnnlab.history.resumption import claim
from cnnlab.home import Home


def damage(home: Home, run_id: str, *kinds: str) -> dict[str, Path]:
    """Cuts off the ends of a run's checkpoints of some kinds; returns all of them."""
    with Reader(home) as reader:
        held = {one.kind: Path(one.path) for one in reader.checkpoints([run_id])[run_id]}
    for kind in kinds:
        held[kind].write_bytes(held[kind].read_bytes()[:-100])
    return held


def warnings_of(home: Home, run_id: str) -> list[str]:
    with Reader(home) as reader:
        return [line.message for line in reader.log(run_id) if line.level == "warning"]


@pytest.mark.parametrize("is_gone", [False, True], ids=["damaged", "gone"])
def test_a_broken_last_checkpoint_falls_back_to_the_one_before(
    home: Home, queue: RunQueue, undisturbed: tuple[Home, str], is_gone: bool
) -> None:
    thread = prepared(home, **DIFFICULT)
    train_until(thread, after_epoch(1))
    held = damage(home, thread.run_id, "last")
    if is_gone:
        held["last"].unlink()
    queue.resume(thread.run_id)
    wait_for(home, thread.run_id, "finished", "failed")
    assert_as_if_undisturbed(home, thread.run_id, *undisturbed)
    (warning,) = warnings_of(home, thread.run_id)
    assert held["last"].name in warning
    assert ("No such file" if is_gone else "is damaged") in warning
    assert warning.endswith(f"Going on from {held['previous'].name}, 1 step earlier.")
    assert "Resumed from step 10." in log_of(home, thread.run_id)


def test_a_run_with_a_damaged_checkpoint_can_be_killed_again(
    home: Home, queue: RunQueue, undisturbed: tuple[Home, str]
) -> None:
    """The one before is then the last one, as if the damaged one had never been."""
    thread = prepared(home, **DIFFICULT)
    train_until(thread, after_epoch(1))
    held = damage(home, thread.run_id, "last")
    run = recorded(home, thread.run_id)
    claim(home, run)
    second = build_recorded(home, run, library.require(home, run.dataset))
    train_until(second, lambda event: isinstance(event, RunStarted))
    with Reader(home) as reader:
        now = {one.kind: Path(one.path) for one in reader.checkpoints([run.id])[run.id]}
    assert now["previous"] == held["previous"]
    damage(home, run.id, "last")
    queue.resume(run.id)
    wait_for(home, run.id, "finished", "failed")
    assert_as_if_undisturbed(home, run.id, *undisturbed)


def test_the_warning_of_a_damaged_checkpoint_is_told_to_who_watches(
    home: Home, few_digits: Dataset
) -> None:
    store_digits(home, few_digits)
    thread = prepared(home)
    train_until(thread, after_epoch(1))
    damage(home, thread.run_id, "last")
    run = recorded(home, thread.run_id)
    claim(home, run)
    told: list[Event] = []
    second = build_recorded(home, run, library.require(home, run.dataset))
    second.listen(told.append)
    second.run()
    assert isinstance(told[0], Logged)
    assert (told[0].level, told[0].message) == ("warning", warnings_of(home, run.id)[0])


def test_two_damaged_checkpoints_fail_the_run_and_keep_its_figures(
    home: Home, queue: RunQueue
) -> None:
    thread = prepared(home)
    train_until(thread, after_epoch(1))
    held = damage(home, thread.run_id, "last", "previous")
    before, earlier = figures(home, thread.run_id), recorded(home, thread.run_id)
    queue.resume(thread.run_id)
    run = wait_for(home, thread.run_id, "finished", "failed")
    assert run.message is not None
    for kind in ("last", "previous"):
        assert f"{held[kind].name} is damaged" in run.message
    assert "cnnlab run --from" in run.message
    assert run.duration_s == earlier.duration_s
    assert figures(home, thread.run_id) == before


def test_a_damaged_best_checkpoint_loses_its_weights_alone(
    home: Home, queue: RunQueue, undisturbed: tuple[Home, str]
) -> None:
    thread = prepared(home, **DIFFICULT)
    train_until(thread, after_epoch(1))
    lost = recorded(home, thread.run_id).best_step
    held = damage(home, thread.run_id, "best")
    queue.resume(thread.run_id)
    run = wait_for(home, thread.run_id, "finished", "failed")
    assert run.status == "finished"
    (warning,) = warnings_of(home, thread.run_id)
    assert f"{held['best'].name} is damaged" in warning
    assert f"those after step {lost}, are lost; the best from now on count" in warning
    assert curves(home, run.id)[:3] == curves(*undisturbed)[:3]
    assert run.best_step is not None
    assert run.best_step > 10
    with Reader(home) as reader:
        assert len(reader.final_evaluations([run.id])[run.id]) == 6


def test_a_best_checkpoint_damaged_when_all_is_trained_is_made_of_the_last_weights(
    home: Home, queue: RunQueue
) -> None:
    thread = prepared(home)
    train_until(
        thread, lambda event: isinstance(event, Logged) and event.message.startswith("Evaluating")
    )
    before = curves(home, thread.run_id)
    damage(home, thread.run_id, "best")
    queue.resume(thread.run_id)
    run = wait_for(home, thread.run_id, "finished", "failed")
    assert (run.status, run.best_step, run.best_epoch) == ("finished", 20, 2)
    assert curves(home, run.id)[:3] == before[:3]
