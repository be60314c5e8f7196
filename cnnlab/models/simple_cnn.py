"""The simple CNN family: a stack of convolutions with pooling, then linear layers."""

from __future__ import annotations

from typing import Literal

from torch import nn

from cnnlab.config.models import Activation
from cnnlab.models.activations import build_activation
from cnnlab.models.sizes import Size, after_window

EachOrAll = int | tuple[int, ...]


class SimpleCNN(nn.Sequential):
    """Convolution, batch norm, activation and pooling, repeated; then linear layers.

    Without softmax: the loss contains it. The fields are described in
    `cnnlab.config.models.SimpleCNN`.

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.

    Raises:
        ConfigError: a kernel or a pooling does not fit its input; names the layer and the sizes.

    Maps float images (N, C, H, W) to logits (N, classes).
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
        pooling: Literal["max", "average", "none"],
        pooling_size: int,
        linear_layers: int,
        hidden: EachOrAll,
        activation: Activation,
        batch_norm: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self._activation: Activation = activation
        self._batch_norm, self._dropout = batch_norm, dropout
        self._pooling, self._pooling_size = pooling, pooling_size
        windows = [each(value, convolutions) for value in (kernel_size, stride, padding, dilation)]
        inputs, size = shape[0], (shape[1], shape[2])
        for index, width in enumerate(doubled(channels, convolutions)):
            size = self._add_block(index + 1, inputs, width, size, *(w[index] for w in windows))
            inputs = width
        self.add_module("flatten", nn.Flatten())
        self._add_head(inputs * size[0] * size[1], each(hidden, linear_layers - 1), classes)

    def _add_block(
        self,
        number: int,
        inputs: int,
        width: int,
        size: Size,
        kernel_size: int,
        stride: int,
        padding: int,
        dilation: int,
    ) -> Size:
        """Adds one convolution with what follows it; returns the size of its output."""
        size = after_window(
            f"Convolution {number}",
            size,
            kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
        )
        convolution = nn.Conv2d(inputs, width, kernel_size, stride, padding, dilation)
        self.add_module(f"conv{number}", convolution)
        if self._batch_norm:
            self.add_module(f"norm{number}", nn.BatchNorm2d(width))
        self.add_module(f"activation{number}", build_activation(self._activation))
        if self._pooling == "none":
            return size
        side = self._pooling_size
        kind = nn.MaxPool2d if self._pooling == "max" else nn.AvgPool2d
        self.add_module(f"pool{number}", kind(side))
        return after_window(f"Pooling {number}", size, side, stride=side)

    def _add_head(self, features: int, hidden: tuple[int, ...], classes: int) -> None:
        """Adds the linear layers, each hidden one with its activation."""
        for number, width in enumerate((*hidden, classes), start=1):
            if self._dropout:
                self.add_module(f"dropout{number}", nn.Dropout(self._dropout))
            self.add_module(f"linear{number}", nn.Linear(features, width))
            features = width
            if number <= len(hidden):
                if self._batch_norm:
                    self.add_module(f"linear_norm{number}", nn.BatchNorm1d(width))
                self.add_module(f"linear_activation{number}", build_activation(self._activation))


def each(value: EachOrAll, count: int) -> tuple[int, ...]:
    """The value of each layer, from one for all of them or a list."""
    return value if isinstance(value, tuple) else (value,) * count


def doubled(value: EachOrAll, count: int) -> tuple[int, ...]:
    """The width of each layer, from the first one's or a list; widths double."""
    return value if isinstance(value, tuple) else tuple(value * 2**i for i in range(count))
