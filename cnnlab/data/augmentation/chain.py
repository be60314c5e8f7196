"""Augmentations one after the other, as a config names them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from cnnlab.config.component import Component
from cnnlab.data.augmentation.draws import Augmentation


class Chain:
    """Several augmentations in their order, under one name.

    Args:
        parts: the configs of the augmentations.
    """

    def __init__(self, parts: Sequence[Component]) -> None:
        self.augmentations = build_augmentations(parts)

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Applies each to what the one before it made."""
        for augmentation in self.augmentations:
            images = augmentation(images, generator)
        return images


def build_augmentations(configs: Sequence[Component]) -> list[Augmentation]:
    """The augmentations that a config names, in its order."""
    return [config.load()(**config.parameters()) for config in configs]
