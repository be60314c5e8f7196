"""Residual networks: depths, shortcuts, and the sums that the papers' tables give."""

from __future__ import annotations

import pytest
import torch
from models.families import CIFAR, build, config_of, layers, outline, parameters, widths
from torch import nn

from cnnlab.errors import ConfigError
from cnnlab.models.inspection import inspect_model
from cnnlab.models.residual import BasicBlock, ZeroPaddedShortcut


@pytest.mark.parametrize(
    ("depth", "count", "millions"),
    [
        (20, 269_722, 0.27),
        (32, 464_154, 0.46),
        (44, 658_586, 0.66),
        (56, 853_018, 0.85),
        (110, 1_727_962, 1.7),
    ],
)
def test_cifar_resnets_have_the_parameters_of_the_papers_table_6(
    depth: int, count: int, millions: float
) -> None:
    model = outline("cifar-resnet", depth=depth)
    assert parameters(model) == count
    assert count / 1e6 == pytest.approx(millions, rel=0.02)
    assert len(layers(model, nn.Conv2d)) + len(layers(model, nn.Linear)) == depth


def test_stages_halve_the_image_and_double_the_width() -> None:
    summary = inspect_model(outline("cifar-resnet"), CIFAR)
    outputs = {layer.name: layer.output_shape for layer in summary.layers}
    assert outputs["conv1"] == outputs["stage1.block3.activation2"] == (16, 32, 32)
    assert outputs["stage2.block1.conv1"] == outputs["stage2.block3.activation2"] == (32, 16, 16)
    assert outputs["stage3.block3.activation2"] == (64, 8, 8)
    assert outputs["pool"] == (64, 1, 1)


@pytest.mark.parametrize(("depth", "nearest"), [(21, "20 and 26"), (109, "104 and 110")])
def test_a_depth_that_is_not_6n_plus_2_is_refused_with_the_nearest(
    depth: int, nearest: str
) -> None:
    sentence = f"depth: {depth} is not allowed; a depth is 6n\\+2 layers, and the nearest are "
    with pytest.raises(ConfigError, match=sentence + nearest):
        config_of("cifar-resnet", depth=depth)


@pytest.mark.parametrize("depth", [2, 1208])
def test_a_depth_out_of_bounds_is_refused_with_the_bounds(depth: int) -> None:
    with pytest.raises(ConfigError, match="from 8 to 1202"):
        config_of("cifar-resnet", depth=depth)


def test_option_a_adds_zeros_and_no_parameters() -> None:
    shortcut = ZeroPaddedShortcut(added=2, stride=2)
    maps = torch.randn(4, 3, 5, 6)
    output = shortcut(maps)
    assert torch.equal(output[:, :3], maps[:, :, ::2, ::2])
    assert output.shape == (4, 5, 3, 3)
    assert not output[:, 3:].any()


def test_option_b_projects_where_the_shape_changes_and_only_there() -> None:
    plain, projected = outline("cifar-resnet"), outline("cifar-resnet", shortcut="B")
    assert [type(block.shortcut) for block in layers(projected, BasicBlock)] == [
        *(nn.Identity, nn.Identity, nn.Identity),
        *(nn.Sequential, nn.Identity, nn.Identity),
        *(nn.Sequential, nn.Identity, nn.Identity),
    ]
    added = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    assert parameters(projected) == parameters(plain) + added == 272_474


@pytest.mark.parametrize("name", ["cifar-resnet", "small-resnet"])
def test_channels_set_the_width_of_every_stage(name: str) -> None:
    base = {"cifar-resnet": 16, "small-resnet": 64}[name]
    wide = widths(outline(name, channels=6))[0]
    assert wide == [width // base * 6 for width in widths(outline(name))[0]]


@pytest.mark.parametrize("name", ["cifar-resnet", "small-resnet"])
def test_a_block_whose_residual_is_zero_gives_the_activation_of_its_shortcut(name: str) -> None:
    model = build(name, channels=4).eval()
    maps = torch.randn(2, 4, 8, 8)
    for block in layers(model, BasicBlock)[:3]:
        nn.init.zeros_(block.norm2.weight)
        assert torch.equal(block(maps), block.shortcut(maps).relu())
        maps = block(maps)


def test_the_resnet_18_of_zhangs_report_has_its_layers_and_parameters() -> None:
    model = outline("small-resnet")
    assert parameters(model) == 11_173_962
    first = layers(model, nn.Conv2d)[0]
    assert (first.kernel_size, first.stride, first.padding) == ((3, 3), (1, 1), (1, 1))
    assert not layers(model, nn.MaxPool2d)
    projections = [layer for layer in layers(model, nn.Conv2d) if layer.kernel_size == (1, 1)]
    assert [layer.out_channels for layer in projections] == [128, 256, 512]
    assert len(layers(model, nn.Conv2d)) - len(projections) + 1 == 18


@pytest.mark.parametrize(("channels", "count"), [(32, 2_797_610), (128, 44_662_922)])
def test_zhangs_other_widths_have_their_parameters(channels: int, count: int) -> None:
    assert parameters(outline("small-resnet", channels=channels)) == count


def test_blocks_make_resnet_34() -> None:
    model = outline("small-resnet", blocks=[3, 4, 6, 3])
    assert len(layers(model, BasicBlock)) == 16
    assert parameters(model) == 21_282_122


def test_the_activation_is_the_one_that_is_asked_for() -> None:
    for activation, kind in (("leaky-relu", nn.LeakyReLU), ("elu", nn.ELU)):
        model = outline("small-resnet", activation=activation)
        assert len(layers(model, kind)) == 17
        assert not layers(model, nn.ReLU)


@pytest.mark.parametrize("name", ["cifar-resnet", "small-resnet"])
def test_convolutions_have_hes_variance_and_no_bias(name: str) -> None:
    torch.manual_seed(0)
    for layer in layers(build(name, channels=16), nn.Conv2d):
        points = layer.kernel_size[0] ** 2
        expected = (2 / (points * layer.out_channels)) ** 0.5
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.15)
        assert layer.bias is None
