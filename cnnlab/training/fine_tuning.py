"""Fine-tuning: frozen parts, and a learning rate for each of the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.nn import Parameter
from torch.nn.modules.batchnorm import _BatchNorm

from cnnlab.config.fine_tuning import FineTuning
from cnnlab.errors import ConfigError, nearest
from cnnlab.models.parts import part_of, parts_of


@dataclass(frozen=True)
class Tuned:
    """A network of which some parts may be frozen.

    Attributes:
        trained: the parts that train, in the order of the layers.
        frozen: the parts that do not.
        groups: parameter groups for the optimizer; the first has the optimizer's own learning
            rate, if any part has it.
        resting: batch normalisations that keep their statistics.
    """

    model: nn.Module
    trained: tuple[str, ...]
    frozen: tuple[str, ...]
    groups: list[dict[str, Any]]
    resting: tuple[nn.Module, ...]

    def begin_training(self) -> None:
        """Puts the network into training mode, without the norms that keep their statistics."""
        self.model.train()
        for norm in self.resting:
            norm.eval()


def fine_tune(model: nn.Module, config: FineTuning) -> Tuned:
    """Freezes all parts but those that train and sorts their weights by learning rate.

    Frozen weights require no gradient, so the backward pass ends at the first part that trains.

    Raises:
        ConfigError: a part does not exist, is frozen and has a learning rate, or nothing trains.
    """
    parts = parts_of(model)
    _require_known("fine_tuning.parts", config.parts, parts)
    _require_known("fine_tuning.lr", config.lr, parts)
    trained = tuple(part for part in parts if part in config.parts or not config.parts)
    _require_trained(config, trained)
    frozen = tuple(part for part in parts if part not in trained)
    by_lr: dict[float | None, list[Parameter]] = {None: []}
    for name, weights in model.named_parameters():
        part = part_of(name, parts)
        weights.requires_grad_(part not in frozen)
        if part not in frozen:
            by_lr.setdefault(config.lr.get(part or ""), []).append(weights)
    groups = [_group(weights, lr) for lr, weights in by_lr.items() if weights]
    if not groups:
        raise ConfigError(
            f"fine_tuning.parts: nothing is left to train, {' and '.join(trained)} has no weights.",
            "Name other parts, or none to train all.",
        )
    resting = tuple(
        layer
        for name, layer in model.named_modules()
        if config.frozen_statistics
        and isinstance(layer, _BatchNorm)
        and part_of(name, parts) in frozen
    )
    return Tuned(model, trained, frozen, groups, resting)


def _group(weights: list[Parameter], lr: float | None) -> dict[str, Any]:
    """A parameter group; without a learning rate it takes the optimizer's."""
    return {"params": weights} if lr is None else {"params": weights, "lr": lr}


def _require_known(field: str, names: Iterable[str], parts: Iterable[str]) -> None:
    known = list(parts)
    for name in names:
        if name not in known:
            raise ConfigError(
                f"{field}: the model has no part {name!r}.",
                f"{_nearest(name, known)}Its parts are {', '.join(known)}.",
            )


def _nearest(name: str, known: Iterable[str]) -> str:
    """The nearest part's name, as a question; empty if none is near."""
    names = nearest(name, known)
    return f"Did you mean {names[0]!r}? " if names else ""


def _require_trained(config: FineTuning, trained: tuple[str, ...]) -> None:
    for part in config.lr:
        if part not in trained:
            raise ConfigError(
                f"fine_tuning.lr: the part {part!r} is frozen, so it has no learning rate.",
                "Add it to fine_tuning.parts, or leave its learning rate out.",
            )
