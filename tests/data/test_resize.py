"""Images resized on the way to the model: torchvision's pixels, uint8 in and out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from cnnlab.config.overrides import merge
from cnnlab.config.run import DataConfig, RunConfig
from cnnlab.config.validation import validate
from cnnlab.data.batches import DeviceImages, HostImages
from cnnlab.data.prepared import PreparedData, prepare_data
from cnnlab.data.resizing import Resized, size_after
from cnnlab.data.store import Dataset
from cnnlab.errors import ConfigError

CPU = torch.device("cpu")


def prepared(dataset: Dataset, residence: str = "device", **fields: Any) -> PreparedData:
    config = validate(DataConfig, {"name": "mnist-5k", "validation": 50, **fields})
    return prepare_data(dataset, config, 3, residence, CPU, torch.contiguous_format)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(56, 56), (13, 20)], ids=["larger", "smaller"])
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_pillows_to_within_two_steps(
    few_digits: Dataset, interpolation: Any, size: tuple[int, int], channels: int
) -> None:
    images = torch.from_numpy(few_digits.train_images[:6]).repeat(1, channels, 1, 1)
    source = DeviceImages(images, torch.arange(6), CPU)
    ((resized, labels),) = Resized(source, size, interpolation).batches(torch.arange(6), 6)
    assert resized.dtype == torch.uint8
    assert torch.equal(labels, torch.arange(6))
    kernel = Image.Resampling[interpolation.upper()]
    for image, ours in zip(images, resized, strict=True):
        planes = [Image.fromarray(plane.numpy()).resize(size[::-1], kernel) for plane in image]
        expected = np.stack([np.asarray(plane, dtype=np.int64) for plane in planes])
        assert np.abs(expected - ours.numpy()).max() <= 2


def test_pixels_are_those_of_torchvisions_second_transforms(few_digits: Dataset) -> None:
    images = torch.from_numpy(few_digits.train_images[:6])
    source = DeviceImages(images, torch.arange(6), CPU)
    ((resized, _),) = Resized(source, (40, 40), "bicubic").batches(torch.arange(6), 6)
    expected = v2.Resize(40, v2.InterpolationMode.BICUBIC, antialias=True)(images)
    assert torch.equal(resized, expected)


@pytest.mark.parametrize("residence", ["device", "host"])
def test_every_split_is_resized_and_the_model_is_told(few_digits: Dataset, residence: str) -> None:
    data = prepared(few_digits, residence, resize=40)
    assert data.shape == (1, 40, 40)
    for split in ("train", "validation", "test"):
        source, indices = data.split(split)  # type: ignore[arg-type]
        batches = list(source.batches(indices[:30], 20))
        assert [tuple(images.shape) for images, _ in batches] == [(20, 1, 40, 40), (10, 1, 40, 40)]


def test_the_labels_stay_with_their_images(few_digits: Dataset) -> None:
    plain, resized = prepared(few_digits), prepared(few_digits, resize=14)
    order = plain.train_indices[:32]
    ((small, small_labels),) = resized.training.batches(order, 32)
    ((images, labels),) = plain.training.batches(order, 32)
    assert torch.equal(small_labels, labels)
    assert torch.equal(small, v2.Resize(14)(images))
    assert torch.equal(resized.training.labels, plain.training.labels)


def test_the_set_itself_stays_as_small_as_it_is(few_digits: Dataset) -> None:
    source = prepared(few_digits, resize=512).training
    assert isinstance(source, Resized)
    assert isinstance(source.source, DeviceImages)
    assert source.source.images.shape == (600, 1, 28, 28)


def test_without_it_the_source_is_the_bare_one(few_digits: Dataset) -> None:
    assert type(prepared(few_digits).training) is DeviceImages
    assert type(prepared(few_digits, "host").test) is HostImages


@pytest.mark.parametrize(
    ("resize", "size"),
    [
        (224, (28, 28)),
        (20, (30, 45)),
        (20, (45, 30)),
        (33, (31, 47)),
        ((469, 387), (32, 32)),
    ],
)
def test_one_number_is_the_shorter_side_as_in_torchvision(
    resize: int | tuple[int, int], size: tuple[int, int]
) -> None:
    wanted = list(resize) if isinstance(resize, tuple) else [resize]
    expected = v2.Resize(wanted)(torch.zeros(1, *size, dtype=torch.uint8))
    assert size_after(resize, size) == tuple(expected.shape[1:])


@pytest.mark.parametrize("resize", [0, -1, 5000, [3], [1, 2, 3], "large", 2.5])
def test_a_size_that_is_none_is_refused(resize: Any) -> None:
    with pytest.raises(ConfigError, match=r"^resize: "):
        validate(DataConfig, {"name": "mnist-5k", "resize": resize})


def test_an_unknown_interpolation_names_the_nearest() -> None:
    table = {"data": {"name": "mnist-5k"}, "model": "lenet"}
    with pytest.raises(ConfigError, match=r"data\.interpolation.*'bicubic'"):
        validate(RunConfig, merge(table, {"data": {"interpolation": "bicubik"}}))
