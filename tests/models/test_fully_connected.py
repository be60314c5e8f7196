"""Fully connected networks: their layers, field by field."""

from __future__ import annotations

from models.families import CIFAR, MNIST, kinds, layers, outline, parameters, widths
from torch import nn


def test_three_linear_layers_are_the_default() -> None:
    model = outline("fully-connected", MNIST)
    assert kinds(model) == ["Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert parameters(model) == 128 * (784 + 1) + 128 * (128 + 1) + 10 * (128 + 1) == 118_282


def test_layers_are_numbered_within_their_kind() -> None:
    model = outline("fully-connected", MNIST, linear_layers=2, batch_norm=True, dropout=0.5)
    names = [name for name, _ in model.named_children()]
    assert names == ["flatten", "linear1", "norm1", "relu1", "dropout1", "linear2"]


def test_eight_and_ten_layers_are_as_deep_as_they_say() -> None:
    for depth in (8, 10):
        model = outline("fully-connected", CIFAR, linear_layers=depth, hidden=64)
        assert widths(model)[1] == [64] * (depth - 1) + [10]


def test_batch_norm_follows_each_hidden_linear_layer() -> None:
    model = outline("fully-connected", linear_layers=10, batch_norm=True)
    assert kinds(model)[1:4] == ["Linear", "BatchNorm1d", "ReLU"]
    assert len(layers(model, nn.BatchNorm1d)) == 9
    assert kinds(model)[-1] == "Linear"


def test_hidden_widths_can_be_listed() -> None:
    assert widths(outline("fully-connected", hidden=[30, 20]))[1] == [30, 20, 10]


def test_one_linear_layer_goes_straight_to_the_classes() -> None:
    assert kinds(outline("fully-connected", linear_layers=1)) == ["Flatten", "Linear"]


def test_activation_and_dropout_are_those_that_are_asked_for() -> None:
    model = outline("fully-connected", activation="elu", dropout=0.2)
    assert kinds(model)[1:4] == ["Linear", "ELU", "Dropout"]
    assert [layer.p for layer in layers(model, nn.Dropout)] == [0.2, 0.2]
