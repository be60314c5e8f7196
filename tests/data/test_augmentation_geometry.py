"""What moves pixels moves them as torchvision does for the same draw."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode, functional

from cnnlab.data.augmentation import Affine, RandomErasing, ResizedCrop, Rotation
from cnnlab.data.augmentation.draws import Boxes
from cnnlab.data.augmentation.geometry import Interpolation
from cnnlab.data.augmentation.resized_crop import enlarge
from cnnlab.data.store import Dataset

MODES = {"nearest": InterpolationMode.NEAREST, "bilinear": InterpolationMode.BILINEAR}


@pytest.fixture(params=["digits", "colour", "oblong"])
def images(request: pytest.FixtureRequest, digits: Dataset) -> Tensor:
    """Thirty images: real digits, random colours, and random colours twice as wide as high."""
    if request.param == "digits":
        return torch.from_numpy(digits.train_images[:30].copy())
    size = (24, 24) if request.param == "colour" else (16, 30)
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (30, 3, *size), dtype=torch.uint8, generator=generator)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def one_by_one(images: Tensor, change: Callable[[int, Tensor], Tensor]) -> Tensor:
    return torch.stack([change(place, image) for place, image in enumerate(images)])


def largest_difference(one: Tensor, other: Tensor) -> int:
    return int((one.int() - other.int()).abs().max())


def differing(one: Tensor, other: Tensor) -> float:
    return (one != other).float().mean().item()


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_a_rotated_image_is_torchvisions_for_its_angle(
    images: Tensor, interpolation: Interpolation
) -> None:
    rotation = Rotation(180, interpolation)
    angles = rotation.draw(len(images), seeded()).tolist()
    expected = one_by_one(
        images, lambda i, image: functional.rotate(image, angles[i], MODES[interpolation])
    )
    rotated = rotation(images, seeded())
    if interpolation == "bilinear":
        assert largest_difference(rotated, expected) <= 1
    # A pixel whose source is in the middle between two others may take the other one.
    assert differing(rotated, expected) < 0.0005


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_an_affine_image_is_torchvisions_for_its_draws(
    images: Tensor, interpolation: Interpolation
) -> None:
    affine = Affine(40, (0.2, 0.3), (0.5, 1.5), (-20, 30, -10, 15), interpolation)
    size = images.shape[2:]
    angle, (x, y), scale, (shear_x, shear_y) = affine.draw(len(images), *size, seeded())
    expected = one_by_one(
        images,
        lambda i, image: functional.affine(
            image,
            angle[i].item(),
            [int(x[i]), int(y[i])],
            scale[i].item(),
            [shear_x[i].item(), shear_y[i].item()],
            MODES[interpolation],
        ),
    )
    mapped = affine(images, seeded())
    if interpolation == "bilinear":
        assert largest_difference(mapped, expected) <= 1
    assert differing(mapped, expected) < 0.0005


@pytest.mark.parametrize("degrees", [90, 180, 270])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_right_angles_are_exact(degrees: int, interpolation: Interpolation) -> None:
    square = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8, generator=seeded())
    rotated = Rotation((degrees, degrees), interpolation)(square, seeded())
    assert torch.equal(rotated, square.rot90(degrees // 90, (2, 3)))


def test_what_comes_from_outside_has_the_fill(images: Tensor) -> None:
    angles = Rotation(180).draw(len(images), seeded()).tolist()
    expected = one_by_one(images, lambda i, image: functional.rotate(image, angles[i], fill=[77]))
    assert differing(Rotation(180, fill=77)(images, seeded()), expected) < 0.0005
    flat = torch.full_like(images, 77)
    assert torch.equal(Rotation(180, "bilinear", fill=77)(flat, seeded()), flat)
    assert torch.equal(Affine(180, scale=(0.5, 2), fill=77)(flat, seeded()), flat)


def test_a_crop_is_enlarged_as_torchvision_does(images: Tensor) -> None:
    crop = ResizedCrop()
    height, width = images.shape[2:]
    boxes = crop.draw(len(images), height, width, seeded())
    expected = one_by_one(
        images,
        lambda i, image: functional.resized_crop(
            image, *(int(side[i]) for side in boxes), [height, width], antialias=True
        ),
    )
    assert largest_difference(crop(images, seeded()), expected) <= 1


def test_a_crop_knows_nothing_of_the_pixels_around_it() -> None:
    image = torch.full((1, 1, 8, 8), 255, dtype=torch.uint8)
    image[:, :, 2:5, 3:6] = 10
    box = Boxes(*(torch.tensor([side]) for side in (2, 3, 3, 3)))
    assert torch.equal(enlarge(image, box), torch.full_like(image, 10))


def test_what_is_erased_is_torchvisions_rectangle(images: Tensor) -> None:
    erasing = RandomErasing(1.0, value=9)
    generator = seeded()
    torch.rand(len(images), generator=generator)  # whether each is erased
    boxes = erasing.draw(len(images), *images.shape[2:], generator)
    expected = one_by_one(
        images,
        lambda i, image: functional.erase(
            image, *(int(side[i]) for side in boxes), torch.tensor(9, dtype=torch.uint8)
        ),
    )
    assert torch.equal(erasing(images, seeded()), expected)
