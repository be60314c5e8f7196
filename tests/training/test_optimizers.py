"""Every optimizer has PyTorch's defaults, steps as PyTorch's does, and learns."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from cnnlab.config.component import Component, members
from cnnlab.config.optimization import OptimizerConfig
from cnnlab.events import EpochFinished
from cnnlab.training.optimizers import build_optimizer
from cnnlab.training.trainer import Trainer

OPTIMIZERS = members(OptimizerConfig)
by_name = pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=OPTIMIZERS)

SETTINGS: list[dict[str, Any]] = [
    {"name": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True},
    {"name": "adam", "lr": 0.005},
    {"name": "adamw", "lr": 0.005},
    {"name": "adagrad"},
    {"name": "adadelta"},
    {"name": "rmsprop", "lr": 0.001},
    {"name": "rmsprop", "lr": 0.001, "momentum": 0.5, "centered": True, "alpha": 0.9},
]


def test_all_optimizers_of_the_reports_are_there() -> None:
    assert set(OPTIMIZERS) >= {"sgd", "adam", "adamw", "adagrad", "adadelta", "rmsprop"}


@by_name
def test_the_defaults_are_those_of_pytorch(kind: type[Component]) -> None:
    named = inspect.signature(kind().load()).parameters
    for field, value in kind().parameters().items():
        assert value == named[field].default, field


@by_name
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_it_steps_like_pytorchs_plain_form(kind: type[Component], weight_decay: float) -> None:
    config = TypeAdapter(OptimizerConfig).validate_python(
        {"name": kind.model_fields["name"].default, "lr": 0.01, "weight_decay": weight_decay}
    )
    weights = [torch.nn.Parameter(torch.linspace(-1, 1, 9)) for _ in range(2)]
    ours = build_optimizer(config, [weights[0]])
    plain = config.load()([weights[1]], **config.parameters(), foreach=False)
    assert ours.defaults.get("fused", True) is True
    for step in range(5):
        for weight, optimizer in zip(weights, (ours, plain), strict=True):
            weight.grad = torch.sin(torch.arange(9.0) + step)
            optimizer.step()
    torch.testing.assert_close(weights[0], weights[1])
    assert not torch.equal(weights[0], torch.linspace(-1, 1, 9))


@pytest.mark.parametrize("grouped", [False, True])
def test_adagrad_is_fused_on_the_cpu_alone(grouped: bool) -> None:
    config = TypeAdapter(OptimizerConfig).validate_python({"name": "adagrad"})
    for device, expected in [("cpu", True), ("meta", None)]:
        weights = [torch.nn.Parameter(torch.zeros(3, device=device))]
        optimizer = build_optimizer(config, [{"params": weights}] if grouped else weights)
        assert optimizer.defaults["fused"] is expected


@pytest.mark.parametrize("table", SETTINGS, ids=lambda table: "-".join(map(str, table.values())))
def test_it_learns_real_digits(make_trainer: Callable[..., Trainer], table: dict[str, Any]) -> None:
    events = list(make_trainer(optimizer=table, training={"epochs": 3}).train())
    losses = [e.train_loss for e in events if isinstance(e, EpochFinished)]
    assert losses[-1] < 0.7 * losses[0]
