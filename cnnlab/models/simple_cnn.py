"""The simple CNN: a stack of convolutions with pooling, then linear layers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from torch import nn

from cnnlab.config.models import Activation
from cnnlab.models.activations import activation_name, build_activation
from cnnlab.models.sizes import Size, after_window

EachOrAll = int | tuple[int, ...]
"""One value for every layer, or one entry a layer."""

Pooling = Literal["max", "average", "none"]
Layers = Iterable[tuple[str, nn.Module]]


class SimpleCNN(nn.Sequential):
    """Convolution, batch norm, activation and pooling, repeated; then linear layers.

    The family that Arati's report varies on CIFAR-10 (sections 2.2 and 3.1). Without softmax:
    the loss contains it.

    Maps float images (N, channels, height, width) to float logits (N, classes).

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        convolutions: number of convolutions, each with its activation and pooling.
        channels: width of the first convolution, doubled by each further one; or of each.
        kernel_size: side of the square kernel.
        padding: zeros at each side of a convolution's input.
        stride: step of the kernel.
        dilation: distance between the points of the kernel.
        pooling: kind of pooling after each convolution.
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
        pooling_size: int,
        linear_layers: int,
        hidden: EachOrAll,
        activation: Activation,
        batch_norm: bool,
        dropout: float,
    ) -> None:
        blocks = zip(
            _doubled(channels, convolutions),
            *(_each(value, convolutions) for value in (kernel_size, stride, padding, dilation)),
            strict=True,
        )
        style = _Style(activation, batch_norm, pooling, pooling_size, dropout)
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        inputs, size = shape[0], shape[1:]
        for number, (width, *window) in enumerate(blocks, start=1):
            convolution = nn.Conv2d(inputs, width, *window)
            size = _size_after(convolution, number, size)
            layers.update(style.block(number, convolution))
            size = style.size_after_pooling(number, size)
            inputs = width
        layers["flatten"] = nn.Flatten()
        widths = (*_each(hidden, linear_layers - 1), classes)
        layers.update(style.head(inputs * size[0] * size[1], widths, convolutions))
        super().__init__(layers)


@dataclass(frozen=True)
class _Style:
    """What all blocks and linear layers of a network have in common."""

    activation: Activation
    batch_norm: bool
    pooling: Pooling
    pooling_size: int
    dropout: float

    def block(self, number: int, convolution: nn.Conv2d) -> Layers:
        """A convolution and what follows it."""
        yield f"conv{number}", convolution
        if self.batch_norm:
            yield f"norm{number}", nn.BatchNorm2d(convolution.out_channels)
        yield activation_name(self.activation, number), build_activation(self.activation)
        if self.pooling != "none":
            kind = nn.MaxPool2d if self.pooling == "max" else nn.AvgPool2d
            yield f"pool{number}", kind(self.pooling_size)

    def size_after_pooling(self, number: int, size: Size) -> Size:
        """Height and width of what the pooling of a block gives."""
        if self.pooling == "none":
            return size
        side = self.pooling_size
        return after_window(f"Pooling {number}", "window", size, side, stride=side)

    def head(self, features: int, widths: tuple[int, ...], convolutions: int) -> Layers:
        """The linear layers; norms and activations are counted on from the blocks'."""
        for number, width in enumerate(widths, start=1):
            if self.dropout:
                yield f"dropout{number}", nn.Dropout(self.dropout)
            yield f"linear{number}", nn.Linear(features, width)
            if number == len(widths):
                return
            if self.batch_norm:
                yield f"norm{convolutions + number}", nn.BatchNorm1d(width)
            name = activation_name(self.activation, convolutions + number)
            yield name, build_activation(self.activation)
            features = width


def _size_after(convolution: nn.Conv2d, number: int, size: Size) -> Size:
    """Height and width of what a convolution gives."""
    return after_window(
        f"Convolution {number}",
        "kernel",
        size,
        convolution.kernel_size[0],
        stride=convolution.stride[0],
        padding=int(convolution.padding[0]),
        dilation=convolution.dilation[0],
    )


def _each(value: EachOrAll, count: int) -> tuple[int, ...]:
    """The value of each layer."""
    return value if isinstance(value, tuple) else (value,) * count


def _doubled(value: EachOrAll, count: int) -> tuple[int, ...]:
    """The width of each convolution: listed, or the first one's, doubled by each further one."""
    return value if isinstance(value, tuple) else tuple(value * 2**index for index in range(count))
