"""Plain stacks of layers: what a config can say of them."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import PositiveInt, model_validator

from cnnlab.config.models.base import (
    Activation,
    Architecture,
    Dropout,
    ImageShape,
    Layers,
    NotNegative,
)


class LeNet(Architecture):
    """LeNet: two blocks of convolution and max pooling, then two linear layers."""

    target: ClassVar[str] = "cnnlab.models.lenet:LeNet"
    usual_shape: ClassVar[ImageShape] = (1, 28, 28)

    name: Literal["lenet"] = "lenet"
    channels: tuple[PositiveInt, PositiveInt] = (20, 50)
    """Width of the first and of the second convolution."""
    kernel_size: PositiveInt = 5
    """Side of the square kernels of both convolutions."""
    hidden: PositiveInt = 500
    """Width of the first linear layer."""
    activation: Activation = "relu"
    """Function after each layer but the last."""


class SimpleCNN(Architecture):
    """A plain stack of convolutions with pooling, then linear layers.

    A single number for channels doubles from layer to layer; for kernel size, padding, stride,
    dilation and hidden widths it counts for every layer; a list gives each layer its own.
    """

    target: ClassVar[str] = "cnnlab.models.simple_cnn:SimpleCNN"
    usual_shape: ClassVar[ImageShape] = (3, 32, 32)

    name: Literal["simple-cnn"] = "simple-cnn"
    convolutions: Layers = 2
    """Number of convolutions, each with its activation and pooling."""
    channels: PositiveInt | tuple[PositiveInt, ...] = 32
    """Width of the first convolution, doubled by each further one; or the width of each."""
    kernel_size: PositiveInt | tuple[PositiveInt, ...] = 5
    """Side of the square kernel."""
    padding: NotNegative | tuple[NotNegative, ...] = 0
    """Zeros added at each side of the image."""
    stride: PositiveInt | tuple[PositiveInt, ...] = 1
    """Step of the kernel."""
    dilation: PositiveInt | tuple[PositiveInt, ...] = 1
    """Distance between the points of the kernel."""
    pooling: Literal["max", "average", "none"] = "max"
    """Pooling after each convolution."""
    pooling_size: PositiveInt = 2
    """Side of the pooling window, and its stride."""
    linear_layers: Layers = 2
    """Number of linear layers, the last one (to the classes) included."""
    hidden: PositiveInt | tuple[PositiveInt, ...] = 128
    """Width of each linear layer but the last."""
    activation: Activation = "relu"
    """Function after each layer but the last."""
    batch_norm: bool = False
    """Batch normalisation after each convolution and each hidden linear layer."""
    dropout: Dropout = 0.0
    """Probability to drop a unit before each linear layer."""

    @model_validator(mode="after")
    def _lists_have_one_entry_a_layer(self) -> SimpleCNN:
        for field in ("channels", "kernel_size", "padding", "stride", "dilation"):
            value = getattr(self, field)
            if isinstance(value, tuple) and len(value) != self.convolutions:
                raise ValueError(
                    f"{field} needs one value for each convolution: {self.convolutions}, "
                    f"not {len(value)}"
                )
        if isinstance(self.hidden, tuple) and len(self.hidden) != self.linear_layers - 1:
            raise ValueError(
                f"hidden needs one width for each linear layer before the last: "
                f"{self.linear_layers - 1}, not {len(self.hidden)}"
            )
        return self
