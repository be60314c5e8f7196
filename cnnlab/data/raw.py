"""What a format's reader hands to the importer: pixels, labels and class names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnlab.data.store import Images, Labels
from cnnlab.errors import DataError

FEWEST_CLASSES = 2


@dataclass(frozen=True)
class RawSplit:
    """Images uint8 (N, C, H, W) with labels int64 (N,)."""

    images: Images
    labels: Labels


@dataclass(frozen=True)
class RawDataset:
    """A data set as it was found; `test` is None where it has no test part."""

    classes: tuple[str, ...]
    train: RawSplit
    test: RawSplit | None


def split_off_test(
    train: RawSplit, classes: int, share: float, seed: int
) -> tuple[RawSplit, RawSplit]:
    """Cuts a test part from the training images, the same share of each class.

    Each class keeps at least one image on both sides.

    Raises:
        DataError: a class has a single image.
    """
    generator = np.random.default_rng(seed)
    chosen = np.zeros(len(train.labels), dtype=bool)
    for label in range(classes):
        members = generator.permutation(np.flatnonzero(train.labels == label))
        if len(members) < FEWEST_CLASSES:
            raise DataError(
                "There is no test part, and a class with a single image cannot be split.",
                "Add images to each class, or add a folder test/<class>.",
            )
        count = min(max(round(share * len(members)), 1), len(members) - 1)
        chosen[members[:count]] = True
    return (
        RawSplit(train.images[~chosen], train.labels[~chosen]),
        RawSplit(train.images[chosen], train.labels[chosen]),
    )
