"""Images as characters: two pixels to each, half blocks, which show on every coloured terminal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich_pixels import Pixels


def picture(pixels: NDArray[np.uint8], side: int) -> Pixels:
    """An image (C, H, W) to print, at most `side` pixels wide and high; grey if C is 1."""
    image = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
    image = image.convert("RGB")
    image.thumbnail((side, side))
    drawn: Pixels = Pixels.from_image(image)
    return drawn
