"""Learning rates over the steps of a run, against values worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from cnnlab.config.optimization import ScheduleConfig
from cnnlab.events import EpochFinished, EvaluationFinished, RunFinished, StepsFinished
from cnnlab.training.optimizers import current_lr
from cnnlab.training.progress import is_better
from cnnlab.training.schedules import Schedule, build_schedule
from cnnlab.training.trainer import Trainer

EPOCHS, STEPS = 4, 4
"""Length of the runs here, and steps in each epoch."""

Table = dict[str, Any]


def build(
    table: Table, epochs: int = EPOCHS, lrs: Sequence[float] = (1.0,), own: float = 1.0
) -> tuple[torch.optim.Optimizer, Schedule]:
    """A schedule over an optimizer that has a group for each learning rate."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs]
    optimizer = torch.optim.SGD(groups, lr=own)
    config = TypeAdapter(ScheduleConfig).validate_python(table)
    return optimizer, build_schedule(config, optimizer, epochs, STEPS)


def rates(
    table: Table,
    losses: Sequence[float] = (1.0,) * EPOCHS,
    train_losses: Sequence[float] | None = None,
    **how: Any,
) -> list[list[float]]:
    """The learning rates of the groups in each step, for the epochs' validation losses."""
    optimizer, schedule = build(table, epochs=len(losses), **how)
    told = []
    for loss, train_loss in zip(losses, train_losses or losses, strict=True):
        for _ in range(STEPS):
            schedule.begin_step()
            told.append([group["lr"] for group in optimizer.param_groups])
            optimizer.step()
        schedule.end_epoch(train_loss=train_loss, validation_loss=loss)
    return told


def first_group(told: list[list[float]]) -> list[float]:
    return [step[0] for step in told]


def each_step(epochs: Sequence[float]) -> list[float]:
    """One value an epoch, as one value a step."""
    return [value for value in epochs for _ in range(STEPS)]


BY_EPOCH: list[tuple[Table, list[float]]] = [
    ({"name": "none"}, [1, 1, 1, 1]),
    ({"name": "exponential", "gamma": 0.85}, [1, 0.85, 0.7225, 0.614125]),
    ({"name": "step", "step_size": 2, "gamma": 0.1}, [1, 1, 0.1, 0.1]),
    ({"name": "multi-step", "milestones": [1, 3], "gamma": 0.5}, [1, 0.5, 0.5, 0.25]),
    ({"name": "cosine"}, [1, (2 + math.sqrt(2)) / 4, 0.5, (2 - math.sqrt(2)) / 4]),
    (
        {"name": "cosine", "eta_min": 0.2},
        [1, 0.6 + 0.2 * math.sqrt(2), 0.6, 0.6 - 0.2 * math.sqrt(2)],
    ),
    ({"name": "plateau", "factor": 0.5, "patience": 0, "min_lr": 0.2}, [1, 1, 0.5, 0.25]),
]
ONE_CYCLE: Table = {
    "name": "one-cycle",
    "pct_start": 0.25,
    "anneal_strategy": "linear",
    "div_factor": 10,
    "final_div_factor": 100,
}
RISE_AND_FALL = [0.1, 0.4, 0.7, 1.0, *(1 - 0.999 * step / 12 for step in range(1, 13))]
"""That cycle over 16 steps: 4 of them rise to 1, 12 fall to a thousandth."""

EVERY_SCHEDULE = [
    *((table, each_step(epochs)) for table, epochs in BY_EPOCH),
    (ONE_CYCLE, RISE_AND_FALL),
]
WARMUP = [1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, *[1] * 11]
"""The factors of one and a half epochs of warm-up, which are six steps."""


def words(value: Any) -> str:
    """The id of a case: its table's values."""
    return "-".join(map(str, value.values())) if isinstance(value, dict) else ""


with_values = pytest.mark.parametrize(("table", "expected"), EVERY_SCHEDULE, ids=words)
with_each = pytest.mark.parametrize("table", [table for table, _ in EVERY_SCHEDULE], ids=words)


@with_values
def test_the_learning_rate_follows_its_formula(table: Table, expected: list[float]) -> None:
    assert first_group(rates(table)) == pytest.approx(expected)


@with_values
def test_a_warm_up_rises_step_by_step_while_the_schedule_counts_from_the_start(
    table: Table, expected: list[float]
) -> None:
    warmed = first_group(rates({**table, "warmup_epochs": 1.5}))
    assert warmed == pytest.approx(
        [factor * rate for factor, rate in zip(WARMUP, expected, strict=True)]
    )


@with_each
def test_groups_keep_their_ratio(table: Table) -> None:
    table = {**table, "warmup_epochs": 0.5}
    alone = first_group(rates(table))
    for slow, own, fast in rates(table, lrs=(0.001, 1.0, 10.0)):
        assert (slow, fast) == pytest.approx((own * 0.001, own * 10))
    assert [step[1] for step in rates(table, lrs=(0.001, 1.0))] == alone


@with_each
@pytest.mark.parametrize("step", [3, 4, 9])
def test_a_schedule_goes_on_from_its_state(table: Table, step: int) -> None:
    table = {**table, "warmup_epochs": 1.5}
    optimizer, schedule = build(table, lrs=(1.0, 0.1))
    told: list[float] = []
    for done in range(EPOCHS * STEPS):
        if done == step:
            saved = (optimizer.state_dict(), schedule.state_dict())
            optimizer, schedule = build(table, lrs=(1.0, 0.1))
            optimizer.load_state_dict(saved[0])
            schedule.load_state_dict(saved[1])
        if done and done % STEPS == 0:  # the end of the epoch before, as a resumed run meets it
            schedule.end_epoch(train_loss=1.0, validation_loss=1.0)
        schedule.begin_step()
        told.append(current_lr(optimizer))
        optimizer.step()
    assert told == first_group(rates(table))


def test_a_plateau_lowers_the_rate_when_the_loss_stays_but_not_below_its_floor() -> None:
    table = {"name": "plateau", "factor": 0.1, "patience": 1, "min_lr": 0.05}
    losses = [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
    assert first_group(rates(table, losses))[::STEPS] == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.05])


def test_a_plateau_watches_the_loss_that_it_is_told_to() -> None:
    falls, stays = [1.0, 0.9, 0.8, 0.7], [1.0, 1.0, 1.0, 1.0]
    table = {"name": "plateau", "factor": 0.5, "patience": 0}
    lowered, kept = [1, 1, 0.5, 0.25], [1, 1, 1, 1]
    assert first_group(rates(table, stays, falls))[::STEPS] == pytest.approx(lowered)
    assert first_group(rates(table, falls, stays))[::STEPS] == pytest.approx(kept)
    table = {**table, "monitor": "train_loss"}
    assert first_group(rates(table, stays, falls))[::STEPS] == pytest.approx(kept)
    assert first_group(rates(table, falls, stays))[::STEPS] == pytest.approx(lowered)


def test_a_cycle_along_cosines_is_that_of_pytorch() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3.0, total_steps=16)
    for step, rate in enumerate(first_group(rates({"name": "one-cycle", "max_lr": 3.0}))):
        assert rate == pytest.approx(current_lr(optimizer))
        optimizer.step()
        if step < 15:
            reference.step()


def test_the_top_of_a_cycle_is_said_of_the_optimizers_own_rate() -> None:
    told = rates({**ONE_CYCLE, "max_lr": 3.0}, lrs=(0.5, 0.05), own=0.5)
    assert max(told) == pytest.approx([3.0, 0.3])


def test_a_cycle_ends_with_the_last_step_of_the_run() -> None:
    told = first_group(rates({"name": "one-cycle"}))
    assert told[0] == pytest.approx(1 / 25)
    assert told[-1] == pytest.approx(1 / 25 / 1e4)
    assert told[-1] == min(told)


@pytest.mark.parametrize("epochs", [1, 2, 5])
@pytest.mark.parametrize("pct_start", [0, 0.05, 0.125, 0.25, 0.3, 1])
def test_a_cycle_of_any_share_fits_a_run_of_any_length(epochs: int, pct_start: float) -> None:
    told = first_group(rates({"name": "one-cycle", "pct_start": pct_start}, [1.0] * epochs))
    top = told.index(max(told))
    assert len(told) == epochs * STEPS
    assert 1 / 25 / 1e4 * 0.999 <= min(told) <= max(told) <= 1
    assert all(one <= other for one, other in pairwise(told[: top + 1]))
    assert all(one >= other for one, other in pairwise(told[top:]))


def test_a_cycle_leaves_the_momentum_to_the_optimizer() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.5)
    config = TypeAdapter(ScheduleConfig).validate_python({"name": "one-cycle"})
    schedule = build_schedule(config, optimizer, EPOCHS, STEPS)
    for _ in range(EPOCHS * STEPS):
        schedule.begin_step()
        assert optimizer.param_groups[0]["momentum"] == 0.5
        optimizer.step()


def test_a_warm_up_longer_than_the_run_keeps_rising() -> None:
    told = first_group(rates({"name": "none", "warmup_epochs": 8}))
    assert told == pytest.approx([step / 32 for step in range(1, 17)])


def test_a_run_tells_the_learning_rate_of_each_step_also_around_validations(
    make_trainer: Callable[..., Trainer],
) -> None:
    events = list(
        make_trainer(
            optimizer={"name": "sgd", "lr": 0.1},
            schedule={**ONE_CYCLE, "pct_start": 0.2, "warmup_epochs": 0.2},
            training={"evaluate_every": 4},
        ).train()
    )
    assert isinstance(events[-1], RunFinished)
    lrs = [lr for e in events if isinstance(e, StepsFinished) for lr in e.lrs]
    rise, fall = [0.01, 0.04, 0.07, 0.1], [0.1 - 0.0999 * step / 16 for step in range(1, 17)]
    assert lrs == pytest.approx([rise[0] / 2, *rise[1:], *fall])
    epochs = [e for e in events if isinstance(e, EpochFinished)]
    assert [e.lr for e in epochs] == [lrs[9], lrs[19]]
    validated = [e.step for e in events if isinstance(e, EvaluationFinished) and not e.checkpoint]
    assert validated == [4, 8, 10, 12, 16, 20]


def test_the_accuracies_of_the_steps_make_up_that_of_their_epoch(
    make_trainer: Callable[..., Trainer],
) -> None:
    events = list(make_trainer(training={"evaluate_every": 3}).train())
    steps = [a for e in events if isinstance(e, StepsFinished) for a in e.accuracies]
    assert len(steps) == 20
    for epoch in (e for e in events if isinstance(e, EpochFinished)):
        own = steps[10 * epoch.epoch - 10 : 10 * epoch.epoch]
        assert epoch.train_accuracy == pytest.approx(sum(own) / 10)


def test_a_value_that_is_no_number_never_improves() -> None:
    nan = float("nan")
    assert not is_better("validation_accuracy", nan, 0.1)
    assert is_better("validation_accuracy", 0.1, nan)
    assert is_better("validation_loss", 0.4, 0.5)
    assert not is_better("validation_loss", 0.4, 0.5, delta=0.2)
