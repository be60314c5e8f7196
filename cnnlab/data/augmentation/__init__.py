"""Augmentations of whole batches on the device, each image with its own draw.

Each is a callable ``(images, generator) -> images`` on uint8 batches of shape (N, C, H, W), grey
or RGB; all randomness comes from the generator, which lives on the same device, and the batch
that comes in is left as it was. torchvision's own transforms draw one set of parameters for a
whole batch, which is another distribution.

The draws are torchvision's for one image, the pixels those of `torchvision.transforms.v2` on
tensors, to one grey level where rounding differs.
"""

from __future__ import annotations

from cnnlab.data.augmentation.chain import Chain, build_augmentations
from cnnlab.data.augmentation.colour import ColorJitter
from cnnlab.data.augmentation.draws import Augmentation
from cnnlab.data.augmentation.erasing import RandomErasing
from cnnlab.data.augmentation.geometry import Affine, HorizontalFlip, RandomCrop, Rotation
from cnnlab.data.augmentation.resized_crop import ResizedCrop

__all__ = [
    "Affine",
    "Augmentation",
    "Chain",
    "ColorJitter",
    "HorizontalFlip",
    "RandomCrop",
    "RandomErasing",
    "ResizedCrop",
    "Rotation",
    "build_augmentations",
]
