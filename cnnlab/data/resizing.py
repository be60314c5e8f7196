"""Images resized on the device, a batch at a time: the set itself stays as small as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from torch import Tensor

from cnnlab.data.batches import ImageSource

Size = tuple[int, int]
"""Height and width."""

Interpolation = Literal["bilinear", "bicubic"]


class Resize:
    """torchvision's resize, with antialiasing: uint8 in and out.

    On the CPU pixels are Pillow's to within two steps of 255. On CUDA values beyond 0 and 255, as
    bicubic makes them at sharp edges, are cut off after both axes and not after each, so there
    edges differ by a few steps more.

    Args:
        size: height and width of what comes out.
        interpolation: how pixels are computed.
    """

    def __init__(self, size: Size, interpolation: Interpolation) -> None:
        # torchvision takes seconds to import, and only a run that resizes needs it.
        from torchvision.transforms.v2 import InterpolationMode, functional

        self.size = size
        self._resize = functional.resize_image
        self._mode = InterpolationMode(interpolation)

    def __call__(self, images: Tensor) -> Tensor:
        """Maps uint8 images (N, C, H, W) to uint8 images of the new height and width."""
        resized: Tensor = self._resize(images, list(self.size), self._mode, antialias=True)
        return resized


class Resized:
    """A source of images whose batches are resized before anything else happens to them.

    Args:
        source: gives the images as they are.
        size: height and width of what comes out.
        interpolation: how pixels are computed.
    """

    def __init__(self, source: ImageSource, size: Size, interpolation: Interpolation) -> None:
        self.source = source
        self.labels = source.labels
        self.resize = Resize(size, interpolation)

    def batches(self, order: Tensor, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """See `ImageSource`."""
        for images, labels in self.source.batches(order, batch_size):
            yield self.resize(images), labels


def size_after(resize: int | Size, size: Size) -> Size:
    """Height and width after resizing; a single number is the shorter side, as in torchvision.

    Args:
        resize: the shorter side, or height and width.
        size: height and width before.
    """
    if isinstance(resize, tuple):
        return resize
    height, width = size
    if height <= width:
        return resize, resize * width // height
    return resize * height // width, resize
