"""The augmentations a config can name; each image of a batch gets its own draw.

Each target is a class with the fields as keyword arguments; see `cnnlab.data.augmentation`.
Fields and defaults are those of torchvision's transform of the same name, where it has them.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, field_validator

from cnnlab.config.component import Component

Probability = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[int, Field(ge=0, le=255)]
Angle = Annotated[float, Field(ge=-360, le=360)]
Spread = Annotated[float, Field(ge=0, le=360)]
Slant = Annotated[float, Field(gt=-90, lt=90)]
SlantSpread = Annotated[float, Field(ge=0, lt=90)]
Turn = Annotated[float, Field(ge=-0.5, le=0.5)]
TurnSpread = Annotated[float, Field(ge=0, le=0.5)]
Factor = NonNegativeFloat | tuple[NonNegativeFloat, NonNegativeFloat]
Interpolation = Literal["nearest", "bilinear"]


def _smallest_first(value: Any) -> Any:
    """Refuses pairs of smallest and largest value that are the wrong way round."""
    if isinstance(value, tuple):
        for low, high in zip(value[::2], value[1::2], strict=True):
            if low > high:
                raise ValueError(
                    f"{list(value)} is not allowed; {low:g} must not be above {high:g}, the "
                    "smallest value comes first"
                )
    return value


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
    probability: Probability = 0.5
    """Probability for each image."""


class Rotation(Component):
    """The image is turned about its centre; torchvision's RandomRotation."""

    target: ClassVar[str] = "cnnlab.data.augmentation:Rotation"

    name: Literal["rotation"] = "rotation"
    degrees: Spread | tuple[Angle, Angle] = 15.0
    """Largest angle to both sides, or smallest and largest; counter-clockwise. torchvision has
    no default."""
    interpolation: Interpolation = "nearest"
    """How values between pixels are found; `bilinear` is smoother."""
    fill: Level = 0
    """Grey level of what comes from outside the image."""

    _order = field_validator("degrees")(_smallest_first)


class Affine(Component):
    """The image is turned, shifted, scaled and sheared; torchvision's RandomAffine."""

    target: ClassVar[str] = "cnnlab.data.augmentation:Affine"

    name: Literal["affine"] = "affine"
    degrees: Spread | tuple[Angle, Angle] = 15.0
    """Largest angle to both sides, or smallest and largest; clockwise. torchvision has no
    default."""
    translate: tuple[Share, Share] = (0.0, 0.0)
    """Largest shift as a share of the width, and of the height; to whole pixels."""
    scale: tuple[PositiveFloat, PositiveFloat] = (1.0, 1.0)
    """Smallest and largest factor by which the image grows."""
    shear: SlantSpread | tuple[Slant, Slant] | tuple[Slant, Slant, Slant, Slant] = 0.0
    """Degrees of shear along x: the largest to both sides, or smallest and largest; four numbers
    are smallest and largest along x, then along y."""
    interpolation: Interpolation = "nearest"
    """How values between pixels are found; `bilinear` is smoother."""
    fill: Level = 0
    """Grey level of what comes from outside the image."""

    _order = field_validator("degrees", "scale", "shear")(_smallest_first)


class ColorJitter(Component):
    """Brightness, contrast, saturation and hue change, in random order; torchvision's ColorJitter.

    With the defaults, which are torchvision's, nothing changes.
    """

    target: ClassVar[str] = "cnnlab.data.augmentation:ColorJitter"

    name: Literal["color-jitter"] = "color-jitter"
    brightness: Factor = 0.0
    """How far the factor may be from 1, never below 0; or its smallest and largest value."""
    contrast: Factor = 0.0
    """How far the factor may be from 1, never below 0; or its smallest and largest value."""
    saturation: Factor = 0.0
    """How far the factor may be from 1, never below 0; or its smallest and largest value."""
    hue: TurnSpread | tuple[Turn, Turn] = 0.0
    """Largest shift to both sides in turns of the colour wheel, or smallest and largest."""

    _order = field_validator("brightness", "contrast", "saturation", "hue")(_smallest_first)


class RandomErasing(Component):
    """A rectangle of the image is overwritten; torchvision's RandomErasing.

    It works on grey levels, before the normalisation: 0 is black. torchvision's usually comes
    after the normalisation, where 0 is the mean colour of the data set.
    """

    target: ClassVar[str] = "cnnlab.data.augmentation:RandomErasing"

    name: Literal["random-erasing"] = "random-erasing"
    probability: Probability = 0.5
    """Probability for each image."""
    scale: tuple[Share, Share] = (0.02, 0.33)
    """Smallest and largest share of the area that is erased."""
    ratio: tuple[PositiveFloat, PositiveFloat] = (0.3, 3.3)
    """Smallest and largest ratio of height to width."""
    value: Level = 0
    """Grey level in place of what was erased, before the normalisation: 0 is black, not the
    mean."""

    _order = field_validator("scale", "ratio")(_smallest_first)


class ResizedCrop(Component):
    """A part is cut out and enlarged to the image's size; torchvision's RandomResizedCrop."""

    target: ClassVar[str] = "cnnlab.data.augmentation:ResizedCrop"

    name: Literal["resized-crop"] = "resized-crop"
    scale: tuple[Share, Share] = (0.08, 1.0)
    """Smallest and largest share of the area that is kept."""
    ratio: tuple[PositiveFloat, PositiveFloat] = (3 / 4, 4 / 3)
    """Smallest and largest ratio of width to height."""

    _order = field_validator("scale", "ratio")(_smallest_first)


class Strength(Component):
    """Several augmentations under one name.

    The parts of a name never change, since stored runs go by the name: another mix is another
    name, or a list in the config.
    """

    target: ClassVar[str] = "cnnlab.data.augmentation:Chain"
    parts: ClassVar[tuple[Component, ...]]

    def parameters(self) -> dict[str, Any]:
        """The parts; a strength has no fields."""
        return {"parts": self.parts}


class Base(Strength):
    """Random crop with padding 4, then horizontal flip with probability 0.5."""

    name: Literal["base"] = "base"
    parts: ClassVar[tuple[Component, ...]] = (
        RandomCrop(padding=4),
        HorizontalFlip(probability=0.5),
    )


class Strong(Strength):
    """Base, then rotation by up to 15 degrees and colour jitter.

    The jitter changes brightness, contrast and saturation by up to 0.2 and hue by up to 0.1. The
    strengths are chosen for this program; no report specifies them.
    """

    name: Literal["strong"] = "strong"
    parts: ClassVar[tuple[Component, ...]] = (
        *Base.parts,
        Rotation(degrees=15, interpolation="nearest", fill=0),
        ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.1),
    )


class Stronger(Strength):
    """Strong, then an affine map and random erasing.

    The map shifts by up to 0.1 of each side, scales by 0.9 to 1.1 and shears by up to 10 degrees
    along x; erased is half of the images, 0.02 to 0.33 of the area, in black. The strengths are
    chosen for this program; no report specifies them.
    """

    name: Literal["stronger"] = "stronger"
    parts: ClassVar[tuple[Component, ...]] = (
        *Strong.parts,
        Affine(
            degrees=0,
            translate=(0.1, 0.1),
            scale=(0.9, 1.1),
            shear=10,
            interpolation="nearest",
            fill=0,
        ),
        RandomErasing(probability=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0),
    )


AugmentationConfig = Annotated[
    RandomCrop
    | HorizontalFlip
    | Rotation
    | Affine
    | ColorJitter
    | RandomErasing
    | ResizedCrop
    | Base
    | Strong
    | Stronger,
    Field(discriminator="name"),
]
