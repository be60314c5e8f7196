"""Images of another data set, brought to the channels and the size that a run was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from cnnlab.amounts import format_shape
from cnnlab.data.catalog import Shape
from cnnlab.data.image_decoding import LUMA
from cnnlab.data.resizing import Resize
from cnnlab.errors import ConfigError

GREY, COLOUR = 1, 3


@dataclass(frozen=True)
class Adaptation:
    """Maps uint8 images (N, C, H, W) of one shape to another, as an import with `--size` does.

    Grey becomes colour by repetition, colour grey by luma; what is larger or smaller is cut at its
    centre to the wanted proportions and resized (bilinear, antialiased).

    Args:
        before, after: channels, height and width.

    Raises:
        ConfigError: the channels are neither grey nor colour, and differ.
    """

    before: Shape
    after: Shape

    def __post_init__(self) -> None:
        channels = {self.before[0], self.after[0]}
        if len(channels) > 1 and channels != {GREY, COLOUR}:
            raise ConfigError(
                f"Images of {format_shape(self.before)} have other channels than those that the "
                f"run was trained on ({format_shape(self.after)}).",
                "Choose a data set with the same ones.",
            )

    def in_words(self) -> list[str]:
        """What is done to the images, a sentence each."""
        words = []
        if self.before[0] != self.after[0]:
            grey = self.after[0] == GREY
            words.append(
                "The images have colours and are turned grey, as the run's are."
                if grey
                else "The images are grey and get three equal channels, as the run's have colours."
            )
        if self.before[1:] != self.after[1:]:
            cut = " and cut at the sides" if self._cut() != self.before[1:] else ""
            words.append(
                f"The images are resized{cut} from {format_shape(self.before[1:])} to "
                f"{format_shape(self.after[1:])}, the size of the run's."
            )
        return words

    def __call__(self, images: Tensor) -> Tensor:
        """The images (N, C, H, W) in the wanted shape; uint8."""
        images = self._recoloured(images)
        if self.before[1:] == self.after[1:]:
            return images
        height, width = self._cut()
        top, left = (self.before[1] - height) // 2, (self.before[2] - width) // 2
        return self._resize(images[:, :, top : top + height, left : left + width])

    @cached_property
    def _resize(self) -> Resize:
        return Resize(self.after[1:], "bilinear")

    def _recoloured(self, images: Tensor) -> Tensor:
        if self.before[0] == self.after[0]:
            return images
        if self.after[0] == COLOUR:
            return images.expand(-1, COLOUR, -1, -1)
        weights = torch.tensor(LUMA, device=images.device).view(-1, 1, 1)
        return (images * weights).sum(1, keepdim=True).round().to(torch.uint8)

    def _cut(self) -> tuple[int, int]:
        """Height and width of the largest part with the wanted proportions."""
        (_, height, width), (_, new_height, new_width) = self.before, self.after
        if width * new_height > height * new_width:
            return height, max(1, round(height * new_width / new_height))
        return max(1, round(width * new_height / new_width)), width
