"""Commands to a training under way: what they change, and what they leave as it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from training.conftest import of_kind
from waiting import SECONDS, wait_until

from cnnlab.events import (
    CheckpointSaved,
    Command,
    EpochFinished,
    Event,
    Intervened,
    Logged,
    RunFinished,
    RunStopped,
    StepsFinished,
)
from cnnlab.training.checkpoints import load_checkpoint
from cnnlab.training.trainer import Trainer

MakeTrainer = Callable[..., Trainer]


def rates(events: list[Event]) -> list[float]:
    """The learning rate of each step."""
    return [lr for event in of_kind(events, StepsFinished) for lr in event.lrs]


def told(trainer: Trainer, commands: Mapping[int, list[Command]]) -> Iterator[Event]:
    """Trains, and gives the commands while these steps are taken."""
    step = trainer._step

    def take(images: torch.Tensor, labels: torch.Tensor) -> None:
        step(images, labels)
        for command in commands.get(trainer.progress.step, ()):
            trainer.inbox.put(command)

    trainer._step = take  # type: ignore[method-assign]
    return trainer.train()


def test_the_learning_rate_changes_from_the_next_step_on(make_trainer: MakeTrainer) -> None:
    plain = rates(list(make_trainer(schedule="exponential").train()))
    trainer = make_trainer(schedule="exponential")
    events = list(told(trainer, {3: [Command("scale_lr", 0.5)], 12: [Command("scale_lr", 0.5)]}))
    factors = [1.0] * 3 + [0.5] * 9 + [0.25] * 8
    assert rates(events) == pytest.approx(
        [rate * f for rate, f in zip(plain, factors, strict=True)]
    )
    first, second = of_kind(events, Intervened)
    assert (first.command, first.epoch, first.step) == (Command("scale_lr", 0.5), 1, 3)
    assert (second.epoch, second.step) == (2, 12)
    assert "Learning rate times 0.5 after step 3." in [e.message for e in of_kind(events, Logged)]


@pytest.mark.parametrize("schedule", ["none", "cosine", "one-cycle"])
def test_epochs_can_be_added(make_trainer: MakeTrainer, schedule: str) -> None:
    events = list(told(make_trainer(schedule=schedule), {5: [Command("add_epochs", 2)]}))
    assert [e.epoch for e in of_kind(events, EpochFinished)] == [1, 2, 3, 4]
    assert isinstance(events[-1], RunFinished)
    if schedule != "none":  # what falls to its end stays there
        after = rates(events)[20:]
        assert after == pytest.approx([after[0]] * 20)
        assert after[0] < 0.005 / 10


def test_a_checkpoint_on_demand_is_one_to_go_on_from(
    make_trainer: MakeTrainer, tmp_path: Path
) -> None:
    """It holds what was changed by hand: the run that goes on from it ends with the same bits."""
    commands = {
        3: [Command("scale_lr", 0.5), Command("add_epochs", 1)],
        5: [Command("checkpoint")],
    }
    tables: dict[str, Any] = {"schedule": {"name": "one-cycle", "warmup_epochs": 0.9}}
    whole = make_trainer(**tables)
    events = list(told(whole, commands))
    folder = tmp_path / "stopped"
    stopped = list(told(make_trainer(folder, **tables), {**commands, 6: [Command("stop")]}))
    saved = [e for e in of_kind(stopped, CheckpointSaved) if e.step == 5]
    assert [e.kind for e in saved] == ["last"]
    newest = of_kind(stopped, CheckpointSaved)[-1]
    resumed = make_trainer(folder, **tables)
    resumed.load_state_dict(load_checkpoint(newest.path))
    went_on = list(resumed.train())
    assert rates(went_on) == rates(events)[6:]
    assert [e.epoch for e in of_kind(went_on, EpochFinished)] == [1, 2, 3]
    expected = whole.parts.model.state_dict()
    for name, value in resumed.parts.model.state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_a_pause_changes_nothing_but_the_time(make_trainer: MakeTrainer) -> None:
    plain = make_trainer()
    expected = of_kind(list(plain.train()), EpochFinished)
    trainer = make_trainer()
    told_events: list[Event] = []
    commands = [Command("pause"), Command("pause"), Command("checkpoint")]

    def train() -> None:
        for event in told(trainer, {4: commands}):
            told_events.append(event)

    begun = time.perf_counter()
    thread = threading.Thread(target=train, daemon=True)
    thread.start()
    # What is asked for in a pause is done in it: when it is done, the pause has begun.
    wait_until(lambda: any(isinstance(e, CheckpointSaved) for e in told_events[:]))
    paused = time.perf_counter()
    time.sleep(1.0)
    assert thread.is_alive()
    assert trainer.progress.step == 4
    pause = time.perf_counter() - paused
    trainer.inbox.put(Command("continue"))
    thread.join(SECONDS)
    assert not thread.is_alive()
    whole = time.perf_counter() - begun
    assert [e.command.kind for e in of_kind(told_events, Intervened)] == [
        "pause", "checkpoint", "continue",
    ]  # fmt: skip
    epochs = of_kind(told_events, EpochFinished)
    assert [(e.train_loss, e.validation_loss) for e in epochs] == [
        (e.train_loss, e.validation_loss) for e in expected
    ]
    assert sum(e.seconds for e in epochs) < whole - pause


def test_a_paused_training_can_be_stopped(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer()
    events = []
    for event in told(trainer, {4: [Command("pause")]}):
        events.append(event)
        if isinstance(event, Intervened):
            threading.Timer(0.5, lambda: trainer.inbox.put(Command("stop"))).start()
    assert isinstance(events[-1], RunStopped)
    assert of_kind(events, CheckpointSaved)[-1].step == 4


@pytest.mark.parametrize("kind", ["scale_lr", "add_epochs"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_a_command_without_a_sensible_value_cannot_be_made(kind: Any, value: float) -> None:
    with pytest.raises(ValueError, match="needs a value above 0"):
        Command(kind, value)
