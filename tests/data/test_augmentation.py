"""Augmentation gives each image of a batch a draw of its own, with torchvision's pixels."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from torchvision.transforms import functional

from cnnlab.data.augmentation import HorizontalFlip, RandomCrop


def distinct_images(count: int, channels: int = 3, size: int = 8) -> torch.Tensor:
    """The same picture again and again, every pixel of it with a value of its own."""
    pixels = torch.arange(1, channels * size * size + 1) % 255 + 1
    image = pixels.to(torch.uint8).view(1, channels, size, size)
    return image.repeat(count, 1, 1, 1)


def crops_of(image: torch.Tensor, padding: int) -> dict[tuple[int, int], torch.Tensor]:
    """Every crop that torchvision can make of an image, by its place."""
    height, width = image.shape[-2:]
    padded = functional.pad(image, [padding])
    places = range(2 * padding + 1)
    return {
        (top, left): functional.crop(padded, top, left, height, width)
        for top in places
        for left in places
    }


def test_each_image_is_one_of_torchvisions_crops_at_a_place_of_its_own() -> None:
    images = distinct_images(500)
    cropped = RandomCrop(padding=2)(images, torch.Generator().manual_seed(0))
    possible = crops_of(images[0], padding=2)
    places = Counter(
        next(place for place, crop in possible.items() if torch.equal(crop, image))
        for image in cropped
    )
    assert len(places) == 25
    # 500 draws over 25 places: 20 each, with a standard deviation of 4.4.
    assert max(places.values()) < 20 + 6 * 4.4


def test_a_crop_keeps_shape_and_type() -> None:
    images = distinct_images(3, channels=1, size=28)
    cropped = RandomCrop(padding=4)(images, torch.Generator())
    assert cropped.shape == images.shape
    assert cropped.dtype == torch.uint8


def test_each_image_is_flipped_or_not_by_its_own_draw() -> None:
    images = distinct_images(1000)
    flipped = HorizontalFlip(probability=0.3)(images, torch.Generator().manual_seed(0))
    mirrored = functional.hflip(images[0])
    changed = sum(torch.equal(image, mirrored) for image in flipped)
    same = sum(torch.equal(image, images[0]) for image in flipped)
    assert changed + same == 1000
    assert 230 < changed < 370  # 300 expected, standard deviation 14.5


@pytest.mark.parametrize(("probability", "expected"), [(0.0, 0), (1.0, 50)])
def test_a_sure_flip_flips_all_and_an_impossible_one_none(
    probability: float, expected: int
) -> None:
    images = distinct_images(50)
    flipped = HorizontalFlip(probability)(images, torch.Generator())
    assert sum(not torch.equal(a, b) for a, b in zip(flipped, images, strict=True)) == expected


@pytest.mark.parametrize("augmentation", [RandomCrop(2), HorizontalFlip(0.5)])
def test_the_generator_alone_decides_the_draw(augmentation: Any) -> None:
    images = distinct_images(64)
    torch.manual_seed(1)
    first = augmentation(images, torch.Generator().manual_seed(7))
    torch.manual_seed(2)
    again = augmentation(images, torch.Generator().manual_seed(7))
    other = augmentation(images, torch.Generator().manual_seed(8))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
