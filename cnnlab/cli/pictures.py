"""Images of a data set in the terminal."""

from __future__ import annotations

import numpy as np
from PIL import Image
from rich.columns import Columns
from rich.console import Console, Group
from rich.text import Text
from textual_image.renderable.halfcell import Image as HalfcellImage

from cnnlab.data.store import Dataset

LARGEST_SIDE = 32
"""Columns of a sample; larger images are scaled down."""

SEED = 0


def print_samples(console: Console, dataset: Dataset, count: int) -> None:
    """Draws `count` training images of each class, two pixels to a character."""
    generator = np.random.default_rng(SEED)
    for label, name in enumerate(dataset.info.classes):
        members = np.flatnonzero(dataset.train_labels == label)
        chosen = generator.permutation(members)[:count]
        pictures = [Group(Text(name), _picture(dataset.train_images[index])) for index in chosen]
        console.print(Columns(pictures, padding=(0, 1)))


def _picture(pixels: np.ndarray) -> HalfcellImage:
    """An image (C, H, W) to print."""
    image = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
    image = image.convert("RGB")
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    return HalfcellImage(image, width=image.width)
