"""Batches are the same wherever the images lie, and normalised as torchvision does it."""

from __future__ import annotations

import pytest
import torch
from torchvision.transforms import functional

from cnnlab.data.batches import DeviceImages, HostImages, Normalize
from cnnlab.data.splits import cut_validation, validation_size
from cnnlab.errors import ConfigError

CPU = torch.device("cpu")


def images_and_labels(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 3, 6, 6), dtype=torch.uint8, generator=generator)
    return images, torch.arange(count) % 5


@pytest.mark.parametrize("place", [DeviceImages, HostImages])
def test_batches_follow_the_order_and_the_last_holds_the_rest(
    place: type[DeviceImages] | type[HostImages],
) -> None:
    images, labels = images_and_labels(25)
    order = torch.randperm(25, generator=torch.Generator().manual_seed(3))
    batches = list(place(images, labels, CPU).batches(order, 10))
    assert [len(batch_labels) for _, batch_labels in batches] == [10, 10, 5]
    assert torch.equal(torch.cat([pixels for pixels, _ in batches]), images[order])
    assert torch.equal(torch.cat([batch_labels for _, batch_labels in batches]), labels[order])


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_normalisation_is_torchvisions(memory_format: torch.memory_format) -> None:
    images, _ = images_and_labels(4)
    mean, std = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)
    expected = functional.normalize(images.float() / 255, list(mean), list(std))
    normalised = Normalize(mean, std, CPU, memory_format)(images)
    torch.testing.assert_close(normalised, expected, rtol=1e-5, atol=1e-6)
    assert normalised.is_contiguous(memory_format=memory_format)


def test_normalisation_leaves_the_stored_images_alone() -> None:
    images, _ = images_and_labels(4)
    before = images.clone()
    Normalize((0.5,) * 3, (0.5,) * 3, CPU, torch.contiguous_format)(images)
    assert torch.equal(images, before)


def test_validation_is_cut_from_training_without_overlap_or_loss() -> None:
    train, validation = cut_validation(1000, 150, seed=5)
    assert len(train) == 850
    assert len(validation) == 150
    assert torch.equal(torch.cat([train, validation]).sort().values, torch.arange(1000))


def test_the_seed_decides_the_split() -> None:
    first = cut_validation(1000, 150, seed=5)[1]
    assert torch.equal(first, cut_validation(1000, 150, seed=5)[1])
    assert not torch.equal(first, cut_validation(1000, 150, seed=6)[1])


def test_validation_is_a_number_or_a_share() -> None:
    assert validation_size(10_000, 60_000) == 10_000
    assert validation_size(0.1, 5_000) == 500


@pytest.mark.parametrize("wanted", [100, 101, 0.001, 0.999])
def test_a_split_that_leaves_one_side_empty_is_refused(wanted: float) -> None:
    with pytest.raises(ConfigError, match=r"data\.validation"):
        validation_size(wanted, 100)
