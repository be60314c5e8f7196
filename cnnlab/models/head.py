"""The head of a pretrained network: what stands where its last linear layer stood."""

from __future__ import annotations

from torch import nn


def build_head(features: int, classes: int, layers: int, hidden: int, dropout: float) -> nn.Module:
    """Linear layers with LeakyReLU and dropout between them; a single one is just itself.

    Args:
        features: width of what comes in.
        classes: number of classes.
        layers: number of linear layers.
        hidden: width of each linear layer but the last.
        dropout: probability to drop a unit between two linear layers; at 0 there is no such layer.
    """
    head: list[nn.Module] = []
    for _ in range(layers - 1):
        head += [nn.Linear(features, hidden), nn.LeakyReLU()]
        head += [nn.Dropout(dropout)] if dropout else []
        features = hidden
    last = nn.Linear(features, classes)
    return nn.Sequential(*head, last) if head else last
