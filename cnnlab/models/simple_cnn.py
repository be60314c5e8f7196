"""The simple CNN: a stack of convolutions with pooling, then linear layers."""

from __future__ import annotations

from typing import Literal

from torch import nn

from cnnlab.config.models import Activation
from cnnlab.config.models.plain import Pooling
from cnnlab.models.stack import EachOrAll, Stack, each


class SimpleCNN(nn.Sequential):
    """Convolution, batch norm, activation and pooling, repeated; then linear layers.

    The family that Arati's report varies on CIFAR-10 (sections 2.2 and 3.1). A strided
    convolution instead of pooling, as many channels out as in, is the one of Springenberg,
    Dosovitskiy, Brox and Riedmiller, "Striving for simplicity: the all convolutional net"
    (2015), section 2, here without an activation of its own. Without softmax: the loss
    contains it.

    Maps float images (N, channels, height, width) to float logits (N, classes).

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        convolutions: number of convolutions, each with its activation.
        channels: width of the first convolution, doubled by each further one; or of each.
        kernel_size: side of the square kernel.
        padding: zeros at each side of a convolution's input.
        stride: step of the kernel.
        dilation: distance between the points of the kernel.
        pooling: kind of pooling.
        pooling_after: whether it follows each convolution, or the last one alone.
        pooling_size: side of the pooling window, and its stride.
        linear_layers: number of linear layers; 1 is one straight to the classes.
        hidden: width of each linear layer but the last.
        activation: function after each layer but the last.
        batch_norm: batch normalisation before each activation.
        dropout: probability to drop a unit before each linear layer.

    Raises:
        ConfigError: a kernel or a pooling is larger than its input.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        *,
        convolutions: int,
        channels: EachOrAll,
        kernel_size: EachOrAll,
        padding: EachOrAll,
        stride: EachOrAll,
        dilation: EachOrAll,
        pooling: Pooling,
        pooling_after: Literal["each", "last"],
        pooling_size: int,
        linear_layers: int,
        hidden: EachOrAll,
        activation: Activation,
        batch_norm: bool,
        dropout: float,
    ) -> None:
        stack = Stack(shape, activation)
        blocks = zip(
            _doubled(channels, convolutions),
            *(each(value, convolutions) for value in (kernel_size, stride, padding, dilation)),
            strict=True,
        )
        for number, (width, side, step, zeros, distance) in enumerate(blocks, start=1):
            stack.convolution(width, side, stride=step, padding=zeros, dilation=distance)
            if batch_norm:
                stack.norm()
            stack.activate()
            if pooling_after == "each" or number == convolutions:
                stack.pool(pooling, pooling_size)
        stack.flatten()
        stack.dropout(dropout)
        widths = (*each(hidden, linear_layers - 1), classes)
        stack.linear_layers(widths, batch_norm=batch_norm, dropout=dropout)
        super().__init__(stack.layers)


def _doubled(value: EachOrAll, count: int) -> tuple[int, ...]:
    """The width of each convolution: listed, or the first one's, doubled by each further one."""
    return value if isinstance(value, tuple) else tuple(value * 2**index for index in range(count))
