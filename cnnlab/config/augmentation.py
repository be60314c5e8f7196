"""The augmentations a config can name; each image of a batch gets its own draw.

Each target is a class with the fields as keyword arguments; see `cnnlab.data.augmentation`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from cnnlab.config.component import Component


class RandomCrop(Component):
    """The image is padded with zeros and cut back to its size at a random place."""

    target: ClassVar[str] = "cnnlab.data.augmentation:RandomCrop"

    name: Literal["random-crop"] = "random-crop"
    padding: PositiveInt = 4
    """Zeros added at each side, in pixels."""


class HorizontalFlip(Component):
    """The image is mirrored left to right."""

    target: ClassVar[str] = "cnnlab.data.augmentation:HorizontalFlip"

    name: Literal["horizontal-flip"] = "horizontal-flip"
    probability: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Probability for each image."""


AugmentationConfig = Annotated[RandomCrop | HorizontalFlip, Field(discriminator="name")]
