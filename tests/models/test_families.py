"""What holds for every family that is trained from scratch, shown on a narrow member of each."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from models.families import CIFAR, MNIST, build, config_of
from torch import nn

from cnnlab.data.store import Dataset
from cnnlab.errors import ConfigError

NARROW: dict[str, dict[str, Any]] = {
    "fully-connected": {"hidden": 32},
    "simple-cnn": {"channels": 4, "hidden": 32, "pooling": "convolution"},
    "block-cnn": {"channels": [4, 8], "hidden": 32},
    "small-alexnet": {"channels": [8, 12, 16, 16, 12], "hidden": 32},
    "small-vgg": {"channels": 4, "hidden": 32},
    "cifar-resnet": {"channels": 4, "depth": 8},
    "small-resnet": {"channels": 4, "blocks": [1, 1, 1, 1]},
}

every_family = pytest.mark.parametrize("name", NARROW)


def digit_batch(digits: Dataset) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch of real digits, padded to 32x32, with pixels of about zero mean and unit variance."""
    images = torch.from_numpy(digits.train_images[:64]).float() / 255
    labels = torch.from_numpy(digits.train_labels[:64]).long()
    return (F.pad(images, (2, 2, 2, 2)) - 0.1) / 0.27, labels


@every_family
@pytest.mark.parametrize("channels", [1, 3], ids=["grey", "colour"])
def test_images_become_logits_and_the_gradient_reaches_every_parameter(
    name: str, channels: int
) -> None:
    torch.manual_seed(0)
    model = build(name, (channels, 32, 32), **NARROW[name])
    logits = model(torch.randn(8, channels, 32, 32))
    assert logits.shape == (8, 10)
    assert logits.dtype == torch.float32
    F.cross_entropy(logits, torch.arange(8)).backward()
    unmoved = [key for key, weights in model.named_parameters() if not weights.grad.any()]
    assert not unmoved


@every_family
def test_a_step_along_the_gradient_lowers_the_loss_on_real_digits(
    name: str, few_digits: Dataset
) -> None:
    torch.manual_seed(0)
    images, labels = digit_batch(few_digits)
    model = build(name, (1, 32, 32), **NARROW[name])
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0  # both losses are to be of the same network
    before = F.cross_entropy(model(images), labels)
    before.backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights.sub_(0.01 * weights.grad)
    assert F.cross_entropy(model(images), labels) < before


@every_family
def test_the_memory_format_does_not_change_the_logits(name: str) -> None:
    torch.manual_seed(0)
    model = build(name, **NARROW[name]).eval()
    images = torch.randn(2, *CIFAR)
    expected = model(images)
    last = model.to(memory_format=torch.channels_last)
    logits = last(images.to(memory_format=torch.channels_last))
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)


@every_family
def test_the_same_seed_gives_the_same_weights(name: str) -> None:
    states = []
    for _ in range(2):
        torch.manual_seed(3)
        states.append(build(name, **NARROW[name]).state_dict())
    first, second = states
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize(
    ("name", "shape", "sentence"),
    [
        (
            "block-cnn",
            (1, 3, 40),
            "Pooling 2 has a 2x2 window, but its input is only 1x20.",
        ),
        ("small-alexnet", (3, 14, 14), "Pooling 3 has a 3x3 window, but its input is only 2x2."),
        ("small-vgg", MNIST, "Pooling 5 has a 2x2 window, but its input is only 1x1."),
    ],
)
def test_a_window_larger_than_its_input_is_named_with_its_layer_and_the_sizes(
    name: str, shape: tuple[int, int, int], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        build(name, shape)
    assert caught.value.message == sentence
    assert caught.value.hint == (
        "Enlarge the images with data.resize or, where the model has fields for it, use a "
        "smaller window, more padding, fewer layers or less pooling before it."
    )


@pytest.mark.parametrize("name", ["fully-connected", "cifar-resnet", "small-resnet"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 7, 5), (3, 40, 1)])
def test_families_without_pooling_windows_fit_images_of_any_size(
    name: str, shape: tuple[int, int, int]
) -> None:
    model = build(name, shape, **NARROW[name])
    assert model(torch.randn(4, *shape)).shape == (4, 10)


@pytest.mark.parametrize("size", [10**15, 10**30])
@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("fully-connected", {"hidden": 0}),
        ("block-cnn", {"channels": [0]}),
        ("small-alexnet", {"hidden": 0}),
        ("small-vgg", {"channels": 0}),
        ("cifar-resnet", {"channels": 0}),
        ("small-resnet", {"channels": 0}),
    ],
)
def test_absurd_sizes_are_a_config_error(name: str, fields: dict[str, Any], size: int) -> None:
    absurd = {key: [size] if value == [0] else size for key, value in fields.items()}
    with pytest.raises(ConfigError):
        build(name, **absurd)


@pytest.mark.parametrize("name", ["fully-connected", "block-cnn", "simple-cnn"])
def test_a_list_of_hidden_widths_has_one_entry_for_each_hidden_layer(name: str) -> None:
    with pytest.raises(ConfigError, match=r"hidden needs one width .*: 2, not 1"):
        config_of(name, linear_layers=3, hidden=[8])
