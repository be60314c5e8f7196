"""Rectangles erased from images."""

from __future__ import annotations

import torch
from torch import Tensor

from cnnlab.data.augmentation.draws import Boxes, Interval, chosen, first_valid, offset, sides


class RandomErasing:
    """Erases a random rectangle from some images (Zhong et al. 2017, arXiv:1708.04896).

    The draw of `torchvision.transforms.RandomErasing`: ten tries at a rectangle smaller than the
    image in both directions, else none. torchvision's usually comes after the normalisation,
    where 0 is the mean of the data set; here the images are not normalised yet: 0 is black.

    Args:
        probability: of erasing, for each image.
        scale: interval of the erased share of the area.
        ratio: interval of height to width, drawn log-uniformly.
        value: grey level that the rectangle gets, in every channel.
    """

    def __init__(
        self,
        probability: float = 0.5,
        scale: Interval = (0.02, 0.33),
        ratio: Interval = (0.3, 3.3),
        value: int = 0,
    ) -> None:
        self.probability = probability
        self.scale = scale
        self.ratio = ratio
        self.value = value

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Erases a rectangle of its own from each image of a random choice."""
        count, _, height, width = images.shape
        erased = chosen(self.probability, count, generator)
        boxes = self.draw(count, height, width, generator)
        return images.masked_fill(erased & inside(boxes, height, width), self.value)

    def draw(self, count: int, height: int, width: int, generator: torch.Generator) -> Boxes:
        """A rectangle in each of `count` images, an empty one where all tries were too large."""
        high, wide = sides(height * width, self.scale, self.ratio, count, generator)
        fits = (high < height) & (wide < width)
        box_height, box_width = first_valid(fits, high, 0), first_valid(fits, wide, 0)
        top = offset(height - box_height, generator)
        left = offset(width - box_width, generator)
        return Boxes(top, left, box_height, box_width)


def inside(boxes: Boxes, height: int, width: int) -> Tensor:
    """Which pixels lie in the boxes, as bool of shape (N, 1, H, W)."""
    rows = _between(boxes.top, boxes.height, height)
    columns = _between(boxes.left, boxes.width, width)
    return rows.view(-1, 1, height, 1) & columns.view(-1, 1, 1, width)


def _between(start: Tensor, length: Tensor, size: int) -> Tensor:
    places = torch.arange(size, device=start.device)
    return (places >= start.view(-1, 1)) & (places < (start + length).view(-1, 1))
