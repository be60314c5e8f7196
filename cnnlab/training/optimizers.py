"""Optimizers, in PyTorch's fused form where there is one."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import torch
from torch.nn import Parameter

from cnnlab.config.optimization import OptimizerConfig

FUSED_ON_CPU_ONLY = ("adagrad",)
"""Optimizers whose fused form not every PyTorch from 2.11 on has for other devices."""


def build_optimizer(
    config: OptimizerConfig, parameters: Iterable[Parameter] | Iterable[dict[str, Any]]
) -> torch.optim.Optimizer:
    """The optimizer that a config names, over the given parameters or groups of them.

    The fused form updates all weights in one kernel; on two CPU cores it takes a fifth off the
    step of a small network.
    """
    build = config.load()
    weights: list[Any] = list(parameters)
    has_fused = "fused" in inspect.signature(build).parameters
    if config.name in FUSED_ON_CPU_ONLY and _device(weights[0]).type != "cpu":
        has_fused = False
    fused = {"fused": True} if has_fused else {}
    optimizer: torch.optim.Optimizer = build(weights, **fused, **config.parameters())
    return optimizer


def _device(weights: Parameter | dict[str, Any]) -> torch.device:
    """Where a parameter, or a group of them, lies."""
    first: Parameter = weights["params"][0] if isinstance(weights, dict) else weights
    return first.device


def current_lr(optimizer: torch.optim.Optimizer) -> float:
    """The learning rate of the first parameter group."""
    return float(optimizer.param_groups[0]["lr"])
