"""The validation split, cut from the training images; the test split is never touched here."""

from __future__ import annotations

import torch
from torch import Tensor

from cnnlab.errors import ConfigError


def validation_size(wanted: int | float, images: int) -> int:
    """The number of validation images that a config asks for: a number, or a share below 1.

    Raises:
        ConfigError: nothing would be left on one of the two sides.
    """
    size = wanted if isinstance(wanted, int) else round(wanted * images)
    if not 1 <= size < images:
        raise ConfigError(
            f"data.validation = {wanted} asks for {size:,} of {images:,} training images.",
            "Leave images for both; --set data.validation=0.1 takes a tenth.",
        )
    return size


def cut_validation(images: int, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Splits the indices of the training images at random.

    Args:
        images: number of images to split.
        size: number of images for validation.
        seed: the run's seed; the same seed gives the same split on every machine.

    Returns:
        The indices for training and those for validation, int64, each in ascending order.
    """
    order = torch.randperm(images, generator=torch.Generator().manual_seed(seed))
    return order[size:].sort().values, order[:size].sort().values
