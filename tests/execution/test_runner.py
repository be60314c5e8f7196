"""A run from its request to its recorded ending: real digits, a real history."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
from training.conftest import of_kind, small_config

import cnnlab
from cnnlab.config.run import RunConfig
from cnnlab.data.store import Dataset
from cnnlab.errors import ConfigError, StorageError
from cnnlab.events import (
    CheckpointSaved,
    EpochFinished,
    EvaluationFinished,
    Event,
    Logged,
    RunFailed,
    RunFinished,
    RunStarted,
    RunStopped,
    StepsFinished,
)
from cnnlab.execution.provenance import git_state
from cnnlab.execution.requests import RunRequest
from cnnlab.execution.runner import RunThread, prepare_run
from cnnlab.history.edits import delete_run
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.home import Home
from cnnlab.models.build import build_model
from cnnlab.training.checkpoints import load_checkpoint

Prepare = Callable[..., RunThread]


@pytest.fixture
def prepare(home: Home, few_digits: Dataset) -> Prepare:
    """Prepares a small run in the test's home; keywords are tables of its config."""

    def make(**tables: Any) -> RunThread:
        return prepare_run(home, RunRequest(small_config(**tables), "quickstart"), few_digits)

    return make


def train(thread: RunThread, react: Callable[[Event], None] | None = None) -> list[Event]:
    """Trains to the end; returns what the listener was told, `react` included."""
    told: list[Event] = []

    def listener(event: Event) -> None:
        told.append(event)
        if react is not None:
            react(event)

    thread.listen(listener)
    thread.start()
    thread.join(120)
    assert not thread.is_alive()
    return told


def recorded(home: Home, thread: RunThread) -> RunRecord:
    with Reader(home) as reader:
        return reader.run(thread.run_id)


def everything_in(home: Home) -> list[Path]:
    return sorted(home.root.rglob("*")) if home.root.exists() else []


# From the request to the end


def test_a_prepared_run_waits_in_the_history(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    run = recorded(home, thread)
    assert (run.status, run.name, run.preset) == ("queued", "quickstart-1", "quickstart")
    assert thread.run_name == run.name
    assert home.checkpoints(thread.run_id).is_dir()
    assert not thread.is_alive()
    assert thread.ending is None


def test_what_was_asked_for_is_kept(home: Home, few_digits: Dataset) -> None:
    config = small_config()
    request = RunRequest(config, "mine", "first", ("b", "a", "b"), "a word")
    thread = prepare_run(home, request, few_digits)
    run = recorded(home, thread)
    assert (run.name, run.preset, run.tags) == ("first", "mine", ("a", "b"))
    assert RunConfig.model_validate(run.config) == config
    assert (run.dataset, run.model, run.epochs_planned) == ("mnist-5k", "lenet", 2)
    with Reader(home) as reader:
        assert [note.text for note in reader.notes([run.id])[run.id]] == ["a word"]


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


def test_runs_of_a_preset_are_numbered(prepare: Prepare) -> None:
    assert [prepare().run_name for _ in range(3)] == [f"quickstart-{n}" for n in (1, 2, 3)]


# What does not fit


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"model": {"kernel_size": 15}}, "Convolution 2"),
        ({"data": {"validation": 600}}, "600"),
        ({"training": {"device": "cuda:99"}}, "cuda:99"),
    ],
    ids=["kernel", "validation", "device"],
)
def test_a_config_that_does_not_fit_leaves_nothing_behind(
    home: Home, prepare: Prepare, tables: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        prepare(**tables)
    assert words in str(caught.value)
    assert everything_in(home) == []
    with Reader(home) as reader:
        assert reader.runs() == []


def test_a_config_that_does_not_fit_leaves_earlier_runs_alone(home: Home, prepare: Prepare) -> None:
    kept = prepare()
    with pytest.raises(ConfigError):
        prepare(model={"kernel_size": 15})
    with Reader(home) as reader:
        assert [run.id for run in reader.runs()] == [kept.run_id]
    assert [path.name for path in (home.root / "runs").iterdir()] == [kept.run_id]


def test_a_home_that_is_a_file_is_a_sentence(home: Home, prepare: Prepare) -> None:
    home.root.write_text("")
    with pytest.raises(StorageError, match="cannot be created"):
        prepare()


# Seeds


def test_a_seed_is_drawn_and_kept(home: Home, prepare: Prepare) -> None:
    threads = [prepare(training={"seed": None}) for _ in range(3)]
    seeds = [recorded(home, thread).config["training"]["seed"] for thread in threads]
    assert all(isinstance(seed, int) and 0 <= seed < 2**31 for seed in seeds)
    assert len(set(seeds)) == 3
    assert [thread.trainer.settings.seed for thread in threads] == seeds


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_a_seed_that_was_given_is_used(home: Home, prepare: Prepare, seed: int) -> None:
    thread = prepare(training={"seed": seed})
    assert recorded(home, thread).config["training"]["seed"] == seed


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


# Stopping


def stop_at(thread: RunThread, kind: type[Event]) -> Callable[[Event], None]:
    """Asks the run to stop at the first event of a kind."""

    def react(event: Event) -> None:
        if isinstance(event, kind):
            thread.request_stop()

    return react


def test_a_stopped_run_keeps_checkpoints_that_work(
    home: Home, prepare: Prepare, few_digits: Dataset
) -> None:
    thread = prepare(training={"epochs": 500})
    told = train(thread, stop_at(thread, EpochFinished))
    run = recorded(home, thread)
    assert (run.status, run.message) == ("stopped", "by the user after step 11")
    assert thread.ending == told[-1] == RunStopped("by the user after step 11")
    with Reader(home) as reader:
        kept = {one.kind: one for one in reader.checkpoints([run.id])[run.id]}
        assert reader.final_evaluations([run.id])[run.id] == []
    assert {kind: (one.epoch, one.step) for kind, one in kept.items()} == {
        "best": (1, 10),
        "last": (2, 11),
        "previous": (1, 10),
    }
    for one in kept.values():
        state = load_checkpoint(Path(one.path), one.sha256)
        model = build_model(small_config().model, few_digits.info.shape, 10)
        model.load_state_dict(state["model"])
        with torch.no_grad():
            assert torch.isfinite(model(torch.rand(2, *few_digits.info.shape))).all()


def test_a_run_stopped_before_it_starts_ends_after_one_step(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    thread.request_stop()
    train(thread)
    run = recorded(home, thread)
    assert (run.status, run.message) == ("stopped", "by the user after step 1")
    with Reader(home) as reader:
        assert [one.step for one in reader.steps(run.id)] == [1]
        assert [one.kind for one in reader.checkpoints([run.id])[run.id]] == ["last"]


def test_a_stop_during_the_last_evaluations_claims_no_figures(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    train(thread, stop_at(thread, Logged))
    run = recorded(home, thread)
    assert run.status == "stopped"
    with Reader(home) as reader:
        assert reader.final_evaluations([run.id])[run.id] == []
        for one in reader.checkpoints([run.id])[run.id]:
            assert load_checkpoint(Path(one.path), one.sha256)["progress"]["step"] == one.step


def test_an_abandoned_run_is_stopped_in_the_history(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    thread.abandon()
    run = recorded(home, thread)
    assert (run.status, run.message) == ("stopped", "by the user, at once")


def test_a_deleted_run_can_be_abandoned(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    # What this process may still train is protected, so another one's record is taken.
    delete_run(home, replace(recorded(home, thread), host="elsewhere", heartbeat_at=None))
    thread.abandon()
    with Reader(home) as reader:
        assert reader.runs() == []


# Failures


def test_checkpoints_that_cannot_be_written_fail_the_run(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    folder = home.checkpoints(thread.run_id)
    shutil.rmtree(folder)
    folder.write_text("in the way")
    told = train(thread)
    run = recorded(home, thread)
    assert run.status == "failed"
    assert run.message
    assert "cannot be written" in run.message
    assert "Not a directory" in run.message
    assert "Traceback" not in run.message
    assert isinstance(thread.ending, RunFailed)
    assert thread.ending.message == run.message
    assert told[-1] is thread.ending
    assert run.ended_at


def test_a_folder_lost_on_the_way_fails_the_run_and_keeps_its_figures(
    home: Home, prepare: Prepare
) -> None:
    thread = prepare(training={"epochs": 4})

    def lose(event: Event) -> None:
        if isinstance(event, EpochFinished) and event.epoch == 2:
            shutil.rmtree(home.run_folder(thread.run_id))

    train(thread, lose)
    run = recorded(home, thread)
    assert (run.status, run.epochs_done) == ("failed", 2)
    assert run.message
    assert "last-epoch0002" in run.message


def test_a_run_deleted_while_it_trains_ends_as_failed(home: Home, prepare: Prepare) -> None:
    thread = prepare(training={"epochs": 500})

    def delete(event: Event) -> None:
        if isinstance(event, EpochFinished):
            # The process that trains may not delete its run, so another one's record is taken.
            delete_run(home, replace(recorded(home, thread), host="elsewhere", heartbeat_at=None))

    told = train(thread, delete)
    assert isinstance(thread.ending, RunFailed)
    assert f"The run {thread.run_id} is no longer in the history." in thread.ending.message
    assert told[-1] is thread.ending
    with Reader(home) as reader:
        assert reader.runs() == []


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


# Where it comes from


def test_versions_and_the_state_of_the_source_are_kept(home: Home, prepare: Prepare) -> None:
    run = recorded(home, prepare())
    assert run.versions["cnnlab"] == cnnlab.__version__
    for package in ("torch", "torchvision", "numpy", "scikit-learn"):
        assert run.versions[package] == version(package)
    assert run.git == git_state()
