"""The fully connected network: linear layers from the pixels to the classes."""

from __future__ import annotations

from torch import nn

from cnnlab.config.models import Activation
from cnnlab.models.stack import EachOrAll, Stack, each


class FullyConnected(nn.Sequential):
    """Linear layer, batch norm, activation and dropout, repeated; then a linear layer.

    What Giuliani's report starts from on MNIST (section C) and deepens to 10 layers on CIFAR-10
    (section D), and Arati's takes to 8 layers (table 3). Without softmax: the loss contains it.

    Maps float images (N, channels, height, width) to float logits (N, classes).

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        linear_layers: number of linear layers; 1 is one straight to the classes.
        hidden: width of each linear layer but the last.
        batch_norm: batch normalisation before each activation.
        activation: function after each layer but the last.
        dropout: probability to drop a unit after each activation.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        *,
        linear_layers: int,
        hidden: EachOrAll,
        batch_norm: bool,
        activation: Activation,
        dropout: float,
    ) -> None:
        stack = Stack(shape, activation)
        stack.flatten()
        widths = (*each(hidden, linear_layers - 1), classes)
        stack.linear_layers(widths, batch_norm=batch_norm, dropout=dropout)
        super().__init__(stack.layers)
