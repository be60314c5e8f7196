"""The stack that plain networks are built on: what it follows, and what it refuses."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cnnlab.errors import ConfigError
from cnnlab.models.stack import Stack, each


def test_each_layer_takes_what_the_one_before_it_gives() -> None:
    stack = Stack((2, 20, 17), "relu")
    stack.convolution(3, 5, stride=2, padding=1, dilation=2)
    stack.norm()
    stack.activate()
    stack.pool("average", 3, stride=2)
    stack.flatten()
    stack.linear_layers((6, 4), batch_norm=True, dropout=0.1)
    assert list(stack.layers) == [
        *("conv1", "norm1", "relu1", "pool1", "flatten"),
        *("linear1", "norm2", "relu2", "dropout1", "linear2"),
    ]
    assert nn.Sequential(stack.layers)(torch.randn(5, 2, 20, 17)).shape == (5, 4)


def test_a_window_that_does_not_fit_is_named_by_its_number() -> None:
    stack = Stack((1, 6, 6), "relu")
    stack.pool("max", 3)
    with pytest.raises(ConfigError, match=r"Pooling 2 has a 3x3 window, .* only 2x2"):
        stack.pool("convolution", 3)
    assert list(stack.layers) == ["pool1"]


def test_nothing_slides_over_what_is_flattened() -> None:
    stack = Stack((1, 6, 6), "relu")
    stack.flatten()
    for slide in (stack.flatten, lambda: stack.convolution(2, 3), lambda: stack.pool("max", 2)):
        with pytest.raises(ValueError, match="flattened already"):
            slide()


def test_no_pooling_and_no_dropout_leave_no_layer() -> None:
    stack = Stack((1, 6, 6), "relu")
    stack.pool("none", 7)
    stack.dropout(0.0)
    assert not stack.layers


def test_one_value_counts_for_each_layer() -> None:
    assert each(7, 3) == (7, 7, 7)
    assert each((1, 2), 2) == (1, 2)
