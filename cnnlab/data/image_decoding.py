"""One image file to pixels."""

from __future__ import annotations

import io
import re
import threading
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cnnlab.errors import ConfigError

Size = tuple[int, int]
"""Height and width."""

LARGEST_IMAGE = 64_000_000
"""Pixels; a file that claims more is refused before it is decoded."""

FORMATS = (
    "JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "JPEG2000", "AVIF", "DIB", "ICO",
    "DDS", "MSP", "PCX", "QOI", "SGI", "XBM", "XPM", "TGA",
)  # fmt: skip
"""What Pillow reads by itself. EPS is not among them: Pillow has ghostscript run what is in it."""

_LARGE_IMAGE = 4_000_000
"""Pixels; of images that claim more, one is decoded at a time."""

LUMA = (0.299, 0.587, 0.114)
"""What red, green and blue are worth in grey (ITU-R 601)."""

_one_large_image = threading.Lock()

_GREY_MODES = {"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"}


def parse_size(text: str) -> Size:
    """A size as users write it: one side, or height x width.

    Raises:
        ConfigError: it is none.
    """
    match = re.fullmatch(r"([1-9]\d{0,3})(?:x([1-9]\d{0,3}))?", text)
    if match is None:
        raise ConfigError(
            f"{text!r} is not a size.", "Give one side (32) or height x width (48x64)."
        )
    return int(match[1]), int(match[2] or match[1])


@dataclass(frozen=True)
class Decoded:
    """Pixels as uint8 (C, H, W), with one channel for a grey image and three for any other."""

    pixels: np.ndarray


@dataclass(frozen=True)
class Broken:
    """A file that is no image, and why."""

    reason: str


@dataclass(frozen=True)
class Larger:
    """An image that has more pixels than were asked for: its size, read before it is decoded."""

    size: Size


def decode(
    content: bytes, size: Size | None, most: int = LARGEST_IMAGE
) -> Decoded | Broken | Larger:
    """Decodes an image of one of the `FORMATS`; of an animation, the first picture.

    The camera's orientation is applied, transparency lies on black, deeper greys are scaled to
    eight bits. With a size, the image is scaled to cover it and cut at its centre.

    Args:
        most: pixels; a larger image is not decoded.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            claimed = image.width * image.height
            if claimed > LARGEST_IMAGE:
                return Broken(f"{image.width}x{image.height} pixels are too many")
            if claimed > most:
                return Larger((image.height, image.width))
            with _one_large_image if claimed > _LARGE_IMAGE else nullcontext():
                return Decoded(_pixels(image, size))
    except UnidentifiedImageError:
        return Broken("of no image format that is known")
    except Exception as error:
        # Pillow's many readers raise nearly anything on damaged files.
        return Broken(str(error).splitlines()[0].strip() if str(error) else type(error).__name__)


def _pixels(image: Image.Image, size: Size | None) -> np.ndarray:
    grey = image.mode in _GREY_MODES
    upright = ImageOps.exif_transpose(image)
    plain = _eight_bits(upright) if grey else _on_black(upright)
    if size is not None:
        height, width = size
        plain = ImageOps.fit(plain, (width, height), Image.Resampling.BILINEAR)
    pixels = np.asarray(plain, dtype=np.uint8)
    return pixels[None].copy() if grey else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey image of any depth as eight bits."""
    if image.mode in {"LA", "La"}:
        black = Image.new("L", image.size)
        black.paste(image.convert("LA").getchannel("L"), mask=image.convert("LA").getchannel("A"))
        return black
    if image.mode in {"1", "L"}:
        return image.convert("L")
    values = np.asarray(image, dtype=np.float32)
    depth = 1.0 if image.mode == "F" and values.max(initial=0) <= 1 else 65535.0
    return Image.fromarray((values.clip(0, depth) * (255 / depth)).round().astype(np.uint8))


def _on_black(image: Image.Image) -> Image.Image:
    """A colour image as RGB, transparency composited on black."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "black"), layered).convert("RGB")


def with_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Pixels (C, H, W) with 1 or 3 channels.

    Grey becomes colour by repetition, colour grey by ITU-R 601 luma.
    """
    if len(pixels) == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=0)
    luma = np.tensordot(np.array(LUMA), pixels.astype(np.float64), axes=1)
    return luma.round().astype(np.uint8)[None]
