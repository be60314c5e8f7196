"""LeNet: two blocks of convolution and pooling, then two linear layers."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cnnlab.config.models import Activation
from cnnlab.models.activations import activation_name, build_activation
from cnnlab.models.sizes import after_window

_POOLING = 2
"""Side of the pooling window, and its stride."""


class LeNet(nn.Sequential):
    """LeNet in its modern form, without softmax: the loss contains it.

    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86 (1998), with max pooling and two linear layers
    instead of three: the structure of section 2.1 of Park's report. The widths that
    the config sets, 20, 50 and 500, are those of Caffe's MNIST example.

    Maps float images (N, channels, height, width) to float logits (N, classes).

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        channels: width of the first and of the second convolution.
        kernel_size: side of the square kernels.
        hidden: width of the first linear layer.
        activation: function after each layer but the last.

    Raises:
        ConfigError: a kernel or a pooling is larger than its input.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        *,
        channels: tuple[int, int],
        kernel_size: int,
        hidden: int,
        activation: Activation,
    ) -> None:
        inputs, size = shape[0], shape[1:]
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        for number, width in enumerate(channels, start=1):
            size = after_window(f"Convolution {number}", "kernel", size, kernel_size)
            size = after_window(f"Pooling {number}", "window", size, _POOLING, stride=_POOLING)
            layers[f"conv{number}"] = nn.Conv2d(inputs, width, kernel_size)
            layers[activation_name(activation, number)] = build_activation(activation)
            layers[f"pool{number}"] = nn.MaxPool2d(_POOLING)
            inputs = width
        layers["flatten"] = nn.Flatten()
        layers["linear1"] = nn.Linear(inputs * size[0] * size[1], hidden)
        layers[activation_name(activation, 3)] = build_activation(activation)
        layers["linear2"] = nn.Linear(hidden, classes)
        super().__init__(layers)
