"""What holds for every augmentation, and the pixels of crop and flip."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from torchvision.transforms import functional

from cnnlab.config.augmentation import AugmentationConfig
from cnnlab.config.component import members
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.data.augmentation import Augmentation, Chain, HorizontalFlip, RandomCrop
from cnnlab.data.store import Dataset
from cnnlab.errors import ConfigError


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


IDENTITIES: dict[str, dict[str, Any]] = {
    "no-flip": {"name": "horizontal-flip", "probability": 0},
    "no-angle": {"name": "rotation", "degrees": 0},
    "no-angle-bilinear": {"name": "rotation", "degrees": 0, "interpolation": "bilinear"},
    "whole-turn": {"name": "rotation", "degrees": [360, 360], "interpolation": "bilinear"},
    "no-map": {"name": "affine", "degrees": 0},
    "no-map-bilinear": {"name": "affine", "degrees": 0, "interpolation": "bilinear"},
    "no-map-filled": {"name": "affine", "degrees": 0, "interpolation": "bilinear", "fill": 200},
    "no-jitter": {"name": "color-jitter"},
    "fixed-jitter": {"name": "color-jitter", "brightness": [1, 1], "contrast": [1, 1], "hue": 0},
    "no-erasing": {"name": "random-erasing", "probability": 0},
    "nothing-erased": {"name": "random-erasing", "probability": 1, "scale": [0, 0]},
    "whole-crop": {"name": "resized-crop", "scale": [1, 1], "ratio": [1, 1]},
}
BASE: list[dict[str, Any]] = [
    {"name": "random-crop", "padding": 4},
    {"name": "horizontal-flip", "probability": 0.5},
]
MORE: list[dict[str, Any]] = [
    {"name": "rotation", "degrees": 15, "interpolation": "nearest", "fill": 0},
    {"name": "color-jitter", "brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1},
]
MOST: list[dict[str, Any]] = [
    {
        "name": "affine",
        "degrees": 0,
        "translate": [0.1, 0.1],
        "scale": [0.9, 1.1],
        "shear": 10,
        "interpolation": "nearest",
        "fill": 0,
    },
    {
        "name": "random-erasing",
        "probability": 0.5,
        "scale": [0.02, 0.33],
        "ratio": [0.3, 3.3],
        "value": 0,
    },
]
CHANGES: dict[str, dict[str, Any]] = {
    "random-crop": {},
    "horizontal-flip": {},
    "rotation": {"degrees": 40, "interpolation": "bilinear", "fill": 30},
    "affine": {"translate": [0.1, 0.1], "scale": [0.5, 2], "shear": 10},
    "color-jitter": {"brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "hue": 0.2},
    "random-erasing": {"probability": 1},
    "resized-crop": {},
    "base": {},
    "strong": {},
    "stronger": {},
}


def built(tables: list[dict[str, Any]]) -> Augmentation:
    """The augmentations of a config, one after the other."""
    config = {"data": {"name": "mnist"}, "model": "lenet", "augmentation": tables}
    return Chain(validate(RunConfig, config).augmentation)


def noise(count: int, channels: int, height: int = 16, width: int = 16) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    size = (count, channels, height, width)
    return torch.randint(0, 256, size, dtype=torch.uint8, generator=generator)


@pytest.fixture(params=CHANGES)
def augmentation(request: pytest.FixtureRequest) -> Augmentation:
    """Each that a config can name, set so that it changes something."""
    return built([{"name": request.param, **CHANGES[request.param]}])


def test_every_name_is_tried_here() -> None:
    assert set(CHANGES) == set(members(AugmentationConfig))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_shape_type_and_layout_stay_and_so_does_the_batch_that_came_in(
    augmentation: Augmentation, channels: int, count: int
) -> None:
    images = noise(count, channels, 14, 18)
    before = images.clone()
    changed = augmentation(images, torch.Generator())
    assert (changed.shape, changed.dtype) == (images.shape, torch.uint8)
    assert changed.is_contiguous()
    assert torch.equal(images, before)


def test_the_generator_alone_decides_and_nothing_else_is_drawn_from(
    augmentation: Augmentation,
) -> None:
    images = noise(30, 3)
    torch.manual_seed(1)
    untouched = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    first = augmentation(images, torch.Generator().manual_seed(7))
    after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    torch.manual_seed(2)
    again = augmentation(images, torch.Generator().manual_seed(7))
    other = augmentation(images, torch.Generator().manual_seed(8))
    assert torch.equal(untouched[0], after[0])
    assert untouched[1:] == after[1:]
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", sorted(set(CHANGES) - {"horizontal-flip"}))
def test_each_image_has_a_draw_of_its_own(name: str) -> None:
    images = noise(1, 3).repeat(50, 1, 1, 1)
    changed = built([{"name": name, **CHANGES[name]}])(images, torch.Generator().manual_seed(0))
    # A crop has 81 places: some of the 50 coincide.
    assert len(torch.unique(changed, dim=0)) > 25


def test_an_image_is_changed_by_its_draw_alone(augmentation: Augmentation) -> None:
    images = noise(20, 3)
    others = images.clone()
    others[1::2] = 0
    first = augmentation(images, torch.Generator().manual_seed(7))
    second = augmentation(others, torch.Generator().manual_seed(7))
    assert torch.equal(first[::2], second[::2])


@pytest.mark.parametrize("table", IDENTITIES.values(), ids=IDENTITIES)
def test_what_changes_nothing_leaves_every_bit(table: dict[str, Any], digits: Dataset) -> None:
    identity = built([table])
    for images in (torch.from_numpy(digits.train_images[:30].copy()), noise(50, 3)):
        assert torch.equal(identity(images, torch.Generator().manual_seed(0)), images)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("base", BASE),
        ("strong", [*BASE, *MORE]),
        ("stronger", [*BASE, *MORE, *MOST]),
    ],
)
def test_a_strength_is_its_parts_in_their_order(name: str, parts: list[dict[str, Any]]) -> None:
    images = noise(40, 3)
    expected = built(parts)(images, torch.Generator().manual_seed(4))
    assert torch.equal(built([{"name": name}])(images, torch.Generator().manual_seed(4)), expected)


def test_several_are_applied_in_the_order_of_the_config() -> None:
    images = noise(30, 3)
    tables = [{"name": "random-erasing", "value": 255}, {"name": "color-jitter", "hue": 0.3}]
    generator = torch.Generator().manual_seed(4)
    expected = images
    for table in tables:
        expected = built([table])(expected, generator)
    assert torch.equal(built(tables)(images, torch.Generator().manual_seed(4)), expected)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            {"name": "rotation", "degrees": [10, -10]},
            "augmentation.0.degrees: [10.0, -10.0] is not allowed; 10 must not be above -10, the "
            "smallest value comes first.",
        ),
        (
            {"name": "affine", "shear": [0, 5, 5, 0]},
            "augmentation.0.shear: [0.0, 5.0, 5.0, 0.0] is not allowed; 5 must not be above 0, "
            "the smallest value comes first.",
        ),
        (
            {"name": "color-jitter", "hue": 0.6},
            "augmentation.0.hue: 0.6 is not allowed; it must be a number from 0 to 0.5 or a list "
            "of 2 numbers from -0.5 to 0.5.",
        ),
    ],
)
def test_impossible_draws_are_refused(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        built([table])
    assert str(raised.value) == sentence
