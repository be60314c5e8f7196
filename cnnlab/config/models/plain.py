"""Plain stacks of layers: what a config can say of them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import PositiveInt, field_validator, model_validator

from cnnlab.config.models.base import (
    Activation,
    Architecture,
    Dropout,
    ImageShape,
    Layers,
    NotNegative,
    NumberFromText,
    Widths,
    check_widths,
)

Pooling = Literal["max", "average", "convolution", "none"]
FiveWidths = tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt, PositiveInt]
VGGDepth = Annotated[Literal[11, 13, 16, 19], NumberFromText]


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
    """Number of convolutions, each with its activation."""
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
    pooling: Pooling = "max"
    """Kind of pooling; `convolution` is a strided convolution in its place."""
    pooling_after: Literal["each", "last"] = "each"
    """Whether pooling follows each convolution, or the last one alone."""
    pooling_size: PositiveInt = 2
    """Side of the pooling window, and its stride."""
    linear_layers: Layers = 2
    """Number of linear layers, the last one (to the classes) included."""
    hidden: Widths = 128
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
        check_widths("hidden", self.hidden, self.linear_layers)
        return self


class FullyConnected(Architecture):
    """Fully connected network: linear layers from the pixels to the classes, no convolution."""

    target: ClassVar[str] = "cnnlab.models.fully_connected:FullyConnected"
    usual_shape: ClassVar[ImageShape] = (1, 28, 28)

    name: Literal["fully-connected"] = "fully-connected"
    linear_layers: Layers = 3
    """Number of linear layers, the last one (to the classes) included."""
    hidden: Widths = 128
    """Width of each linear layer but the last: one number for all, or a list."""
    batch_norm: bool = False
    """Batch normalisation after each hidden linear layer."""
    activation: Activation = "relu"
    """Function after each layer but the last."""
    dropout: Dropout = 0.0
    """Probability to drop a unit of a hidden linear layer."""

    @model_validator(mode="after")
    def _hidden_has_one_entry_a_layer(self) -> FullyConnected:
        check_widths("hidden", self.hidden, self.linear_layers)
        return self


class BlockCNN(Architecture):
    """Blocks of 3x3 convolutions, batch norm, max pooling and dropout, then linear layers."""

    target: ClassVar[str] = "cnnlab.models.block_cnn:BlockCNN"
    usual_shape: ClassVar[ImageShape] = (3, 32, 32)

    name: Literal["block-cnn"] = "block-cnn"
    channels: tuple[PositiveInt, ...] = (32, 64)
    """Width of the convolutions of each block: as many blocks as entries."""
    convolutions: Layers = 2
    """Number of convolutions in a block, each with its activation."""
    batch_norm: bool = True
    """One batch normalisation in each block, before its pooling."""
    dropout: Dropout = 0.25
    """Probability to drop a unit at the end of each block."""
    linear_layers: Layers = 2
    """Number of linear layers, the last one (to the classes) included."""
    hidden: Widths = 128
    """Width of each linear layer but the last: one number for all, or a list."""
    activation: Activation = "relu"
    """Function after each layer but the last."""

    @field_validator("channels")
    @classmethod
    def _there_is_a_block(cls, channels: tuple[int, ...]) -> tuple[int, ...]:
        if not channels:
            raise ValueError("a block CNN needs the width of at least one block")
        return channels

    @model_validator(mode="after")
    def _hidden_has_one_entry_a_layer(self) -> BlockCNN:
        check_widths("hidden", self.hidden, self.linear_layers)
        return self


class SmallAlexNet(Architecture):
    """AlexNet for small images: five convolutions, three max poolings, three linear layers."""

    target: ClassVar[str] = "cnnlab.models.small_alexnet:SmallAlexNet"
    usual_shape: ClassVar[ImageShape] = (3, 32, 32)

    name: Literal["small-alexnet"] = "small-alexnet"
    channels: FiveWidths = (96, 256, 384, 384, 256)
    """Width of each convolution."""
    hidden: PositiveInt = 1024
    """Width of each of the two hidden linear layers."""
    dropout: Dropout = 0.5
    """Probability to drop a unit of a hidden linear layer."""
    local_response_norm: bool = True
    """Local response normalisation after the first two convolutions."""
    activation: Activation = "relu"
    """Function after each layer but the last."""


class SmallVGG(Architecture):
    """VGG for small images: five stages of 3x3 convolutions, then three linear layers."""

    target: ClassVar[str] = "cnnlab.models.small_vgg:SmallVGG"
    usual_shape: ClassVar[ImageShape] = (3, 32, 32)

    name: Literal["small-vgg"] = "small-vgg"
    depth: VGGDepth = 11
    """Layers with weights; 11 is VGG-A."""
    channels: PositiveInt = 64
    """Width of the first stage; the others are 2, 4, 8 and 8 times as wide."""
    batch_norm: bool = False
    """Batch normalisation after each convolution."""
    hidden: PositiveInt = 512
    """Width of each of the two hidden linear layers."""
    dropout: Dropout = 0.0
    """Probability to drop a unit of a hidden linear layer."""
    activation: Activation = "relu"
    """Function after each layer but the last."""
