"""The draws are distributed as torchvision's: 20,000 of each, compared by Kolmogorov-Smirnov.

The seeds are fixed, so that a level of 0.001 raises no false alarm on one day and none the next.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import partial

import pytest
import torch
from scipy import stats
from torch import Tensor
from torchvision import transforms

from cnnlab.data.augmentation import Affine, ColorJitter, RandomErasing, ResizedCrop, Rotation
from cnnlab.data.augmentation.draws import Interval, offset

COUNT = 20_000
HEIGHT, WIDTH = 24, 36
LEVEL = 0.001


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(11)


def assert_uniform(draws: Tensor, low: float, high: float) -> None:
    assert draws.shape == (COUNT,)
    slack = 1e-5 * (high - low)
    assert draws.min() >= low - slack
    assert draws.max() <= high + slack
    deviation = (high - low) / math.sqrt(12 * COUNT)
    assert draws.double().mean().item() == pytest.approx((low + high) / 2, abs=4 * deviation)
    assert stats.kstest(draws.numpy(), stats.uniform(low, high - low).cdf).pvalue > LEVEL


def assert_same_distribution(draws: Tensor, others: Tensor) -> None:
    assert draws.min() >= others.min() - 1
    assert draws.max() <= others.max() + 1
    deviation = others.double().std().item() * math.sqrt(2 / COUNT)
    assert draws.double().mean().item() == pytest.approx(
        others.double().mean().item(), abs=4 * deviation
    )
    assert stats.ks_2samp(draws.numpy(), others.numpy()).pvalue > LEVEL


def assert_independent(*draws: Tensor) -> None:
    """No correlation between parameters, nor of one image with the next."""
    table = torch.stack([*draws, *(draw.roll(1) for draw in draws)]).double()
    off_diagonal = torch.corrcoef(table) - torch.eye(len(table), dtype=torch.float64)
    assert off_diagonal.abs().max() < 4.5 / math.sqrt(COUNT)


@pytest.mark.parametrize(("degrees", "bounds"), [(15, (-15, 15)), ((-5.0, 30.0), (-5, 30))])
def test_angles_are_uniform(degrees: float | Interval, bounds: Interval) -> None:
    assert_uniform(Rotation(degrees).draw(COUNT, seeded()), *bounds)


def test_affine_draws_are_torchvisions() -> None:
    affine = Affine(30, (0.1, 0.25), (0.8, 1.5), (-10, 20, 5, 15))
    angle, (x, y), scale, (shear_x, shear_y) = affine.draw(COUNT, HEIGHT, WIDTH, seeded())
    assert_uniform(angle, -30, 30)
    assert_uniform(scale, 0.8, 1.5)
    assert_uniform(shear_x, -10, 20)
    assert_uniform(shear_y, 5, 15)
    assert_independent(angle, x, y, scale, shear_x, shear_y)
    torch.manual_seed(0)
    draw = partial(transforms.RandomAffine.get_params, [0, 0], [0.1, 0.25], None, None)
    shifts = torch.tensor([draw(img_size=[WIDTH, HEIGHT])[1] for _ in range(COUNT)])
    assert_same_distribution(x, shifts[:, 0])
    assert_same_distribution(y, shifts[:, 1])


@pytest.mark.parametrize(
    ("shear", "x", "y"),
    [(0.0, (0, 0), (0, 0)), (8, (-8, 8), (0, 0)), ((1.0, 9.0), (1, 9), (0, 0))],
)
def test_one_shear_or_two_are_along_x(shear: float | Interval, x: Interval, y: Interval) -> None:
    affine = Affine(0, shear=shear)
    assert (affine.shear_x, affine.shear_y) == (x, y)


def test_factors_and_hues_are_uniform_and_orders_equally_likely() -> None:
    jitter = ColorJitter(0.4, (0.5, 2.0), 1.5, 0.1)
    factors, shifts, order = jitter.draw(COUNT, seeded())
    assert_uniform(factors[0], 0.6, 1.4)
    assert_uniform(factors[1], 0.5, 2.0)
    assert_uniform(factors[2], 0.0, 2.5)
    assert_uniform(shifts, -0.1, 0.1)
    assert_independent(*factors, shifts)
    orders = Counter(map(tuple, order.T.tolist()))
    assert len(orders) == 24
    assert stats.chisquare(list(orders.values())).pvalue > LEVEL


@pytest.mark.parametrize(
    ("scale", "ratio"),
    [((0.08, 1.0), (3 / 4, 4 / 3)), ((0.9, 1.0), (0.2, 0.5)), ((0.5, 1.0), (1.4, 3.0))],
)
def test_crops_are_torchvisions(scale: Interval, ratio: Interval) -> None:
    boxes = ResizedCrop(scale, ratio).draw(COUNT, HEIGHT, WIDTH, seeded())
    torch.manual_seed(0)
    image = torch.empty(3, HEIGHT, WIDTH)
    draw = partial(transforms.RandomResizedCrop.get_params, image, list(scale), list(ratio))
    others = torch.tensor([draw() for _ in range(COUNT)]).T
    for side, other in zip(boxes, others, strict=True):
        assert_same_distribution(side, other)


@pytest.mark.parametrize(
    ("scale", "ratio"), [((0.02, 0.33), (0.3, 3.3)), ((0.0, 1.0), (0.1, 10.0))]
)
def test_erased_rectangles_are_torchvisions(scale: Interval, ratio: Interval) -> None:
    erasing = RandomErasing(scale=scale, ratio=ratio)
    boxes = erasing.draw(COUNT, HEIGHT, WIDTH, seeded())
    torch.manual_seed(0)
    image = torch.empty(3, HEIGHT, WIDTH)
    draw = partial(transforms.RandomErasing.get_params, image, scale, ratio, [0.0])
    others = torch.tensor([draw()[:4] for _ in range(COUNT)]).T
    for side, other in zip(boxes, others, strict=True):
        assert_same_distribution(side, other)


def test_impossible_rectangles_crop_the_middle_and_erase_nothing() -> None:
    crops = ResizedCrop((0.9, 1.0), (0.1, 0.2)).draw(5, 30, 30, seeded())
    assert [side.tolist() for side in crops] == [[0] * 5, [12] * 5, [30] * 5, [6] * 5]
    wide = ResizedCrop((0.9, 1.0), (5.0, 10.0)).draw(5, 30, 30, seeded())
    assert [side.tolist() for side in wide] == [[12] * 5, [0] * 5, [6] * 5, [30] * 5]
    erased = RandomErasing(scale=(1.0, 1.0), ratio=(1.0, 1.0)).draw(5, 30, 30, seeded())
    assert erased.height.tolist() == erased.width.tolist() == [0] * 5


def test_the_share_of_erased_images_is_the_probability() -> None:
    images = torch.ones(COUNT, 1, 8, 8, dtype=torch.uint8)
    erased = RandomErasing(0.3, scale=(0.1, 0.3))(images, seeded())
    share = (erased == 0).flatten(1).any(1).double().mean().item()
    assert share == pytest.approx(0.3, abs=4 * math.sqrt(0.3 * 0.7 / COUNT))


def test_places_are_equally_likely_and_never_too_far() -> None:
    places = offset(torch.full((COUNT,), 12), seeded())
    assert stats.chisquare(places.bincount(minlength=13).numpy()).pvalue > LEVEL
    assert offset(torch.zeros(COUNT, dtype=torch.int64), seeded()).max() == 0
