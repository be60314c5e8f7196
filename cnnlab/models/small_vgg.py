"""VGG for images of 32x32 pixels."""

from __future__ import annotations

from torch import nn

from cnnlab.config.models import Activation
from cnnlab.models.initialization import glorot_normal
from cnnlab.models.stack import Stack

_CONVOLUTIONS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
"""Convolutions in each stage by the number of layers with weights: networks A, B, D and E."""

_FACTORS = (1, 2, 4, 8, 8)
"""Width of each stage as a multiple of the first one's."""


class SmallVGG(nn.Sequential):
    """Five stages of 3x3 convolutions, each ended by max pooling; then three linear layers.

    Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition"
    (2015), table 1, with narrower hidden linear layers: 32x32 pixels become 1x1 before them.
    VGG-A with 512 hidden units is the network of section 2.1 of Zhang's report, where batch
    normalisation follows each convolution or none. Weights as in the paper's section 3.1: those
    of Glorot and Bengio (2010), biases zero. Without softmax: the loss contains it.

    Maps float images (N, channels, height, width) to float logits (N, classes).

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        depth: layers with weights: 11, 13, 16 or 19.
        channels: width of the first stage; the others are 2, 4, 8 and 8 times as wide.
        batch_norm: batch normalisation after each convolution.
        hidden: width of each of the two hidden linear layers.
        dropout: probability to drop a unit of a hidden linear layer.
        activation: function after each layer but the last.

    Raises:
        ConfigError: a pooling is larger than its input.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        *,
        depth: int,
        channels: int,
        batch_norm: bool,
        hidden: int,
        dropout: float,
        activation: Activation,
    ) -> None:
        stack = Stack(shape, activation)
        for convolutions, factor in zip(_CONVOLUTIONS[depth], _FACTORS, strict=True):
            for _ in range(convolutions):
                stack.convolution(channels * factor, 3, padding=1)
                if batch_norm:
                    stack.norm()
                stack.activate()
            stack.pool("max", 2)
        stack.flatten()
        stack.linear_layers((hidden, hidden, classes), dropout=dropout)
        super().__init__(stack.layers)
        glorot_normal(self)
