"""Initial weights of networks that need others than PyTorch's."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn


def glorot_normal(model: nn.Module) -> None:
    """Draws the weights of all convolutions and linear layers; their biases become zero.

    The variance of Glorot and Bengio, "Understanding the difficulty of training deep feedforward
    neural networks" (2010), equation 12, here of a normal distribution.
    """
    for weight, bias in _weights(model, nn.Conv2d, nn.Linear):
        nn.init.xavier_normal_(weight)
        if bias is not None:
            nn.init.zeros_(bias)


def he_normal(model: nn.Module) -> None:
    """Draws the weights of all convolutions.

    He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015), equation 14: the variance that
    keeps the gradient's size from layer to layer under ReLU.
    """
    for weight, _ in _weights(model, nn.Conv2d):
        nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu")


def _weights(
    model: nn.Module, *kinds: type[nn.Conv2d | nn.Linear]
) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Weight and bias of each layer of these kinds, in the order of the network."""
    for layer in model.modules():
        if isinstance(layer, kinds):
            yield layer.weight, layer.bias
