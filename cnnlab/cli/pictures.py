"""Images of a data set in the terminal: two pixels to a character, half blocks.

Half blocks show on every terminal with colours. textual-image would use a better protocol where
there is one, but it asks the terminal as soon as it is imported, and waits for an answer that
some never give.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text
from rich_pixels import Pixels

from cnnlab.data.store import Dataset, Images

LARGEST_SIDE = 32
"""Columns of a sample; larger images are scaled down."""

FEWEST_IN_A_ROW = 4
"""Samples that fit beside each other, however narrow the terminal."""


def can_draw(console: Console) -> bool:
    """Whether a console shows pictures: a terminal with colours."""
    return console.is_terminal and console.color_system is not None and not console.no_color


def print_samples(console: Console, dataset: Dataset, count: int, seed: int) -> None:
    """Draws `count` random training images of each class under its name."""
    side = max(1, min(LARGEST_SIDE, console.width // FEWEST_IN_A_ROW - 2))
    generator = np.random.default_rng(seed)
    pictures = []
    for label, name in enumerate(dataset.info.classes):
        members = generator.permutation(np.flatnonzero(dataset.train_labels == label))
        for index in members[:count]:
            title = Text(name, no_wrap=True)
            title.truncate(side, overflow="ellipsis")
            pictures.append(Group(title, _picture(dataset.train_images[index], side)))
    grid = Table.grid(padding=(0, 1))
    in_a_row = max(1, console.width // (side + 1))
    for start in range(0, len(pictures), in_a_row):
        grid.add_row(*pictures[start : start + in_a_row])
    console.print(grid)


def _picture(pixels: Images, side: int) -> Pixels:
    """An image (C, H, W) to print, at most `side` pixels wide and high."""
    image = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
    image = image.convert("RGB")
    image.thumbnail((side, side))
    drawn: Pixels = Pixels.from_image(image)
    return drawn
