"""A run that is trained: its events, recorded and then told, and its figures."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from execution.runner.conftest import Prepare, recorded, train
from training.conftest import of_kind

from cnnlab.events import (
    CheckpointSaved,
    EpochFinished,
    EvaluationFinished,
    Event,
    RunFinished,
    RunStarted,
    StepsFinished,
)
from cnnlab.execution.runner import RunThread
from cnnlab.history.queries import Reader
from cnnlab.home import Home


def test_a_run_is_trained_to_a_finished_row(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    told = train(thread)
    run = recorded(home, thread)
    assert thread.ending == told[-1] == RunFinished("all epochs trained")
    assert (run.status, run.message) == ("finished", "all epochs trained")
    assert (run.epochs_done, run.train_images, run.test_images) == (2, 500, 200)
    assert run.duration_s is not None
    assert run.duration_s > 0
    with Reader(home) as reader:
        assert len(reader.steps(run.id)) == 20
        assert len(reader.final_evaluations([run.id])[run.id]) == 6


def test_events_come_in_their_order(prepare: Prepare) -> None:
    thread = prepare()
    told = train(thread)
    assert isinstance(told[0], RunStarted)
    assert isinstance(told[-1], RunFinished)
    assert [event.epoch for event in of_kind(told, EpochFinished)] == [1, 2]
    first_steps = [event.first_step for event in of_kind(told, StepsFinished)]
    assert first_steps == sorted(first_steps)
    assert sum(len(event.losses) for event in of_kind(told, StepsFinished)) == 20
    places = [told.index(event) for event in of_kind(told, EpochFinished)]
    validations = [e for e in of_kind(told, EvaluationFinished) if e.checkpoint is None]
    assert all(told.index(event) < end for event, end in zip(validations, places, strict=True))


def is_recorded(reader: Reader, run_id: str, event: Event) -> bool:
    """Whether the history holds an event; steps and log lines may wait a moment."""
    match event:
        case RunStarted():
            return reader.run(run_id).status == "running"
        case EpochFinished():
            return any(one.epoch == event.epoch for one in reader.epochs([run_id])[run_id])
        case CheckpointSaved():
            held = reader.checkpoints([run_id])[run_id]
            return any((one.kind, one.path) == (event.kind, str(event.path)) for one in held)
        case EvaluationFinished(checkpoint=None):
            return any(one.step == event.step for one in reader.validations([run_id])[run_id])
        case EvaluationFinished():
            held_ones = reader.final_evaluations([run_id])[run_id]
            key = (event.split, event.checkpoint)
            return any((one.split, one.checkpoint) == key for one in held_ones)
        case RunFinished():
            return reader.run(run_id).status == "finished"
    return True


def test_every_event_is_recorded_before_it_is_told(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    missing: list[Event] = []
    threads = set()

    def look(event: Event) -> None:
        threads.add(threading.current_thread())
        with Reader(home) as reader:
            if not is_recorded(reader, thread.run_id, event):
                missing.append(event)

    told = train(thread, look)
    assert missing == []
    assert threads == {thread}
    assert {type(event) for event in told} >= {RunStarted, EpochFinished, CheckpointSaved}


def figures(home: Home, thread: RunThread) -> list[Any]:
    """Every figure of a run, without what names it or tells the time."""
    with Reader(home) as reader:
        epochs = reader.epochs([thread.run_id])[thread.run_id]
        evaluations = reader.final_evaluations([thread.run_id])[thread.run_id]
        return [
            reader.steps(thread.run_id),
            [replace(one, seconds=0.0, images_per_second=0.0) for one in epochs],
            [replace(one, id=0, evaluated_at="") for one in evaluations],
        ]


def test_a_drawn_seed_gives_the_same_figures_again(home: Home, prepare: Prepare) -> None:
    first = prepare(training={"seed": None})
    train(first)
    seed = recorded(home, first).config["training"]["seed"]
    again, other = prepare(training={"seed": seed}), prepare(training={"seed": seed + 1})
    train(again)
    train(other)
    assert figures(home, again) == figures(home, first)
    assert figures(home, other) != figures(home, first)


@pytest.mark.parametrize(
    "error", [BrokenPipeError("gone"), SystemExit(1), ValueError("a fault")], ids=repr
)
def test_a_display_that_fails_does_not_take_the_run_with_it(
    home: Home, prepare: Prepare, error: BaseException
) -> None:
    thread = prepare()

    def fail(event: Event) -> None:
        if isinstance(event, EpochFinished):
            raise error

    told = train(thread, fail)
    run = recorded(home, thread)
    assert (run.status, run.epochs_done) == ("finished", 2)
    assert isinstance(thread.ending, RunFinished)
    assert isinstance(told[-1], EpochFinished)
    with Reader(home) as reader:
        warnings = [line.message for line in reader.log(run.id) if line.level == "warning"]
    assert len(warnings) == 1
    assert f"{type(error).__name__}: {error}" in warnings[0]


def test_several_listeners_are_told_and_the_one_that_fails_is_told_no_more(
    prepare: Prepare,
) -> None:
    thread = prepare()
    first: list[Event] = []

    def fail(event: Event) -> None:
        first.append(event)
        raise ValueError("a fault")

    second: list[Event] = []
    thread.listen(fail)
    thread.listen(second.append)
    told = train(thread)
    assert len(first) == 1
    assert second == told
    assert isinstance(told[-1], RunFinished)
