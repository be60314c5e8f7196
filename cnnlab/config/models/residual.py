"""Residual networks: what a config can say of them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt, field_validator

from cnnlab.config.models.base import Activation, Architecture, ImageShape, Layers

Shortcut = Literal["A", "B"]


class CifarResNet(Architecture):
    """Residual network for CIFAR-10 (He et al. 2016, section 4.2): three stages of basic blocks."""

    target: ClassVar[str] = "cnnlab.models.residual:CifarResNet"
    usual_shape: ClassVar[ImageShape] = (3, 32, 32)

    name: Literal["cifar-resnet"] = "cifar-resnet"
    depth: Annotated[int, Field(ge=8, le=1202)] = 20
    """Layers with weights, 6n+2; the paper has 20, 32, 44, 56 and 110."""
    shortcut: Shortcut = "A"
    """Where the shape changes: A pads the input with zeros, B projects it with a convolution."""
    channels: PositiveInt = 16
    """Width of the first stage; the others are 2 and 4 times as wide."""

    @field_validator("depth")
    @classmethod
    def _every_stage_has_the_same_blocks(cls, depth: int) -> int:
        below = depth - (depth - 2) % 6
        if depth != below:
            raise ValueError(
                f"{depth} is not allowed; a depth is 6n+2 layers, and the nearest are "
                f"{below} and {below + 6}"
            )
        return depth


class SmallResNet(Architecture):
    """ResNet-18 for small images: a 3x3 convolution, four stages of basic blocks, average pooling.

    Images stay as large as they are up to the second stage; 34 layers are blocks [3,4,6,3].
    """

    target: ClassVar[str] = "cnnlab.models.residual:SmallResNet"
    usual_shape: ClassVar[ImageShape] = (3, 32, 32)

    name: Literal["small-resnet"] = "small-resnet"
    channels: PositiveInt = 64
    """Width of the first stage, such as 32, 64 or 128; the others are 2, 4 and 8 times as wide."""
    blocks: tuple[Layers, Layers, Layers, Layers] = (2, 2, 2, 2)
    """Number of basic blocks of each stage, of two convolutions each."""
    activation: Activation = "relu"
    """Function after each batch normalisation."""
