"""Augmentations that move pixels: crop, flip, rotation and other affine maps."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from cnnlab.data.augmentation.draws import Interval, around, chosen, uniform

Interpolation = Literal["nearest", "bilinear"]


class RandomCrop:
    """Pads with zeros and cuts each image back to its size at its own random place.

    The draw of `torchvision.transforms.RandomCrop(size, padding)`: all (2 * padding + 1)^2
    places are equally likely.
    """

    def __init__(self, padding: int) -> None:
        self.padding = padding

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Shifts each image by at most `padding` pixels in both directions."""
        count, _, height, width = images.shape
        places = 2 * self.padding + 1
        top, left = torch.randint(
            places, (2, count), device=images.device, generator=generator
        ).unbind()
        padded = pad(images, (self.padding,) * 4)
        # A view with every window of every image: choosing one copies whole rows of pixels.
        windows = padded.unfold(2, height, 1).unfold(3, width, 1)
        return windows[torch.arange(count, device=images.device), :, top, left]


class HorizontalFlip:
    """Mirrors each image left to right with the given probability."""

    def __init__(self, probability: float) -> None:
        self.probability = probability

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Mirrors a random choice of the images."""
        mirrored = chosen(self.probability, len(images), generator)
        return torch.where(mirrored, images.flip(-1), images)


class Rotation:
    """Turns each image about its centre by an angle of its own.

    The draw of `torchvision.transforms.RandomRotation`: uniform over the interval.

    Args:
        degrees: the interval, or the largest angle to both sides; counter-clockwise.
        interpolation: how the value between pixels is found.
        fill: grey level of what comes from outside the image.
    """

    def __init__(
        self, degrees: float | Interval, interpolation: Interpolation = "nearest", fill: int = 0
    ) -> None:
        self.degrees = around(degrees)
        self.interpolation = interpolation
        self.fill = fill

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Turns each image."""
        # torchvision turns counter-clockwise by a rotation, clockwise by an affine map.
        angles = -self.draw(len(images), generator)
        none = torch.zeros_like(angles)
        maps = inverse_affine(angles, (none, none), torch.ones_like(angles), (none, none))
        return warp(images, maps, self.interpolation, self.fill)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """The angles in degrees, of shape (count,)."""
        return uniform(self.degrees, count, generator)


class Affine:
    """Turns, shifts, scales and shears each image about its centre by draws of its own.

    The draws of `torchvision.transforms.RandomAffine`: all uniform; shifts are rounded to
    whole pixels.

    Args:
        degrees: the interval of the angle, or the largest to both sides; clockwise.
        translate: largest shift as a share of the width, and of the height.
        scale: interval of the factor by which the image grows.
        shear: degrees of shear along x, as an interval or the largest to both sides; four
            numbers are the interval along x and the one along y.
        interpolation: how the value between pixels is found.
        fill: grey level of what comes from outside the image.
    """

    def __init__(
        self,
        degrees: float | Interval,
        translate: Interval = (0.0, 0.0),
        scale: Interval = (1.0, 1.0),
        shear: float | Interval | tuple[float, float, float, float] = 0.0,
        interpolation: Interpolation = "nearest",
        fill: int = 0,
    ) -> None:
        self.degrees = around(degrees)
        self.translate = translate
        self.scale = scale
        both = shear if isinstance(shear, tuple) and len(shear) == 4 else (*around(shear), 0.0, 0.0)
        self.shear_x, self.shear_y = both[:2], both[2:]
        self.interpolation = interpolation
        self.fill = fill

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Maps each image."""
        count, _, height, width = images.shape
        maps = inverse_affine(*self.draw(count, height, width, generator))
        return warp(images, maps, self.interpolation, self.fill)

    def draw(
        self, count: int, height: int, width: int, generator: torch.Generator
    ) -> tuple[Tensor, tuple[Tensor, Tensor], Tensor, tuple[Tensor, Tensor]]:
        """Angle, shifts in pixels (x, y), scale and shears (x, y), each of shape (count,)."""
        most_x, most_y = self.translate[0] * width, self.translate[1] * height
        return (
            uniform(self.degrees, count, generator),
            (
                uniform((-most_x, most_x), count, generator).round(),
                uniform((-most_y, most_y), count, generator).round(),
            ),
            uniform(self.scale, count, generator),
            (uniform(self.shear_x, count, generator), uniform(self.shear_y, count, generator)),
        )


def inverse_affine(
    angle: Tensor, translate: tuple[Tensor, Tensor], scale: Tensor, shear: tuple[Tensor, Tensor]
) -> Tensor:
    """For each image the map from its new pixels to the old ones, about the centre.

    The map of new to old is the inverse of T R(angle) S(scale) Shear_y Shear_x, torchvision's
    order, where T is the shift; x to the right, y down, in pixels from the centre.

    Args:
        angle: degrees, clockwise, of shape (N,).
        translate: shifts along x and y in pixels, each of shape (N,).
        scale: factors of shape (N,).
        shear: degrees along x and y, each of shape (N,).

    Returns:
        float32 of shape (N, 2, 3): rows for x and y; factors of x and y, and a constant.
    """
    # In double precision, as torchvision's: near the middle between two pixels the last bit
    # of an angle decides which one is the nearest. Apple's devices have only float32.
    dtype = torch.float32 if angle.device.type == "mps" else torch.float64
    turn, shear_x, shear_y = (v.to(dtype) * (math.pi / 180) for v in (angle, *shear))
    shift_x, shift_y = (v.to(dtype) for v in translate)
    a = (turn - shear_y).cos() / shear_y.cos()
    c = (turn - shear_y).sin() / shear_y.cos()
    b = -(a * shear_x.tan() + turn.sin())
    d = turn.cos() - c * shear_x.tan()
    # The determinant of [[a, b], [c, d]] is 1.
    xx, xy, yx, yy = d / scale, -b / scale, -c / scale, a / scale
    constants = -(xx * shift_x + xy * shift_y), -(yx * shift_x + yy * shift_y)
    maps = torch.stack((xx, xy, constants[0], yx, yy, constants[1]), 1)
    return maps.view(-1, 2, 3).float()


def warp(images: Tensor, maps: Tensor, interpolation: Interpolation, fill: int) -> Tensor:
    """Each image under the map of its own.

    Bilinear values at the border are mixed with the fill by their share outside the image;
    torchvision counts that share twice there when a fill is set.

    Args:
        images: uint8 of shape (N, C, H, W).
        maps: of new pixels to old ones, of shape (N, 2, 3), as `inverse_affine` returns them.
    """
    if not len(images):
        return images
    height, width = images.shape[2:]
    x, y = (
        torch.linspace((1 - size) / 2, (size - 1) / 2, size, device=images.device)
        for size in (width, height)
    )
    # Not a product of matrices: those may be set to lower precision, and would miss pixels.
    along_x, along_y, constants = maps.view(-1, 2, 3, 1, 1).unbind(2)
    places = along_x * x + along_y * y.view(-1, 1) + constants
    places[:, 0] *= 2 / width
    places[:, 1] *= 2 / height
    return sample(images, places.movedim(1, -1), interpolation, fill)


def sample(images: Tensor, grid: Tensor, interpolation: Interpolation, fill: int = 0) -> Tensor:
    """The images' values at places of their own, rounded to grey levels.

    Args:
        grid: (x, y) of shape (N, H, W, 2), from -1 to 1 between the outer edges of an image.
    """
    values = images.float()
    if fill:
        values -= fill
    sampled = grid_sample(values, grid, interpolation, "zeros", align_corners=False)
    if fill:
        sampled += fill
    return sampled.round_().to(images.dtype)
