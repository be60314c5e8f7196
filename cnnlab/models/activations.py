"""The activation functions a config can name."""

from __future__ import annotations

from torch import nn

from cnnlab.config.models import Activation

_KINDS: dict[Activation, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


def build_activation(name: Activation) -> nn.Module:
    """The activation of that name, with PyTorch's defaults."""
    return _KINDS[name]()


def activation_name(name: Activation, number: int) -> str:
    """What a network calls its activation of that number: ``relu1``, ``leaky_relu2``."""
    return f"{name.replace('-', '_')}{number}"
