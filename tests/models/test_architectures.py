"""Networks built from configs: their layers, their sizes, and what does not fit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from cnnlab.config.component import members
from cnnlab.config.models import LeNet, ModelConfig, Pretrained, SimpleCNN
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError
from cnnlab.models.build import build_model, outline_model

MNIST = (1, 28, 28)
CIFAR = (3, 32, 32)


def simple_cnn(shape: tuple[int, int, int] = CIFAR, **fields: Any) -> nn.Module:
    return build_model(validate(SimpleCNN, fields), shape, 10)


def kinds(model: nn.Module) -> list[str]:
    return [type(layer).__name__ for layer in model.children()]


def layers(model: nn.Module, kind: type[nn.Module]) -> list[Any]:
    return [layer for layer in model.children() if isinstance(layer, kind)]


FRESH = {
    name: kind for name, kind in members(ModelConfig).items() if not issubclass(kind, Pretrained)
}


@pytest.mark.parametrize("kind", FRESH.values(), ids=list(FRESH))
def test_every_model_maps_images_to_one_logit_a_class(kind: type[Any]) -> None:
    model = build_model(kind(), (3, 40, 36), 7)
    logits = model(torch.rand(4, 3, 40, 36))
    assert logits.shape == (4, 7)
    assert logits.dtype == torch.float32
    logits.sum().backward()
    assert all(weights.grad is not None for weights in model.parameters())


def test_lenet_has_the_layers_and_weights_of_caffes_example() -> None:
    model = build_model(LeNet(), MNIST, 10)
    assert [name for name, _ in model.named_children()] == [
        *("conv1", "relu1", "pool1", "conv2", "relu2", "pool2"),
        *("flatten", "linear1", "relu3", "linear2"),
    ]
    counts = 20 * (25 + 1), 50 * (20 * 25 + 1), 500 * (800 + 1), 10 * (500 + 1)
    assert sum(weights.numel() for weights in model.parameters()) == sum(counts)


def test_lenet_takes_each_of_its_fields() -> None:
    config = LeNet(channels=(3, 4), kernel_size=3, hidden=6, activation="leaky-relu")
    model = build_model(config, MNIST, 5)
    first, second = layers(model, nn.Conv2d)
    assert (first.out_channels, second.out_channels, first.kernel_size) == (3, 4, (3, 3))
    assert [layer.out_features for layer in layers(model, nn.Linear)] == [6, 5]
    assert len(layers(model, nn.LeakyReLU)) == 3


def test_the_base_network_of_aratis_report_is_the_default_simple_cnn() -> None:
    assert kinds(simple_cnn()) == [
        *("Conv2d", "ReLU", "MaxPool2d", "Conv2d", "ReLU", "MaxPool2d"),
        *("Flatten", "Linear", "ReLU", "Linear"),
    ]


def test_one_number_for_channels_doubles_from_layer_to_layer() -> None:
    model = simple_cnn(convolutions=3, channels=8, kernel_size=3)
    assert [layer.out_channels for layer in layers(model, nn.Conv2d)] == [8, 16, 32]


def test_a_list_gives_each_layer_its_own_value() -> None:
    model = simple_cnn(
        channels=[5, 7],
        kernel_size=[3, 5],
        padding=[1, 2],
        stride=[1, 2],
        dilation=[2, 1],
        linear_layers=3,
        hidden=[11, 13],
    )
    first, second = layers(model, nn.Conv2d)
    assert (first.out_channels, second.out_channels) == (5, 7)
    assert (first.kernel_size, second.kernel_size) == ((3, 3), (5, 5))
    assert (first.padding, second.padding) == ((1, 1), (2, 2))
    assert (first.stride, second.stride) == ((1, 1), (2, 2))
    assert (first.dilation, second.dilation) == ((2, 2), (1, 1))
    assert [layer.out_features for layer in layers(model, nn.Linear)] == [11, 13, 10]


@pytest.mark.parametrize(
    ("pooling", "kind"), [("max", nn.MaxPool2d), ("average", nn.AvgPool2d), ("none", None)]
)
def test_pooling_is_of_the_kind_that_is_asked_for(
    pooling: str, kind: type[nn.Module] | None
) -> None:
    model = simple_cnn(pooling=pooling, pooling_size=3)
    found = layers(model, nn.MaxPool2d) + layers(model, nn.AvgPool2d)
    assert [type(layer) for layer in found] == ([kind, kind] if kind else [])
    assert all(layer.kernel_size == 3 and layer.stride == 3 for layer in found)


def test_pooling_can_follow_the_last_convolution_alone() -> None:
    assert kinds(simple_cnn(pooling_after="last"))[:6] == [
        *("Conv2d", "ReLU", "Conv2d", "ReLU", "MaxPool2d", "Flatten"),
    ]


def test_a_strided_convolution_can_stand_in_the_place_of_pooling() -> None:
    model = simple_cnn(channels=[4, 6], pooling="convolution", pooling_size=3)
    assert [name for name, _ in model.named_children()][:6] == [
        *("conv1", "relu1", "pool1", "conv2", "relu2", "pool2"),
    ]
    pools = [model.get_submodule(name) for name in ("pool1", "pool2")]
    assert [(pool.in_channels, pool.out_channels) for pool in pools] == [(4, 4), (6, 6)]
    assert all(pool.kernel_size == pool.stride == (3, 3) for pool in pools)
    pooled = simple_cnn(channels=[4, 6], pooling_size=3)
    assert layers(model, nn.Linear)[0].in_features == layers(pooled, nn.Linear)[0].in_features


def test_batch_norm_stands_between_convolution_and_activation() -> None:
    assert kinds(simple_cnn(convolutions=1, batch_norm=True)) == [
        *("Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"),
        *("Flatten", "Linear", "BatchNorm1d", "ReLU", "Linear"),
    ]


def test_dropout_stands_before_each_linear_layer() -> None:
    model = simple_cnn(convolutions=1, dropout=0.25)
    assert kinds(model)[3:] == ["Flatten", "Dropout", "Linear", "ReLU", "Dropout", "Linear"]
    assert all(layer.p == 0.25 for layer in layers(model, nn.Dropout))


def test_one_linear_layer_goes_straight_to_the_classes() -> None:
    assert kinds(simple_cnn(linear_layers=1))[-2:] == ["Flatten", "Linear"]


@pytest.mark.parametrize(
    "fields",
    [
        {"convolutions": 4, "kernel_size": 3, "padding": 1, "stride": [1, 2, 1, 1]},
        {"kernel_size": [7, 2], "dilation": [3, 4], "pooling": "none"},
        {"kernel_size": 4, "stride": 2, "padding": 2, "pooling_size": 3},
    ],
)
def test_the_first_linear_layer_fits_whatever_stands_before_it(fields: dict[str, Any]) -> None:
    shape = (2, 45, 38)
    assert simple_cnn(shape, **fields)(torch.rand(2, *shape)).shape == (2, 10)


@pytest.mark.parametrize(
    ("config", "shape", "sentence"),
    [
        (
            SimpleCNN(convolutions=3, kernel_size=7, padding=(0, 1, 0)),
            CIFAR,
            "Convolution 3 has a 7x7 kernel, but its input is only 4x4.",
        ),
        (
            SimpleCNN(kernel_size=5, dilation=(1, 4)),
            CIFAR,
            "Convolution 2 has a 5x5 kernel (dilation 4, so it covers 17x17), but its input is "
            "only 14x14.",
        ),
        (
            SimpleCNN(convolutions=1, kernel_size=9, padding=1),
            (3, 6, 40),
            "Convolution 1 has a 9x9 kernel, but its input is only 6x40 (8x42 with its padding).",
        ),
        (
            SimpleCNN(convolutions=1, pooling="average", pooling_size=30),
            CIFAR,
            "Pooling 1 has a 30x30 window, but its input is only 28x28.",
        ),
        (
            SimpleCNN(pooling="convolution", pooling_size=6),
            (3, 32, 33),
            "Convolution 2 has a 5x5 kernel, but its input is only 4x4.",
        ),
        (LeNet(), (3, 12, 12), "Convolution 2 has a 5x5 kernel, but its input is only 4x4."),
        (
            LeNet(kernel_size=13),
            MNIST,
            "Convolution 2 has a 13x13 kernel, but its input is only 8x8.",
        ),
    ],
)
def test_a_window_larger_than_its_input_is_named_with_its_layer_and_the_sizes(
    config: ModelConfig, shape: tuple[int, int, int], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        build_model(config, shape, 10)
    assert caught.value.message == sentence
    assert caught.value.hint == (
        "Enlarge the images with data.resize or, where the model has fields for it, use a "
        "smaller window, more padding, fewer layers or less pooling before it."
    )


@pytest.mark.parametrize("size", [10**15, 10**30])
@pytest.mark.parametrize("field", ["channels", "hidden", "padding", "kernel_size"])
def test_absurd_sizes_are_a_config_error(field: str, size: int) -> None:
    with pytest.raises(ConfigError):
        build_model(validate(SimpleCNN, {field: size}), CIFAR, 10)


def test_weights_beyond_the_memory_are_named_with_their_size() -> None:
    config = SimpleCNN(linear_layers=3, hidden=(1, 10**14))
    with pytest.raises(ConfigError, match=r"The weights of the model simple-cnn take [\d,.]+ GiB"):
        build_model(config, CIFAR, 10)


def test_the_same_seed_gives_the_same_weights() -> None:
    torch.manual_seed(3)
    first = build_model(LeNet(), MNIST, 10).state_dict()
    torch.manual_seed(3)
    second = build_model(LeNet(), MNIST, 10).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_an_outline_has_every_shape_and_leaves_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    outline = outline_model(SimpleCNN(batch_norm=True), CIFAR, 10)
    assert torch.equal(before, torch.get_rng_state())
    assert outline.training
    assert all(weights.is_meta for weights in outline.parameters())
