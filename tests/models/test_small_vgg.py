"""VGG for small images: the depths of the paper's table 1, and the lab's VGG-A."""

from __future__ import annotations

import pytest
import torch
from models.families import build, config_of, kinds, layers, outline, parameters, widths
from torch import nn

from cnnlab.errors import ConfigError


def convolution_parameters(inputs: list[int], outputs: list[int]) -> int:
    return sum(width * (9 * given + 1) for given, width in zip(inputs, outputs, strict=True))


def test_vgg_a_of_zhangs_report_has_its_layers_and_parameters() -> None:
    model = outline("small-vgg")
    pooled, unpooled = ["Conv2d", "ReLU", "MaxPool2d"], ["Conv2d", "ReLU"]
    assert kinds(model) == [
        *pooled * 2,
        *(unpooled + pooled) * 3,
        *("Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"),
    ]
    outputs = [64, 128, 256, 256, 512, 512, 512, 512]
    assert widths(model) == (outputs, [512, 512, 10])
    convolutions = convolution_parameters([3, *outputs[:-1]], outputs)
    head = 2 * 512 * (512 + 1) + 10 * (512 + 1)
    assert parameters(model) == convolutions + head == 9_750_922


@pytest.mark.parametrize(
    ("depth", "stages", "count"),
    [
        (11, [1, 1, 2, 2, 2], 9_750_922),
        (13, [2, 2, 2, 2, 2], 9_935_434),
        (16, [2, 2, 3, 3, 3], 15_245_130),
        (19, [2, 2, 4, 4, 4], 20_554_826),
    ],
)
def test_each_depth_has_the_convolutions_of_the_papers_table_1(
    depth: int, stages: list[int], count: int
) -> None:
    model = outline("small-vgg", depth=depth)
    expected = [64 * min(2**stage, 8) for stage, number in enumerate(stages) for _ in range(number)]
    assert widths(model)[0] == expected
    assert len(expected) + 3 == depth
    assert parameters(model) == count


def test_an_unknown_depth_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="depth: 12 is not allowed; use 11, 13, 16 or 19"):
        config_of("small-vgg", depth=12)


@pytest.mark.parametrize("depth", [16, "16"], ids=["from TOML", "from --set"])
def test_the_depth_can_be_a_number_or_its_text(depth: object) -> None:
    assert config_of("small-vgg", depth=depth).depth == 16


def test_batch_norm_follows_each_convolution() -> None:
    model = outline("small-vgg", batch_norm=True)
    assert kinds(model)[:4] == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"]
    norms = layers(model, nn.BatchNorm2d)
    assert [norm.num_features for norm in norms] == widths(model)[0]
    assert parameters(model) == 9_750_922 + 2 * sum(widths(model)[0])


def test_widths_dropout_and_activation_are_those_that_are_asked_for() -> None:
    model = outline("small-vgg", channels=4, hidden=20, dropout=0.5, activation="gelu")
    assert widths(model) == ([4, 8, 16, 16, 32, 32, 32, 32], [20, 20, 10])
    assert kinds(model)[-7:] == [*("Linear", "GELU", "Dropout") * 2, "Linear"]
    assert [layer.p for layer in layers(model, nn.Dropout)] == [0.5, 0.5]
    assert not layers(outline("small-vgg"), nn.Dropout)


def test_weights_have_glorot_and_bengios_variance_and_biases_are_zero() -> None:
    torch.manual_seed(0)
    model = build("small-vgg", channels=16, hidden=128)
    for layer in layers(model, nn.Conv2d)[1:] + layers(model, nn.Linear)[:-1]:
        points = layer.weight[0, 0].numel()
        expected = (2 / (points * sum(layer.weight.shape[:2]))) ** 0.5
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.05)
        assert not layer.bias.any()
