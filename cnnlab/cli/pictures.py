"""Images of a data set in the terminal: two pixels to a character, half blocks."""

from __future__ import annotations

import numpy as np
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from cnnlab.data.store import Dataset
from cnnlab.export.pictures import picture

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
            pictures.append(Group(title, picture(dataset.train_images[index], side)))
    grid = Table.grid(padding=(0, 1))
    in_a_row = max(1, console.width // (side + 1))
    for start in range(0, len(pictures), in_a_row):
        grid.add_row(*pictures[start : start + in_a_row])
    console.print(grid)
