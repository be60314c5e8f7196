"""Colour jitter changes colours as torchvision does for the same draw."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from cnnlab.data.augmentation import ColorJitter
from cnnlab.data.augmentation.colour import jittered, shift_hue
from cnnlab.data.store import Dataset

KERNELS = [
    functional.adjust_brightness,
    functional.adjust_contrast,
    functional.adjust_saturation,
    functional.adjust_hue,
]
STRENGTHS = {"brightness": 0.8, "contrast": 0.8, "saturation": 0.8, "hue": 0.5}


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def colours(count: int, size: int = 10) -> Tensor:
    """Random colours, some of them grey, black, white or pure."""
    images = torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, generator=seeded())
    images[:, :, 0] = images[:, :1, 0]
    images[:, :, 1, : size // 2] = 0
    images[:, :, 1, size // 2 :] = 255
    images[:, 0, 2], images[:, 1:, 2] = 255, 0
    return images


def torchvisions(images: Tensor, jitter: ColorJitter, active: list[int]) -> Tensor:
    """Each image by torchvision's functions with the draws of a jitter."""
    factors, shifts, order = jitter.draw(len(images), seeded())
    strengths = torch.cat((factors, shifts[None]))
    changed = images.clone()
    for place, kinds in enumerate(order.T.tolist()):
        for kind in kinds:
            if kind in active:
                strength = strengths[kind, place].item()
                changed[place] = KERNELS[kind](changed[place], strength)
    return changed


@pytest.mark.parametrize("kind", range(4), ids=STRENGTHS)
def test_each_change_alone_is_torchvisions(kind: int) -> None:
    images = colours(100)
    name = list(STRENGTHS)[kind]
    jitter = ColorJitter(**{name: STRENGTHS[name]})
    difference = jitter(images, seeded()).int() - torchvisions(images, jitter, [kind]).int()
    assert difference.abs().max() <= 1
    assert (difference != 0).float().mean() < 0.001


def test_all_changes_in_all_orders_are_torchvisions() -> None:
    images = colours(250)
    jitter = ColorJitter(0.3, 0.3, 0.3, 0.1)
    _, _, order = jitter.draw(len(images), seeded())
    assert set(map(tuple, order.T.tolist())) == set(permutations(range(4)))
    difference = jitter(images, seeded()).int() - torchvisions(images, jitter, [0, 1, 2, 3]).int()
    # One level that a step rounds the other way is spread by the steps after it.
    assert (difference.abs() > 1).float().mean() < 0.0001
    assert (difference != 0).float().mean() < 0.001


def test_changes_without_hue_are_torchvisions() -> None:
    images = colours(200)
    jitter = ColorJitter(0.5, 0.5, 0.5)
    difference = jitter(images, seeded()).int() - torchvisions(images, jitter, [0, 1, 2]).int()
    assert difference.abs().max() <= 2
    assert (difference != 0).float().mean() < 0.001


def test_grey_images_change_in_brightness_and_contrast_as_torchvisions(digits: Dataset) -> None:
    images = torch.from_numpy(digits.train_images[:200].copy())
    jitter = ColorJitter(**STRENGTHS)
    difference = jitter(images, seeded()).int() - torchvisions(images, jitter, [0, 1, 2, 3]).int()
    assert difference.abs().max() <= 1
    assert (difference != 0).float().mean() < 0.001


def test_saturation_and_hue_leave_grey_images_alone(digits: Dataset) -> None:
    images = torch.from_numpy(digits.train_images[:50].copy())
    assert torch.equal(ColorJitter(saturation=1.0, hue=0.5)(images, seeded()), images)


def test_hue_keeps_every_colour_when_it_is_not_turned() -> None:
    levels = torch.arange(0, 256, 5, dtype=torch.float32)
    every = torch.cartesian_prod(levels, levels, levels).T.reshape(1, 3, 52, -1)
    for turns in (0.0, 1.0):
        assert torch.equal(shift_hue(every, torch.full((1,), turns)), every)


def test_a_third_of_a_turn_exchanges_the_channels() -> None:
    images = colours(20)
    order = torch.tensor([[3], [0], [1], [2]]).expand(-1, 20)
    turned = jittered(images, torch.ones(3, 20), torch.full((20,), 1 / 3), order)
    assert (turned.int() - images.roll(1, 1).int()).abs().max() <= 1
