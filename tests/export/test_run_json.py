"""The JSON of a run, key by key: scripts of others read it."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from training.conftest import small_config
from waiting import SECONDS

from cnnlab.config.run import RunConfig
from cnnlab.data.store import Dataset
from cnnlab.events import (
    CheckpointSaved,
    ClassMetrics,
    EpochFinished,
    Evaluation,
    EvaluationFinished,
    RunFailed,
    RunStarted,
)
from cnnlab.execution.provenance import versions
from cnnlab.execution.requests import RunRequest
from cnnlab.execution.runner import prepare_run
from cnnlab.export.run_json import runs_as_json
from cnnlab.history.edits import add_note
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder, create_run
from cnnlab.home import Home
from cnnlab.models.build import build_model

FIRST = [
    "id", "name", "status", "preset", "config", "dataset", "model", "parameters", "device",
    "started_at", "duration_s", "epochs", "evaluations", "checkpoints",
]  # fmt: skip
MORE = [
    "monitor", "best_epoch", "best_step", "best_value", "epochs_planned", "steps_per_epoch",
    "train_images", "validation_images", "test_images", "flops", "device_name", "precision",
    "memory_format", "residence", "host", "versions", "git", "created_at", "ended_at", "message",
    "tags", "notes", "validations", "interventions", "later_evaluations", "group", "origin",
    "trashed_at", "pid", "boot", "claimed_at", "heartbeat_at",
]  # fmt: skip
LONG = ["steps", "log"]
FIGURES = ["loss", "accuracy", "top5_accuracy", "precision_macro", "recall_macro", "f1_macro"]
EVALUATED = ["epoch", "step", "evaluated_at"]
STATUSES = {"queued", "running", "paused", "finished", "stopped", "failed", "interrupted"}
SIZES = {"train": 500, "validation": 100, "test": 200}


@dataclass(frozen=True)
class Trained:
    """A run that was trained for real, and what its JSON says."""

    home: Home
    config: RunConfig
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    run: dict[str, Any]


def as_json(home: Home) -> list[dict[str, Any]]:
    """Every run of a home, oldest first, through strict JSON and back."""
    with Reader(home) as reader:
        runs = runs_as_json(reader, reader.runs(ascending=True))
    text = json.dumps(runs, allow_nan=False)
    loaded = json.loads(text, parse_constant=pytest.fail)
    assert isinstance(loaded, list)
    return loaded


@pytest.fixture(scope="module")
def trained(few_digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    home = Home(tmp_path_factory.mktemp("trained") / "home")
    config = small_config(
        augmentation=[{"name": "random-crop", "padding": 2}],
        training={"epochs": 3, "evaluate_every": 4},
    )
    request = RunRequest(config, "quickstart", "first", ("b", "a"), "a word")
    thread = prepare_run(home, request, few_digits)
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive()
    add_note(home, thread.run_id, "another “word”")
    info = few_digits.info
    return Trained(home, config, tuple(info.classes), info.shape, as_json(home)[0])


def is_number(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool)


def is_share(value: Any) -> bool:
    return is_number(value) and 0 <= value <= 1


# The run itself


def test_the_keys_come_in_the_order_of_the_contract(trained: Trained) -> None:
    assert list(trained.run) == FIRST + MORE


def test_what_the_run_was(trained: Trained) -> None:
    run = trained.run
    assert isinstance(run["id"], str)
    assert len(run["id"]) == 8
    assert (run["name"], run["status"], run["preset"]) == ("first", "finished", "quickstart")
    assert (run["dataset"], run["model"], run["device"]) == ("mnist-5k", "lenet", "cpu")
    assert run["status"] in STATUSES
    assert run["tags"] == ["a", "b"]
    assert run["message"] == "all epochs trained"


def test_the_parameters_are_those_of_the_network(trained: Trained) -> None:
    model = build_model(trained.config.model, trained.shape, len(trained.classes))
    assert trained.run["parameters"] == sum(weight.numel() for weight in model.parameters())
    assert isinstance(trained.run["flops"], int)


def test_the_config_is_complete_and_loads_again(trained: Trained) -> None:
    config = trained.run["config"]
    assert RunConfig.model_validate(config) == trained.config
    assert config == trained.config.model_dump(mode="json")
    # Fields that were left to their defaults are written out.
    assert config["optimizer"]["weight_decay"] == 0.0
    assert config["schedule"] == {"name": "none", "warmup_epochs": 0.0}
    assert config["training"]["seed"] == 1


def test_times_are_utc_and_durations_seconds(trained: Trained) -> None:
    times = [trained.run[key] for key in ("created_at", "started_at", "ended_at")]
    moments = [datetime.fromisoformat(time) for time in times]
    assert all(moment.tzinfo == UTC for moment in moments)
    assert moments == sorted(moments)
    assert isinstance(trained.run["duration_s"], float)
    span = (moments[2] - moments[1]).total_seconds()
    assert trained.run["duration_s"] == pytest.approx(span, abs=0.002)


def test_the_best_step_is_the_one_with_the_best_validation(trained: Trained) -> None:
    run = trained.run
    assert run["monitor"] == "validation_accuracy"
    best = max(run["validations"], key=lambda one: one["accuracy"])
    assert (run["best_step"], run["best_epoch"]) == (best["step"], best["epoch"])
    assert run["best_value"] == best["accuracy"]


def test_counts_follow_from_the_split(trained: Trained) -> None:
    run = trained.run
    assert [run[f"{split}_images"] for split in SIZES] == list(SIZES.values())
    assert (run["epochs_planned"], run["steps_per_epoch"]) == (3, 10)


def test_where_it_came_from(trained: Trained) -> None:
    run = trained.run
    assert run["versions"] == versions()
    with Reader(trained.home) as reader:
        # Asked again, git might tell another state, or none where it answers too slowly.
        assert run["git"] == reader.run(run["id"]).git
    assert run["git"] is None or list(run["git"]) == ["commit", "modified"]
    for key in ("device_name", "precision", "memory_format", "residence", "host"):
        assert isinstance(run[key], str)
        assert run[key]


def test_notes_come_in_their_order(trained: Trained) -> None:
    notes = trained.run["notes"]
    assert [note["text"] for note in notes] == ["a word", "another “word”"]
    for note in notes:
        assert list(note) == ["text", "written_at"]
        assert datetime.fromisoformat(note["written_at"]).tzinfo == UTC


# What it consists of


def test_epochs(trained: Trained) -> None:
    epochs = trained.run["epochs"]
    assert [one["epoch"] for one in epochs] == [1, 2, 3]
    for one in epochs:
        assert list(one) == [
            "epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
            "lr", "seconds", "step", "images_per_second",
        ]  # fmt: skip
        assert is_share(one["train_accuracy"])
        assert is_share(one["validation_accuracy"])
        assert one["train_loss"] > 0
        assert one["validation_loss"] > 0
        assert one["lr"] == 0.005
        assert one["seconds"] > 0


def test_validations_on_the_way_come_in_the_order_of_their_steps(trained: Trained) -> None:
    validations = trained.run["validations"]
    places = [(one["epoch"], one["step"]) for one in validations]
    assert places == [(1, 4), (1, 8), (1, 10), (2, 12), (2, 16), (2, 20), (3, 24), (3, 28), (3, 30)]
    for one in validations:
        assert list(one) == ["split", "epoch", "step", *FIGURES, "evaluated_at"]
        assert one["split"] == "validation"
        assert all(is_number(one[figure]) for figure in FIGURES)


def test_an_epochs_figures_are_those_of_its_last_validation(trained: Trained) -> None:
    at = {one["step"]: one for one in trained.run["validations"]}
    for epoch in trained.run["epochs"]:
        end = at[epoch["epoch"] * 10]
        assert epoch["validation_loss"] == end["loss"]
        assert epoch["validation_accuracy"] == end["accuracy"]


def test_every_split_is_evaluated_with_both_checkpoints(trained: Trained) -> None:
    evaluations = trained.run["evaluations"]
    places = {(one["split"], one["checkpoint"]) for one in evaluations}
    assert places == {(split, kind) for split in SIZES for kind in ("best", "last")}
    assert len(evaluations) == 6
    for one in evaluations:
        assert list(one) == ["split", "checkpoint", *FIGURES, "classes", *EVALUATED]
        assert one["loss"] > 0
        assert all(is_share(one[figure]) for figure in FIGURES[1:])
        assert one["top5_accuracy"] >= one["accuracy"]


def test_classes_are_named_and_their_images_add_up(trained: Trained) -> None:
    for evaluation in trained.run["evaluations"]:
        classes = evaluation["classes"]
        assert [one["name"] for one in classes] == list(trained.classes)
        for one in classes:
            assert list(one) == ["name", "precision", "recall", "f1", "support"]
            assert all(is_share(one[key]) for key in ("precision", "recall", "f1"))
            assert isinstance(one["support"], int)
        assert sum(one["support"] for one in classes) == SIZES[evaluation["split"]]


def test_macro_figures_are_means_over_the_classes(trained: Trained) -> None:
    for evaluation in trained.run["evaluations"]:
        classes = evaluation["classes"]
        for key in ("precision", "recall", "f1"):
            mean = math.fsum(one[key] for one in classes) / len(classes)
            assert evaluation[f"{key}_macro"] == pytest.approx(mean)
        hits = math.fsum(one["recall"] * one["support"] for one in classes)
        assert evaluation["accuracy"] == pytest.approx(hits / SIZES[evaluation["split"]])


def test_checkpoints_are_the_files_on_disk(trained: Trained) -> None:
    checkpoints = trained.run["checkpoints"]
    assert [one["kind"] for one in checkpoints] == ["best", "last"]
    for one in checkpoints:
        assert list(one) == [
            "kind", "epoch", "path", "bytes", "sha256", "step", "value", "saved_at",
        ]  # fmt: skip
        content = Path(one["path"]).read_bytes()
        assert one["bytes"] == len(content)
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
    assert [one["epoch"] for one in checkpoints] == [trained.run["best_epoch"], 3]
    held = trained.home.checkpoints(trained.run["id"]).iterdir()
    assert sorted(map(str, held)) == sorted(one["path"] for one in checkpoints)


# Runs that are not whole


def queue(home: Home, run_id: str, config: dict[str, Any] | None = None) -> None:
    """A row such as `cnnlab run` writes before the first step."""
    create_run(
        home, run_id, config=config or small_config().model_dump(mode="json"), dataset="mnist-5k",
        model="lenet", monitor="validation_accuracy", epochs=2,
    )  # fmt: skip


STARTED = RunStarted("cpu", "a CPU", "float32", "contiguous", "device", 10, 20, 2, 5, 80, 10, 10)


def test_a_run_that_has_not_begun_has_every_key(home: Home) -> None:
    queue(home, "00000001")
    run = as_json(home)[0]
    assert list(run) == FIRST + MORE
    assert (run["status"], run["preset"], run["git"]) == ("queued", None, None)
    for key in ("parameters", "device", "started_at", "duration_s", "best_value", "message"):
        assert run[key] is None
    for key in (
        "epochs", "evaluations", "checkpoints", "tags", "notes", "validations", "interventions",
        "later_evaluations",
    ):  # fmt: skip
        assert run[key] == []


def test_a_failed_run_says_why(home: Home) -> None:
    queue(home, "00000001")
    with Recorder(home, "00000001") as recorder:
        recorder.record(STARTED)
        recorder.record(RunFailed("out of memory"))
    run = as_json(home)[0]
    assert (run["status"], run["message"], run["parameters"]) == ("failed", "out of memory", 10)


def test_no_runs_are_an_empty_list(home: Home) -> None:
    assert as_json(home) == []


def test_several_runs_keep_their_order_and_their_own_parts(home: Home) -> None:
    for number in (1, 2, 3):
        queue(home, f"0000000{number}")
    with Recorder(home, "00000002") as recorder:
        recorder.record(EpochFinished(1, 5, 0.5, 0.5, 0.4, 0.6, 0.1, 1.0, 80.0))
    with Reader(home) as reader:
        chosen = [reader.run(f"0000000{number}") for number in (3, 1, 2)]
        runs = runs_as_json(reader, chosen)
    assert [run["id"] for run in runs] == ["00000003", "00000001", "00000002"]
    assert [len(run["epochs"]) for run in runs] == [0, 0, 1]


# What JSON cannot say


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_no_number_is_null(home: Home, value: float) -> None:
    metrics = ClassMetrics("seven", 0.1, 0.2, 0.3, 10)
    evaluation = Evaluation(value, 0.1, None, 0.1, 0.2, 0.3, (metrics,), ((10,),))
    queue(home, "00000001")
    with Recorder(home, "00000001") as recorder:
        recorder.record(STARTED)
        recorder.record(EvaluationFinished("validation", None, 1, 5, evaluation))
        recorder.record(CheckpointSaved("best", 1, 5, home.root / "x.pt", 3, "00", value))
        recorder.record(EpochFinished(1, 5, value, 0.5, value, 0.6, 0.1, 1.0, 80.0))
        recorder.record(EvaluationFinished("test", "best", 1, 5, evaluation))
    run = as_json(home)[0]
    assert run["best_value"] is None
    assert (run["epochs"][0]["train_loss"], run["epochs"][0]["validation_loss"]) == (None, None)
    assert run["epochs"][0]["train_accuracy"] == 0.5
    for one in (run["validations"][0], run["evaluations"][0]):
        assert one["loss"] is None
        assert one["top5_accuracy"] is None
        assert one["accuracy"] == 0.1


def test_a_config_with_infinities_stays_strict_json(home: Home) -> None:
    config = small_config().model_dump(mode="json")
    config["optimizer"]["betas"] = [0.9, math.inf]
    config["later"] = {"deep": [{"value": -math.inf}]}
    queue(home, "00000001", config)
    told = as_json(home)[0]["config"]
    assert told["optimizer"]["betas"] == [0.9, None]
    assert told["later"] == {"deep": [{"value": None}]}


def test_text_comes_through_as_it_was_written(home: Home) -> None:
    text = 'ü "quoted" \\ \x1b[31m\n漢字 🎉'
    queue(home, "00000001")
    add_note(home, "00000001", text)
    assert as_json(home)[0]["notes"][0]["text"] == text
