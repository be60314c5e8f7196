"""LeNet: two blocks of convolution and pooling, then two linear layers."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cnnlab.config.models import Activation
from cnnlab.models.activations import build_activation
from cnnlab.models.sizes import after_window


class LeNet(nn.Sequential):
    """LeNet in its modern form, without softmax: the loss contains it.

    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
    recognition" (1998), with max pooling and two linear layers instead of three; the default
    widths are those of the MNIST example of Caffe.

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.

    Raises:
        ConfigError: the image is too small for the kernels and poolings.

    Maps float images (N, C, H, W) to logits (N, classes).
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
        inputs, *size = shape
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        area = (size[0], size[1])
        for number, width in enumerate(channels, start=1):
            area = after_window(f"Convolution {number}", area, kernel_size)
            area = after_window(f"Pooling {number}", area, 2, stride=2)
            layers[f"conv{number}"] = nn.Conv2d(inputs, width, kernel_size)
            layers[f"activation{number}"] = build_activation(activation)
            layers[f"pool{number}"] = nn.MaxPool2d(2)
            inputs = width
        layers["flatten"] = nn.Flatten()
        layers["linear1"] = nn.Linear(inputs * area[0] * area[1], hidden)
        layers["activation3"] = build_activation(activation)
        layers["linear2"] = nn.Linear(hidden, classes)
        super().__init__(layers)
