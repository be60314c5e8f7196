"""Augmentations of whole batches on the device, each image with its own draw.

Each is a callable ``(images, generator) -> images`` on uint8 batches of shape (N, C, H, W); all
randomness comes from the generator, which lives on the same device. torchvision's own
transforms draw one set of parameters for a whole batch, which is another distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from cnnlab.config.augmentation import AugmentationConfig


class Augmentation(Protocol):
    """A random change to a batch of images."""

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Changes a uint8 batch (N, C, H, W); the shape stays."""


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
        draws = torch.rand(len(images), device=images.device, generator=generator)
        chosen = (draws < self.probability).view(-1, 1, 1, 1)
        return torch.where(chosen, images.flip(-1), images)


def build_augmentations(configs: Sequence[AugmentationConfig]) -> list[Augmentation]:
    """The augmentations that a config names, in its order."""
    return [config.load()(**config.parameters()) for config in configs]
