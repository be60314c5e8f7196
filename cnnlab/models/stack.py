"""A plain stack of layers, built one after the other while the shape is followed."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence

from torch import nn

from cnnlab.config.models import Activation
from cnnlab.config.models.plain import Pooling
from cnnlab.models.activations import activation_name, build_activation
from cnnlab.models.sizes import Size, after_window

EachOrAll = int | tuple[int, ...]
"""One value for every layer, or one entry a layer."""


def each(value: EachOrAll, count: int) -> tuple[int, ...]:
    """The value of each of `count` layers."""
    return value if isinstance(value, tuple) else (value,) * count


class Stack:
    """Layers in the order in which they run; each takes what the one before it gives.

    A layer is named by its kind, and numbered within it: ``conv1``, ``relu1``, ``pool1``,
    ``conv2``, ``relu2``, ``pool2``, ``linear1``.

    Args:
        shape: channels, height and width of an image.
        activation: function that `activate` adds.

    Attributes:
        layers: the layers by their names.
    """

    def __init__(self, shape: tuple[int, int, int], activation: Activation) -> None:
        self.layers: OrderedDict[str, nn.Module] = OrderedDict()
        self._activation: Activation = activation
        self._counts: Counter[str] = Counter()
        self._width = shape[0]
        self._size: Size | None = shape[1:]  # none once the feature maps are flattened

    def add(self, kind: str, layer: nn.Module) -> None:
        """Adds a layer that leaves the shape as it is."""
        self.layers[f"{kind}{self._next(kind)}"] = layer

    def convolution(
        self, width: int, kernel_size: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> None:
        """Adds a convolution to `width` channels.

        Raises:
            ConfigError: the kernel is larger than its padded input.
        """
        self._slide(
            f"Convolution {self._counts['conv'] + 1}",
            "kernel",
            kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
        )
        layer = nn.Conv2d(self._width, width, kernel_size, stride, padding, dilation)
        self.add("conv", layer)
        self._width = width

    def pool(self, kind: Pooling, side: int, stride: int | None = None) -> None:
        """Adds a pooling of that kind; the stride is the window's side unless given.

        Raises:
            ConfigError: the window is larger than its input.
        """
        if kind == "none":
            return
        stride = stride or side
        self._slide(f"Pooling {self._counts['pool'] + 1}", "window", side, stride=stride)
        self.add("pool", _pooling(kind, self._width, side, stride))

    def norm(self) -> None:
        """Adds a batch normalisation of channels, or of units once flattened."""
        kind = nn.BatchNorm1d if self._size is None else nn.BatchNorm2d
        self.add("norm", kind(self._width))

    def activate(self) -> None:
        """Adds the activation."""
        name = activation_name(self._activation, self._next("activation"))
        self.layers[name] = build_activation(self._activation)

    def dropout(self, probability: float) -> None:
        """Adds a dropout, unless nothing would be dropped."""
        if probability:
            self.add("dropout", nn.Dropout(probability))

    def flatten(self) -> None:
        """Turns feature maps into one row of units for each image."""
        height, width = self._maps()
        self.layers["flatten"] = nn.Flatten()
        self._width *= height * width
        self._size = None

    def linear_layers(
        self, widths: Sequence[int], *, batch_norm: bool = False, dropout: float = 0.0
    ) -> None:
        """Adds linear layers; norm, activation and dropout follow each but the last.

        Args:
            widths: units of each linear layer, the last one's are the classes.
            batch_norm: batch normalisation before each activation.
            dropout: probability to drop a unit after each activation.
        """
        for width in widths[:-1]:
            self._linear(width)
            if batch_norm:
                self.norm()
            self.activate()
            self.dropout(dropout)
        self._linear(widths[-1])

    def _linear(self, width: int) -> None:
        self.add("linear", nn.Linear(self._width, width))
        self._width = width

    def _slide(
        self,
        layer: str,
        window: str,
        side: int,
        *,
        stride: int,
        padding: int = 0,
        dilation: int = 1,
    ) -> None:
        """Follows what a window that moves over the feature maps makes of their size."""
        self._size = after_window(
            layer, window, self._maps(), side, stride=stride, padding=padding, dilation=dilation
        )

    def _maps(self) -> Size:
        """Height and width of the feature maps."""
        if self._size is None:
            raise ValueError("The feature maps are flattened already.")
        return self._size

    def _next(self, kind: str) -> int:
        self._counts[kind] += 1
        return self._counts[kind]


def _pooling(kind: Pooling, channels: int, side: int, stride: int) -> nn.Module:
    if kind == "convolution":
        return nn.Conv2d(channels, channels, side, stride)
    return (nn.MaxPool2d if kind == "max" else nn.AvgPool2d)(side, stride)
