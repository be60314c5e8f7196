"""Images as characters: two pixels to each, half blocks, which show on every coloured terminal.

Where there are no colours, the characters ░▒▓█ stand for brightness, one to two pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich_pixels import Pixels

if TYPE_CHECKING:
    from rich.text import Text

Bytes = NDArray[np.uint8]

_SHADES = " ░▒▓█"


def image_of(pixels: Bytes) -> Image.Image:
    """An image (C, H, W) as Pillow has it; grey if C is 1."""
    image = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
    return image.convert("RGB")


def picture(pixels: Bytes, side: int) -> Pixels:
    """An image (C, H, W) to print, at most `side` pixels wide and high; grey if C is 1."""
    image = image_of(pixels)
    image.thumbnail((side, side))
    drawn: Pixels = Pixels.from_image(image)
    return drawn


def fitted(pixels: Bytes, width: int, height: int) -> Image.Image:
    """An image (C, H, W) as large as a frame allows: scaled down, or up by a whole factor.

    A whole factor keeps every pixel of a small image a square of its own.

    Args:
        width, height: of the frame, in pixels.
    """
    image = image_of(pixels)
    factor = min(width // image.width, height // image.height)
    if factor >= 1:
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    image.thumbnail((max(width, 1), max(height, 1)))
    return image


def blocks(pixels: Bytes, columns: int, rows: int) -> Pixels:
    """An image (C, H, W) in half blocks, as large as a frame of so many characters allows."""
    drawn: Pixels = Pixels.from_image(fitted(pixels, columns, 2 * rows))
    return drawn


def shades(pixels: Bytes, columns: int, rows: int) -> Text:
    """An image (C, H, W) without colours: ░▒▓█ from dark to bright, two pixels to a character."""
    from rich.text import Text

    image = fitted(pixels, columns, 2 * rows).convert("L")
    grey = np.asarray(image.resize((image.width, max(1, image.height // 2))), dtype=np.int64)
    levels = grey * len(_SHADES) // 256
    return Text("\n".join("".join(_SHADES[level] for level in row) for row in levels))
