"""The block CNN: blocks of 3x3 convolutions, each ended by pooling, then linear layers."""

from __future__ import annotations

from torch import nn

from cnnlab.config.models import Activation
from cnnlab.models.stack import EachOrAll, Stack, each

_KERNEL, _PADDING = 3, 1
"""A convolution keeps the size of its input."""

_POOLING = 2
"""Side of the pooling window, and its stride."""


class BlockCNN(nn.Sequential):
    """Blocks of convolutions with activations, one batch norm, max pooling and dropout.

    The custom CNN of Giuliani's report (section D): two blocks, each of two convolutions, one
    batch normalisation, one max pooling and one dropout, in this order. The report names neither
    widths nor kernels. Without softmax: the loss contains it.

    Maps float images (N, channels, height, width) to float logits (N, classes).

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        channels: width of the convolutions of each block.
        convolutions: number of convolutions in a block.
        batch_norm: batch normalisation after the last activation of a block.
        dropout: probability to drop a unit at the end of a block.
        linear_layers: number of linear layers; 1 is one straight to the classes.
        hidden: width of each linear layer but the last.
        activation: function after each layer but the last.

    Raises:
        ConfigError: a pooling is larger than its input.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        *,
        channels: tuple[int, ...],
        convolutions: int,
        batch_norm: bool,
        dropout: float,
        linear_layers: int,
        hidden: EachOrAll,
        activation: Activation,
    ) -> None:
        stack = Stack(shape, activation)
        for width in channels:
            for _ in range(convolutions):
                stack.convolution(width, _KERNEL, padding=_PADDING)
                stack.activate()
            if batch_norm:
                stack.norm()
            stack.pool("max", _POOLING)
            stack.dropout(dropout)
        stack.flatten()
        stack.linear_layers((*each(hidden, linear_layers - 1), classes))
        super().__init__(stack.layers)
