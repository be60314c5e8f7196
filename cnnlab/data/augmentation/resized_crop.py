"""A random part of each image, enlarged to the image's size."""

from __future__ import annotations

import torch
from torch import Tensor

from cnnlab.data.augmentation.draws import Boxes, Interval, first_valid, offset, sides
from cnnlab.data.augmentation.geometry import sample


class ResizedCrop:
    """Cuts a random rectangle out of each image and enlarges it to the image's size.

    The draw of `torchvision.transforms.RandomResizedCrop`: ten tries at a rectangle that fits,
    else the largest one in the middle that the ratios allow.

    Args:
        scale: interval of the share of the area that is kept.
        ratio: interval of width to height, drawn log-uniformly.
    """

    def __init__(self, scale: Interval = (0.08, 1.0), ratio: Interval = (3 / 4, 4 / 3)) -> None:
        self.scale = scale
        self.ratio = ratio

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Cuts and enlarges each image."""
        count, _, height, width = images.shape
        return enlarge(images, self.draw(count, height, width, generator))

    def draw(self, count: int, height: int, width: int, generator: torch.Generator) -> Boxes:
        """A rectangle in each of `count` images."""
        wide, high = sides(height * width, self.scale, self.ratio, count, generator)
        fits = (wide > 0) & (wide <= width) & (high > 0) & (high <= height)
        most_high, most_wide = self._largest(height, width)
        box_height = first_valid(fits, high, most_high)
        box_width = first_valid(fits, wide, most_wide)
        room_above, room_beside = height - box_height, width - box_width
        drawn = fits.any(0)
        top = torch.where(drawn, offset(room_above, generator), room_above // 2)
        left = torch.where(drawn, offset(room_beside, generator), room_beside // 2)
        return Boxes(top, left, box_height, box_width)

    def _largest(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the largest part of an image with an allowed ratio."""
        narrowest, widest = self.ratio
        if width / height < narrowest:
            return round(width / narrowest), width
        if width / height > widest:
            return height, round(height * widest)
        return height, width


def enlarge(images: Tensor, boxes: Boxes) -> Tensor:
    """The inside of each image's box at the size of the image, bilinearly.

    Nothing outside of the box has a part in it, as if it was cut out first.
    """
    if not len(images):
        return images
    count, _, height, width = images.shape
    x = _places(boxes.left, boxes.width, width)
    y = _places(boxes.top, boxes.height, height)
    grid = torch.empty(count, 2, height, width, device=images.device)
    grid[:, 0] = x.view(count, 1, width)
    grid[:, 1] = y.view(count, height, 1)
    return sample(images, grid.movedim(1, -1), "bilinear")


def _places(start: Tensor, length: Tensor, size: int) -> Tensor:
    """Where the pixels of an enlarged side come from, from -1 to 1; of shape (N, size)."""
    steps = torch.arange(size, device=start.device) + 0.5
    inside = steps * (length.view(-1, 1) / size)
    inside = torch.minimum(inside.clamp(min=0.5), length.view(-1, 1) - 0.5)
    return (start.view(-1, 1) + inside) * (2 / size) - 1
