"""Learning rates over the epochs, against the formulas of PyTorch's documentation."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from cnnlab.config.optimization import OptimizerConfig, ScheduleConfig
from cnnlab.training.optimizers import build_optimizer, current_lr
from cnnlab.training.progress import is_better
from cnnlab.training.schedules import build_schedule, end_epoch


def learning_rates(table: dict[str, Any], losses: list[float]) -> list[float]:
    """The learning rate of each epoch, for the validation losses at the epochs' ends."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    config = TypeAdapter(ScheduleConfig).validate_python(table)
    schedule = build_schedule(config, optimizer, epochs=len(losses))
    rates = []
    for loss in losses:
        rates.append(current_lr(optimizer))
        optimizer.step()
        end_epoch(schedule, loss)
    return rates


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"name": "none"}, [1, 1, 1, 1]),
        ({"name": "exponential", "gamma": 0.85}, [1, 0.85, 0.85**2, 0.85**3]),
        ({"name": "step", "step_size": 2, "gamma": 0.1}, [1, 1, 0.1, 0.1]),
        ({"name": "multi-step", "milestones": [1, 3], "gamma": 0.5}, [1, 0.5, 0.5, 0.25]),
        ({"name": "cosine"}, [(1 + math.cos(math.pi * epoch / 4)) / 2 for epoch in range(4)]),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_the_learning_rate_follows_its_formula(
    table: dict[str, Any], expected: list[float]
) -> None:
    assert learning_rates(table, [1.0] * 4) == pytest.approx(expected)


def test_a_plateau_lowers_the_rate_when_the_loss_stays() -> None:
    table = {"name": "plateau", "factor": 0.1, "patience": 1}
    assert learning_rates(table, [1.0, 0.9, 0.9, 0.9, 0.9]) == pytest.approx([1, 1, 1, 1, 0.1])


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_the_fused_optimizers_step_like_the_plain_ones(name: str) -> None:
    config = TypeAdapter(OptimizerConfig).validate_python(
        {"name": name, "lr": 0.01, "weight_decay": 0.1}
    )
    weights = [torch.nn.Parameter(torch.linspace(-1, 1, 9)) for _ in range(2)]
    fused = build_optimizer(config, [weights[0]])
    plain = config.load()([weights[1]], **config.parameters(), foreach=False)
    assert fused.defaults["fused"] is True
    for step in range(5):
        for weight, optimizer in zip(weights, (fused, plain), strict=True):
            weight.grad = torch.sin(torch.arange(9.0) + step)
            optimizer.step()
    torch.testing.assert_close(weights[0], weights[1])


def test_a_value_that_is_no_number_never_improves() -> None:
    nan = float("nan")
    assert not is_better("validation_accuracy", nan, 0.1)
    assert is_better("validation_accuracy", 0.1, nan)
    assert is_better("validation_loss", 0.4, 0.5)
    assert not is_better("validation_loss", 0.4, 0.5, delta=0.2)
