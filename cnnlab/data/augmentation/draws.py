"""What an augmentation is, and the random draws that several share: one for each image."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

Interval = tuple[float, float]
"""Smallest and largest value of a uniform draw."""

_TRIES = 10


class Augmentation(Protocol):
    """A random change to a batch of images."""

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Changes a uint8 batch (N, C, H, W); the shape stays."""


class Boxes(NamedTuple):
    """A rectangle in each image, in whole pixels; each field has the shape (N,)."""

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor


def around(value: float | Interval, centre: float = 0.0) -> Interval:
    """The interval of a parameter: as given, or as far as a single number to both sides."""
    if isinstance(value, int | float):
        return centre - value, centre + value
    return value[0], value[1]


def uniform(interval: Interval, count: int, generator: torch.Generator) -> Tensor:
    """One draw from an interval for each image, float32 of shape (count,)."""
    low, high = interval
    draws = torch.rand(count, device=generator.device, generator=generator)
    return draws * (high - low) + low


def chosen(probability: float, count: int, generator: torch.Generator) -> Tensor:
    """Which images are changed, as bool of shape (count, 1, 1, 1)."""
    draws = torch.rand(count, device=generator.device, generator=generator)
    return (draws < probability).view(-1, 1, 1, 1)


def sides(
    area: float, scale: Interval, ratio: Interval, count: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Ten tries for the sides of a rectangle in each image, in whole pixels.

    The draw of torchvision's RandomResizedCrop and RandomErasing: the share of the area is
    uniform, the ratio of the first side to the second log-uniform.

    Returns:
        both sides, int64 of shape (10, count).
    """
    areas = uniform(scale, _TRIES * count, generator) * area
    logarithms = uniform((math.log(ratio[0]), math.log(ratio[1])), _TRIES * count, generator)
    ratios = logarithms.exp()
    first, second = (areas * ratios).sqrt().round(), (areas / ratios).sqrt().round()
    return first.long().view(_TRIES, count), second.long().view(_TRIES, count)


def first_valid(valid: Tensor, tries: Tensor, otherwise: int) -> Tensor:
    """The first valid try for each image, from tensors of shape (tries, count)."""
    # The first of several largest ones, on every device; argmax of bool is not offered.
    place = valid.byte().argmax(0, keepdim=True)
    return torch.where(valid.any(0), tries.gather(0, place)[0], otherwise)


def offset(room: Tensor, generator: torch.Generator) -> Tensor:
    """A place from 0 to the room left in each image, all equally likely; int64."""
    draws = torch.rand(len(room), device=generator.device, generator=generator)
    # A draw just below 1 may be rounded up to the place behind the last.
    return torch.minimum((draws * (room + 1)).long(), room)
