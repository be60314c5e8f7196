"""Images of a data set in the terminal: two pixels to a character, an upper half block.

Drawn here, because textual-image asks the terminal about itself as soon as it is imported, and
waits for an answer that some never give.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image
from rich.color import Color
from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from cnnlab.data.store import Dataset, Images

LARGEST_SIDE = 32
"""Columns of a sample; larger images are scaled down."""


def can_draw(console: Console) -> bool:
    """Whether a console shows pictures: a terminal with colours."""
    return console.is_terminal and console.color_system is not None and not console.no_color


def print_samples(console: Console, dataset: Dataset, count: int, seed: int) -> None:
    """Draws `count` random training images of each class under its name."""
    generator = np.random.default_rng(seed)
    pictures = []
    for label, name in enumerate(dataset.info.classes):
        members = np.flatnonzero(dataset.train_labels == label)
        for index in generator.permutation(members)[:count]:
            picture = HalfBlocks(dataset.train_images[index])
            title = Text(name, no_wrap=True, overflow="ellipsis")
            title.truncate(picture.width)
            pictures.append(Group(title, picture))
    console.print(Columns(pictures, padding=(0, 2)))


class HalfBlocks:
    """An image uint8 (C, H, W) to print, scaled down to at most 32 columns and 16 lines."""

    def __init__(self, pixels: Images) -> None:
        image = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
        image = image.convert("RGB")
        image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        colours = np.asarray(image)
        self.rows = np.pad(colours, ((0, len(colours) % 2), (0, 0), (0, 0)))
        self.width = colours.shape[1]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self.width, self.width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for upper, lower in zip(self.rows[::2].tolist(), self.rows[1::2].tolist(), strict=True):
            for above, below in zip(upper, lower, strict=True):
                style = Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below))
                yield Segment("▀", style)
            yield Segment.line()
