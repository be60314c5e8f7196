"""Layers, parameters and FLOPs of a network, against sums made by hand."""

from __future__ import annotations

import copy

import torch
from torch import nn

from cnnlab.config.models import LeNet, SimpleCNN
from cnnlab.models.build import build_model
from cnnlab.models.inspection import LayerSummary, inspect_model

MNIST = (1, 28, 28)


def test_lenets_layers_have_the_shapes_and_counts_that_follow_from_their_sizes() -> None:
    summary = inspect_model(build_model(LeNet(), MNIST, 10), MNIST)
    weighted = [layer for layer in summary.layers if layer.parameters]
    assert weighted == [
        LayerSummary("conv1", "Conv2d", (20, 24, 24), 20 * 26, 2 * 25 * 20 * 24 * 24),
        LayerSummary("conv2", "Conv2d", (50, 8, 8), 50 * 501, 2 * 20 * 25 * 50 * 8 * 8),
        LayerSummary("linear1", "Linear", (500,), 500 * 801, 2 * 800 * 500),
        LayerSummary("linear2", "Linear", (10,), 10 * 501, 2 * 500 * 10),
    ]
    assert summary.flops == sum(layer.flops for layer in weighted)
    assert summary.parameters == summary.trainable == 431_080


def test_layers_come_in_the_order_in_which_they_run() -> None:
    model = build_model(LeNet(), MNIST, 10)
    names = [layer.name for layer in inspect_model(model, MNIST).layers]
    assert names == [name for name, _ in model.named_children()]


def test_nested_networks_are_listed_with_dotted_names() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(784, 3), nn.ReLU()))
    summary = inspect_model(model, MNIST)
    assert [layer.name for layer in summary.layers] == ["0", "1.0", "1.1"]
    assert [layer.flops for layer in summary.layers] == [0, 2 * 784 * 3, 0]


def test_frozen_weights_count_as_parameters_and_not_as_trainable() -> None:
    model = build_model(LeNet(), MNIST, 10)
    model.get_submodule("conv2").requires_grad_(False)
    summary = inspect_model(model, MNIST)
    assert summary.parameters - summary.trainable == 50 * 501


def test_inspection_leaves_the_network_and_the_random_state_as_they_are() -> None:
    model = build_model(SimpleCNN(batch_norm=True, dropout=0.5), (3, 32, 32), 10)
    model.get_submodule("norm1").eval()
    state = copy.deepcopy(model.state_dict())
    modes = {name: part.training for name, part in model.named_modules()}
    random = torch.get_rng_state()
    inspect_model(model, (3, 32, 32))
    assert torch.equal(random, torch.get_rng_state())
    assert {name: part.training for name, part in model.named_modules()} == modes
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())
    assert not any(part._forward_hooks for part in model.modules())


def test_a_network_on_any_device_is_inspected_where_it_is() -> None:
    model = build_model(LeNet(), MNIST, 10)
    expected = inspect_model(model, MNIST)
    assert inspect_model(model.to("meta"), MNIST) == expected
    if torch.cuda.is_available():
        on_gpu = build_model(LeNet(), MNIST, 10).to("cuda")
        assert inspect_model(on_gpu, MNIST) == expected
        assert next(on_gpu.parameters()).is_cuda
