"""AlexNet for small images: its layers, and its normalisation as the paper writes it."""

from __future__ import annotations

import torch
from models.families import CIFAR, MNIST, build, kinds, layers, outline, parameters, widths
from torch import nn

from cnnlab.models.inspection import inspect_model

NARROW = {"channels": [8, 12, 16, 16, 12], "hidden": 32}


def test_the_layers_stand_in_the_papers_order() -> None:
    normalised = ["Conv2d", "ReLU", "LocalResponseNorm", "MaxPool2d"]
    assert kinds(outline("small-alexnet")) == [
        *normalised,
        *normalised,
        *("Conv2d", "ReLU") * 3,
        *("MaxPool2d", "Flatten"),
        *("Linear", "ReLU", "Dropout") * 2,
        "Linear",
    ]


def test_small_images_keep_a_few_pixels_up_to_the_linear_layers() -> None:
    for shape, side in ((MNIST, 2), (CIFAR, 3)):
        summary = inspect_model(outline("small-alexnet", shape), shape)
        outputs = {layer.name: layer.output_shape for layer in summary.layers}
        assert outputs["conv1"] == (96, *shape[1:])
        assert outputs["pool3"] == (256, side, side)


def test_the_parameters_are_those_that_follow_from_the_widths() -> None:
    convolutions = (
        96 * (3 * 25 + 1)
        + 256 * (96 * 25 + 1)
        + 384 * (256 * 9 + 1)
        + 384 * (384 * 9 + 1)
        + 256 * (384 * 9 + 1)
    )
    head = 1024 * (256 * 9 + 1) + 1024 * (1024 + 1) + 10 * (1024 + 1)
    assert parameters(outline("small-alexnet")) == convolutions + head == 7_139_722


def test_local_response_normalisation_is_the_papers() -> None:
    norm = layers(build("small-alexnet", **NARROW), nn.LocalResponseNorm)[0]
    maps = torch.randn(1, 8, 1, 1, dtype=torch.float64) * 30
    squares = maps.flatten() ** 2
    for channel in range(8):
        neighbours = squares[max(0, channel - 2) : channel + 3].sum()
        expected = maps[0, channel] / (2 + 1e-4 * neighbours) ** 0.75
        torch.testing.assert_close(norm(maps)[0, channel], expected)


def test_local_response_normalisation_can_be_left_out() -> None:
    model = outline("small-alexnet", local_response_norm=False)
    assert not layers(model, nn.LocalResponseNorm)


def test_widths_dropout_and_activation_are_those_that_are_asked_for() -> None:
    model = outline("small-alexnet", **NARROW, dropout=0.3, activation="leaky-relu")
    assert widths(model) == ([8, 12, 16, 16, 12], [32, 32, 10])
    assert [layer.p for layer in layers(model, nn.Dropout)] == [0.3, 0.3]
    assert len(layers(model, nn.LeakyReLU)) == 7
    assert not layers(outline("small-alexnet", **NARROW, dropout=0), nn.Dropout)
