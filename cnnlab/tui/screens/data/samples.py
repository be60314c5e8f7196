"""Which images of a data set are looked at; nothing but those is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cnnlab.data import store
from cnnlab.export.format import one_line
from cnnlab.tui.widgets.gallery import Shot

_ROUNDS = 4
"""Samples of each class."""


def sample_shots(path: Path, seed: int) -> list[Shot]:
    """Random training images: one of each class, then another of each, and so on.

    Raises:
        DataError: the file is damaged.
    """
    info, labels = store.read_info(path), store.read_labels(path, "train")
    generator = np.random.default_rng(seed)
    chosen = [
        generator.permutation(np.flatnonzero(labels == label))[:_ROUNDS]
        for label in range(len(info.classes))
    ]
    return [
        _shot(int(members[at]), info.classes[label])
        for at in range(_ROUNDS)
        for label, members in enumerate(chosen)
        if at < len(members)
    ]


def _shot(index: int, name: str) -> Shot:
    return Shot(index, one_line(name), f"{one_line(name)}, training image {index:,}")


def random_image(path: Path, seed: int) -> tuple[store.Images, str]:
    """A training image, uint8 (C, H, W), and what it is.

    Raises:
        DataError: the file is damaged.
    """
    info, labels = store.read_info(path), store.read_labels(path, "train")
    index = int(np.random.default_rng(seed).integers(len(labels)))
    name = info.classes[int(labels[index])]
    return store.pick(path, "train", [index])[0], _shot(index, name).words
