"""The head of a pretrained network: what stands where its last linear layer stood."""

from __future__ import annotations

from torch import nn

from cnnlab.models.stack import EachOrAll, each


def build_head(
    features: int, classes: int, layers: int, hidden: EachOrAll, dropout: float
) -> nn.Module:
    """Linear layers with LeakyReLU and dropout between them; a single one is just itself.

    Args:
        features: width of what comes in.
        classes: number of classes.
        layers: number of linear layers.
        hidden: width of each linear layer but the last; or one width for all.
        dropout: probability to drop a unit between two linear layers; at 0 there is no such layer.
    """
    head: list[nn.Module] = []
    for width in each(hidden, layers - 1):
        head += [nn.Linear(features, width), nn.LeakyReLU()]
        head += [nn.Dropout(dropout)] if dropout else []
        features = width
    last = nn.Linear(features, classes)
    return nn.Sequential(*head, last) if head else last
