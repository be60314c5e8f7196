"""A run, told as events: complete, in order, and the same bits for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import torch
from training.conftest import of_kind, small_config

from cnnlab.data.store import Dataset
from cnnlab.errors import ConfigError
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
from cnnlab.training.checkpoints import load_checkpoint
from cnnlab.training.trainer import Trainer

MakeTrainer = Callable[..., Trainer]


def figures(events: list[Event]) -> list[Any]:
    """What must be the same in two equal runs: all but times and files."""
    losses = [
        (loss, lr)
        for e in of_kind(events, StepsFinished)
        for loss, lr in zip(e.losses, e.lrs, strict=True)
    ]
    epochs = [
        (e.epoch, e.train_loss, e.train_accuracy, e.validation_loss, e.lr)
        for e in of_kind(events, EpochFinished)
    ]
    return [losses, epochs, of_kind(events, EvaluationFinished)]


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trainer.parts.model.state_dict().items()}


def assert_same_weights(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


@pytest.fixture(scope="module")
def plain(few_digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """What a small run tells."""
    return list(Trainer(small_config(), few_digits, tmp_path_factory.mktemp("plain")).train())


def test_a_small_network_learns_real_digits(make_trainer: MakeTrainer) -> None:
    events = list(make_trainer(training={"epochs": 6}).train())
    first, last = of_kind(events, EpochFinished)[0], of_kind(events, EpochFinished)[-1]
    assert last.train_loss < first.train_loss / 2
    assert last.validation_accuracy > 0.8


def test_a_run_begins_with_its_start_and_has_one_ending_at_its_end(plain: list[Event]) -> None:
    assert isinstance(plain[0], RunStarted)
    assert isinstance(plain[-1], RunFinished)
    endings = [e for e in plain if isinstance(e, RunFinished | RunStopped | RunFailed)]
    assert len(endings) == 1


def test_every_step_is_told_once(plain: list[Event]) -> None:
    steps = [
        event.first_step + offset
        for event in of_kind(plain, StepsFinished)
        for offset in range(len(event.losses))
    ]
    assert steps == list(range(1, 21))  # 500 images in batches of 50, two epochs


def test_the_test_split_is_touched_only_after_training(plain: list[Event]) -> None:
    last_epoch = max(i for i, e in enumerate(plain) if isinstance(e, EpochFinished))
    tests = [
        i for i, e in enumerate(plain) if isinstance(e, EvaluationFinished) and e.split == "test"
    ]
    assert len(tests) == 2
    assert min(tests) > last_epoch


def test_the_end_evaluates_each_split_with_both_checkpoints(plain: list[Event]) -> None:
    final = {(e.split, e.checkpoint) for e in of_kind(plain, EvaluationFinished) if e.checkpoint}
    assert final == {(s, c) for s in ("train", "validation", "test") for c in ("best", "last")}


def test_validation_comes_every_so_many_steps_and_at_each_epochs_end(
    make_trainer: MakeTrainer,
) -> None:
    events = list(make_trainer(training={"evaluate_every": 4}).train())
    on_the_way = [e.step for e in of_kind(events, EvaluationFinished) if e.checkpoint is None]
    assert on_the_way == [4, 8, 10, 12, 16, 20]


def test_the_same_seed_gives_the_same_bits(make_trainer: MakeTrainer) -> None:
    augmentation = [{"name": "random-crop", "padding": 2}, {"name": "horizontal-flip"}]
    trainers = [make_trainer(augmentation=augmentation) for _ in range(2)]
    told = [list(trainer.train()) for trainer in trainers]
    assert figures(told[0]) == figures(told[1])
    assert_same_weights(weights(trainers[0]), weights(trainers[1]))


def test_another_seed_gives_another_run(make_trainer: MakeTrainer) -> None:
    told = [list(make_trainer(training={"seed": seed}).train()) for seed in (1, 2)]
    assert figures(told[0]) != figures(told[1])


def test_images_on_the_host_train_the_same_bits(make_trainer: MakeTrainer) -> None:
    trainers = [make_trainer(data={"residence": place}) for place in ("device", "host")]
    told = [list(trainer.train()) for trainer in trainers]
    assert of_kind(told[1], RunStarted)[0].residence == "host"
    assert figures(told[0]) == figures(told[1])


def stop_after(trainer: Trainer, step: int) -> list[Event]:
    """Trains and asks for a stop while the given step is computed."""

    def stop_at_its_step(*_: Any) -> None:
        if trainer.progress.step + 1 == step:
            trainer.stop.set()

    trainer.parts.optimizer.register_step_post_hook(stop_at_its_step)
    return list(trainer.train())


def test_a_stop_ends_after_the_step_under_way_and_evaluates_nothing_more(
    make_trainer: MakeTrainer,
) -> None:
    events = stop_after(make_trainer(), step=13)
    assert isinstance(events[-1], RunStopped)
    assert sum(len(e.losses) for e in of_kind(events, StepsFinished)) == 13
    assert {e.checkpoint for e in of_kind(events, EvaluationFinished)} == {None}
    saved = of_kind(events, CheckpointSaved)[-1]
    assert (saved.kind, saved.step) == ("last", 13)
    assert load_checkpoint(saved.path, saved.sha256)["progress"]["step_in_epoch"] == 3


SCHEDULES: list[dict[str, Any]] = [
    {"name": "none"},
    {"name": "exponential"},
    {"name": "step", "step_size": 1},
    {"name": "multi-step", "milestones": [1, 2]},
    {"name": "cosine"},
    {"name": "plateau", "patience": 0, "threshold": 0.5},
    {"name": "one-cycle"},
    {"name": "exponential", "warmup_epochs": 1.2},
    {"name": "one-cycle", "warmup_epochs": 1.2},
]
OPTIMIZERS: list[dict[str, Any]] = [
    {"name": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True},
    {"name": "adam"},
    {"name": "adamw"},
    {"name": "adagrad"},
    {"name": "adadelta"},
    {"name": "rmsprop", "lr": 0.001, "momentum": 0.5, "centered": True},
]
PAIRS = [
    *((OPTIMIZERS[0], schedule) for schedule in SCHEDULES),
    *zip(cycle(OPTIMIZERS[1:]), SCHEDULES, strict=False),
]
"""Every schedule with SGD, and once more with each of the other optimizers in turn."""


@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    PAIRS,
    ids=lambda table: "-".join(
        str(table[key]) for key in ("name", "warmup_epochs") if key in table
    ),
)
def test_a_run_that_goes_on_from_checkpoints_ends_with_the_same_bits(
    make_trainer: MakeTrainer,
    tmp_path: Path,
    optimizer: dict[str, Any],
    schedule: dict[str, Any],
) -> None:
    """It is stopped within its first epoch, at the end of that, and within its second epoch."""
    tables: dict[str, Any] = {
        "optimizer": optimizer,
        "schedule": schedule,
        "augmentation": [{"name": "random-crop", "padding": 2}],
        "model": {
            "name": "simple-cnn",
            "channels": 4,
            "hidden": 16,
            "dropout": 0.3,
            "batch_norm": True,
        },
        "training": {"epochs": 3, "evaluate_every": 8},
    }
    undisturbed = make_trainer(**tables)
    expected = list(undisturbed.train())

    folder = tmp_path / "resumed"
    resumed = make_trainer(folder, **tables)
    told: list[Event] = []
    for step in (7, 10, 16):
        stopped = stop_after(resumed, step)
        assert isinstance(stopped[-1], RunStopped)
        told += stopped
        resumed = make_trainer(folder, **tables)
        resumed.load_state_dict(load_checkpoint(of_kind(stopped, CheckpointSaved)[-1].path))
    told += resumed.train()

    assert_same_weights(weights(undisturbed), weights(resumed))
    assert figures(told) == figures(expected)


def test_the_best_checkpoint_holds_the_weights_with_the_best_validation(
    make_trainer: MakeTrainer,
) -> None:
    trainer = make_trainer(optimizer={"lr": 0.03}, training={"epochs": 5})
    events = list(trainer.train())
    validations = [e for e in of_kind(events, EvaluationFinished) if e.checkpoint is None]
    best = max(e.evaluation.accuracy for e in validations)
    final = [
        e
        for e in of_kind(events, EvaluationFinished)
        if (e.split, e.checkpoint) == ("validation", "best")
    ]
    assert final[0].evaluation.accuracy == best
    assert final[0].step == next(e.step for e in validations if e.evaluation.accuracy == best)


def test_only_the_newest_checkpoint_of_each_kind_stays(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(training={"epochs": 4})
    events = list(trainer.train())
    newest = {saved.kind: saved.path for saved in of_kind(events, CheckpointSaved)}
    assert set(trainer.files.folder.iterdir()) == set(newest.values())


@pytest.mark.parametrize(("epochs", "expected"), [(1, [10, 20, 30]), (2, [20, 30]), (5, [30])])
def test_checkpoints_come_at_the_ends_of_so_many_epochs_and_of_the_training(
    make_trainer: MakeTrainer, epochs: int, expected: list[int]
) -> None:
    trainer = make_trainer(training={"epochs": 3, "checkpoint": {"epochs": epochs}})
    told = of_kind(trainer.train(), CheckpointSaved)
    assert [saved.step for saved in told if saved.kind == "last"] == expected


def test_checkpoints_come_within_an_epoch_when_the_newest_is_too_old(
    make_trainer: MakeTrainer,
) -> None:
    """They change nothing but how much is repeated after a crash."""
    often, never = (
        make_trainer(training={"checkpoint": {"minutes": minutes}}) for minutes in (1e-9, 0)
    )
    told = [list(trainer.train()) for trainer in (often, never)]
    steps = [
        [saved.step for saved in of_kind(events, CheckpointSaved) if saved.kind == "last"]
        for events in told
    ]
    assert steps == [[*range(1, 11), 10, *range(11, 21), 20], [10, 20]]
    assert figures(told[0]) == figures(told[1])
    assert_same_weights(weights(often), weights(never))


def test_early_stopping_waits_for_its_patience(make_trainer: MakeTrainer) -> None:
    tables = {
        "optimizer": {"name": "sgd", "lr": 1e-12},
        "training": {"epochs": 20, "early_stopping": {"patience": 3}},
    }
    events = list(make_trainer(**tables).train())
    assert len(of_kind(events, EpochFinished)) == 4  # the first sets the mark, three do not beat it
    assert isinstance(events[-1], RunFinished)
    assert "early stopping after epoch 4" in events[-1].reason


def test_a_monitored_loss_improves_downwards(make_trainer: MakeTrainer) -> None:
    events = list(make_trainer(training={"monitor": "validation_loss", "epochs": 4}).train())
    validations = [e for e in of_kind(events, EvaluationFinished) if e.checkpoint is None]
    best = [saved for saved in of_kind(events, CheckpointSaved) if saved.kind == "best"]
    assert best[-1].value == min(e.evaluation.loss for e in validations)


def test_a_diverging_run_says_so_and_still_ends(make_trainer: MakeTrainer) -> None:
    events = list(make_trainer(optimizer={"name": "sgd", "lr": 1e8}).train())
    warnings = [e.message for e in of_kind(events, Logged) if e.level == "warning"]
    assert any("not finite" in message for message in warnings)
    assert isinstance(events[-1], RunFinished)


def test_a_last_batch_of_one_image_is_left_out(make_trainer: MakeTrainer) -> None:
    tables = {
        "data": {"validation": 99},  # 501 images for training
        "model": {"name": "simple-cnn", "channels": 2, "hidden": 8, "batch_norm": True},
    }
    trainer = make_trainer(**tables)
    assert trainer.steps_per_epoch == 10
    assert isinstance(list(trainer.train())[-1], RunFinished)


def test_batch_norm_without_a_batch_is_refused(make_trainer: MakeTrainer) -> None:
    net = {"name": "fully-connected", "linear_layers": 2, "hidden": 4, "batch_norm": True}
    with pytest.raises(ConfigError, match="batch_size 1 leaves batch normalisation"):
        make_trainer(model=net, training={"batch_size": 1})
    # Feature maps have many values a channel in one image.
    conv = {"name": "block-cnn", "channels": [2], "linear_layers": 1}
    assert make_trainer(model=conv, training={"batch_size": 1}).steps_per_epoch == 500


def test_a_checkpoint_folder_that_cannot_be_written_ends_the_run_with_a_sentence(
    make_trainer: MakeTrainer,
) -> None:
    trainer = make_trainer()
    trainer.files.folder = trainer.files.folder / "gone"
    ending = list(trainer.train())[-1]
    assert isinstance(ending, RunFailed)
    assert "cannot be written" in ending.message
    assert ending.details == ""


def test_bfloat16_trains_and_is_told(make_trainer: MakeTrainer) -> None:
    events = list(make_trainer(training={"precision": "bfloat16", "epochs": 1}).train())
    assert of_kind(events, RunStarted)[0].precision == "bfloat16"
    assert isinstance(events[-1], RunFinished)


@pytest.mark.slow
def test_a_compiled_network_keeps_plain_names_in_its_checkpoint(make_trainer: MakeTrainer) -> None:
    plain, compiled = make_trainer(), make_trainer(training={"compile": True})
    events = list(compiled.train())
    assert isinstance(events[-1], RunFinished)
    saved = of_kind(events, CheckpointSaved)[-1]
    assert load_checkpoint(saved.path)["model"].keys() == plain.parts.model.state_dict().keys()
