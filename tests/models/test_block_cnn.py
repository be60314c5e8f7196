"""Block CNNs: their blocks, field by field."""

from __future__ import annotations

import pytest
from models.families import CIFAR, config_of, kinds, layers, outline, parameters, widths
from torch import nn

from cnnlab.errors import ConfigError

BLOCK = [*("Conv2d", "ReLU") * 2, "BatchNorm2d", "MaxPool2d", "Dropout"]


def test_the_custom_cnn_of_giulianis_report_is_the_default() -> None:
    model = outline("block-cnn")
    assert kinds(model) == [*BLOCK, *BLOCK, "Flatten", "Linear", "ReLU", "Linear"]
    assert all(layer.kernel_size == (3, 3) for layer in layers(model, nn.Conv2d))
    first = 32 * (3 * 9 + 1) + 32 * (32 * 9 + 1) + 2 * 32
    second = 64 * (32 * 9 + 1) + 64 * (64 * 9 + 1) + 2 * 64
    head = 128 * (64 * 8 * 8 + 1) + 10 * (128 + 1)
    assert parameters(model) == first + second + head == 591_466


def test_there_are_as_many_blocks_as_channels() -> None:
    model = outline("block-cnn", channels=[4, 6, 8])
    assert widths(model)[0] == [4, 4, 6, 6, 8, 8]
    assert len(layers(model, nn.BatchNorm2d)) == len(layers(model, nn.MaxPool2d)) == 3


def test_a_block_has_as_many_convolutions_as_it_is_told() -> None:
    assert widths(outline("block-cnn", channels=[4, 6], convolutions=3))[0] == [4] * 3 + [6] * 3


def test_batch_norm_and_dropout_can_be_left_out() -> None:
    model = outline("block-cnn", channels=[4], batch_norm=False, dropout=0)
    assert kinds(model)[:6] == [*("Conv2d", "ReLU") * 2, "MaxPool2d", "Flatten"]


def test_dropout_has_the_probability_that_is_asked_for() -> None:
    assert [layer.p for layer in layers(outline("block-cnn", dropout=0.4), nn.Dropout)] == [0.4] * 2


def test_linear_layers_and_activation_are_those_that_are_asked_for() -> None:
    model = outline("block-cnn", CIFAR, linear_layers=3, hidden=[20, 12], activation="tanh")
    assert widths(model)[1] == [20, 12, 10]
    assert len(layers(model, nn.Tanh)) == 6
    assert not layers(model, nn.ReLU)


def test_a_block_cnn_without_blocks_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"channels: .*at least one block"):
        config_of("block-cnn", channels=[])
