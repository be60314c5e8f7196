"""What the tests of all families of architectures need."""

from __future__ import annotations

from typing import Any

from torch import nn

from cnnlab.config.component import members
from cnnlab.config.models import ModelConfig
from cnnlab.config.validation import validate
from cnnlab.models.build import build_model, outline_model

Shape = tuple[int, int, int]

MNIST = (1, 28, 28)
CIFAR = (3, 32, 32)


def config_of(name: str, **fields: Any) -> Any:
    """The config of the model of that name, checked as a preset's would be."""
    return validate(members(ModelConfig)[name], {"name": name, **fields})


def build(name: str, shape: Shape = CIFAR, **fields: Any) -> nn.Module:
    """The network of 10 classes."""
    return build_model(config_of(name, **fields), shape, 10)


def outline(name: str, shape: Shape = CIFAR, **fields: Any) -> nn.Module:
    """The network of 10 classes without numbers."""
    return outline_model(config_of(name, **fields), shape, 10)


def parameters(model: nn.Module) -> int:
    """Number of parameters."""
    return sum(weights.numel() for weights in model.parameters())


def layers(model: nn.Module, kind: type[nn.Module]) -> list[Any]:
    """The layers of that kind in the order of the network, nested ones included."""
    return [layer for layer in model.modules() if isinstance(layer, kind)]


def kinds(model: nn.Module) -> list[str]:
    """The kinds of a network's layers, without what is inside them."""
    return [type(layer).__name__ for layer in model.children()]


def widths(model: nn.Module) -> tuple[list[int], list[int]]:
    """Output channels of the convolutions, and output units of the linear layers."""
    convolutions, linear = layers(model, nn.Conv2d), layers(model, nn.Linear)
    return [layer.out_channels for layer in convolutions], [layer.out_features for layer in linear]
