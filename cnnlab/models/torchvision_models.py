"""torchvision's ResNet, AlexNet and VGG for images of any number of channels, with a new head.

The names of the weights stay torchvision's, so its files fit; only the first convolution (other
channels) and the last linear layer (other classes) differ. Each maps float images
(N, channels, height, width) to float logits (N, classes), without softmax: the loss contains it.
"""

from __future__ import annotations

from typing import Any, Literal

import torchvision
from torch import nn

from cnnlab.errors import ConfigError
from cnnlab.models.head import build_head
from cnnlab.models.parts import Parts, set_parts
from cnnlab.models.sizes import Size, after_window
from cnnlab.models.stack import EachOrAll

Shape = tuple[int, int, int]
"""Channels, height and width of an image."""

FirstPooling = Literal["halve", "keep", "none"]

_RESNET_PARTS: Parts = {
    "stem": ("conv1", "bn1"),
    "layer1": ("layer1",),
    "layer2": ("layer2",),
    "layer3": ("layer3",),
    "layer4": ("layer4",),
    "head": ("fc",),
}
_PLAIN_PARTS: Parts = {
    "features": ("features",),
    "classifier": ("classifier",),
    "head": ("classifier.6",),
}


def resnet(
    shape: Shape,
    classes: int,
    *,
    depth: int,
    head_layers: int,
    head_hidden: EachOrAll,
    head_dropout: float,
) -> nn.Module:
    """ResNet for ImageNet: He, Zhang, Ren and Sun, "Deep residual learning" (CVPR 2016).

    Adaptive pooling makes it fit images of any size; a 32x32 image is one pixel in layer4.

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        depth: number of layers with weights.
        head_layers: number of linear layers in the head.
        head_hidden: width of each of them but the last.
        head_dropout: probability to drop a unit between them.
    """
    model: Any = getattr(torchvision.models, f"resnet{depth}")()
    model.conv1 = _for_channels(model.conv1, shape[0])
    _draw_from_he(model.conv1)
    width = model.fc.in_features
    model.fc = build_head(width, classes, head_layers, head_hidden, head_dropout)
    return set_parts(model, _RESNET_PARTS)


def alexnet(
    shape: Shape,
    classes: int,
    *,
    first_pooling: FirstPooling,
    head_layers: int,
    head_hidden: EachOrAll,
    head_dropout: float,
) -> nn.Module:
    """AlexNet: Krizhevsky, "One weird trick for parallelizing CNNs" (2014).

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        first_pooling: `halve` as published; `keep` (stride 1) and `none` fit images of 31x31.
        head_layers: number of linear layers in the head.
        head_hidden: width of each of them but the last.
        head_dropout: probability to drop a unit between them.

    Raises:
        ConfigError: a layer's window is larger than its input.
    """
    model: Any = torchvision.models.alexnet()
    fitting = "63x63 or more (data.resize), or 31x31 with model.first_pooling = 'keep'"
    if first_pooling == "keep":
        model.features[2] = nn.MaxPool2d(kernel_size=3, stride=1, padding=1)
    elif first_pooling == "none":
        model.features[2] = nn.Identity()
    if first_pooling != "halve":
        fitting = "31x31 or more; data.resize enlarges them"
    _check_windows(model.features, shape[1:], fitting)
    model.features[0] = _for_channels(model.features[0], shape[0])
    width = model.classifier[6].in_features
    model.classifier[6] = build_head(width, classes, head_layers, head_hidden, head_dropout)
    return set_parts(model, _PLAIN_PARTS)


def vgg(
    shape: Shape,
    classes: int,
    *,
    depth: int,
    batch_norm: bool,
    head_layers: int,
    head_hidden: EachOrAll,
    head_dropout: float,
) -> nn.Module:
    """VGG: Simonyan and Zisserman, "Very deep convolutional networks" (ICLR 2015).

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        depth: number of layers with weights.
        batch_norm: batch normalisation after each convolution.
        head_layers: number of linear layers in the head.
        head_hidden: width of each of them but the last.
        head_dropout: probability to drop a unit between them.

    Raises:
        ConfigError: the images are smaller than 32x32.
    """
    model: Any = getattr(torchvision.models, f"vgg{depth}{'_bn' if batch_norm else ''}")()
    _check_windows(model.features, shape[1:], "32x32 or more; data.resize enlarges them")
    model.features[0] = _for_channels(model.features[0], shape[0])
    _draw_from_he(model.features[0])
    width = model.classifier[6].in_features
    model.classifier[6] = build_head(width, classes, head_layers, head_hidden, head_dropout)
    return set_parts(model, _PLAIN_PARTS)


def _for_channels(convolution: nn.Conv2d, channels: int) -> nn.Conv2d:
    """The first convolution for images of so many channels, with PyTorch's initial weights."""
    if channels == convolution.in_channels:
        return convolution
    window = (convolution.kernel_size, convolution.stride, convolution.padding)
    new: Any = nn.Conv2d
    bias = convolution.bias is not None
    first: nn.Conv2d = new(channels, convolution.out_channels, *window, bias=bias)
    return first


def _draw_from_he(convolution: nn.Conv2d) -> None:
    """Initial weights as torchvision's ResNet and VGG draw them (He et al. 2015)."""
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)


def _check_windows(features: nn.Sequential, size: Size, fitting: str) -> None:
    """Follows the size of an image through convolutions and poolings; `fitting` is what fits.

    Raises:
        ConfigError: a window is larger than its input; says which and what helps.
    """
    numbers = {"Convolution": 0, "Pooling": 0}
    for layer in features:
        if not isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            continue
        kind, window = ("Pooling", "window")
        if isinstance(layer, nn.Conv2d):
            kind, window = ("Convolution", "kernel")
        numbers[kind] += 1
        side, stride, padding = (
            value if isinstance(value, int) else int(value[0])
            for value in (layer.kernel_size, layer.stride, layer.padding)
        )
        try:
            size = after_window(
                f"{kind} {numbers[kind]}", window, size, side, stride=stride, padding=padding
            )
        except ConfigError as error:
            raise ConfigError(error.message, f"Images must be {fitting}.") from None
