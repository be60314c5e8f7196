"""Residual networks for small images: a 3x3 convolution, stages of basic blocks, a linear layer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch.nn.functional as F  # noqa: N812  (as PyTorch's documentation calls it)
from torch import Tensor, nn

from cnnlab.config.models import Activation
from cnnlab.config.models.residual import Shortcut
from cnnlab.models.activations import activation_name, build_activation
from cnnlab.models.initialization import he_normal


class ResidualNetwork(nn.Sequential):
    """A 3x3 convolution, stages of basic blocks, global average pooling and a linear layer.

    Each stage but the first halves height and width (rounded up) in its first block, so images
    of any size fit.

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        widths: channels of each stage.
        blocks: number of blocks of each stage.
        shortcut: what a block adds where its shape changes, see `BasicBlock`.
        activation: function after each norm.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        *,
        widths: Sequence[int],
        blocks: Sequence[int],
        shortcut: Shortcut,
        activation: Activation,
    ) -> None:
        inputs = widths[0]
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["conv1"] = _convolution(shape[0], inputs)
        layers["norm1"] = nn.BatchNorm2d(inputs)
        layers[activation_name(activation, 1)] = build_activation(activation)
        for number, (width, count) in enumerate(zip(widths, blocks, strict=True), start=1):
            stage: OrderedDict[str, nn.Module] = OrderedDict()
            for position in range(1, count + 1):
                stride = 2 if number > 1 and position == 1 else 1
                stage[f"block{position}"] = BasicBlock(inputs, width, stride, shortcut, activation)
                inputs = width
            layers[f"stage{number}"] = nn.Sequential(stage)
        layers["pool"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        layers["linear"] = nn.Linear(inputs, classes)
        super().__init__(layers)
        he_normal(self)


class CifarResNet(ResidualNetwork):
    """The residual network for CIFAR-10: three stages of (depth - 2) / 6 basic blocks.

    He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (2016), section 4.2
    and table 6. Without softmax: the loss contains it.

    Maps float images (N, channels, height, width) to float logits (N, classes).

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        depth: layers with weights, 6n + 2.
        shortcut: A or B of the paper's section 3.3.
        channels: width of the first stage; the others are 2 and 4 times as wide.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        *,
        depth: int,
        shortcut: Shortcut,
        channels: int,
    ) -> None:
        super().__init__(
            shape,
            classes,
            widths=[channels * factor for factor in (1, 2, 4)],
            blocks=[(depth - 2) // 6] * 3,
            shortcut=shortcut,
            activation="relu",
        )


class SmallResNet(ResidualNetwork):
    """ResNet-18 with a first convolution for small images, and no pooling after it.

    The network of section 1.2 of Zhang's report: the 18 layers of table 1 in He, Zhang, Ren and
    Sun, "Deep residual learning for image recognition" (2016), with a 3x3 convolution of stride
    1 instead of the 7x7 of stride 2, and projections where the shape changes. Without softmax:
    the loss contains it.

    Maps float images (N, channels, height, width) to float logits (N, classes).

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        channels: width of the first stage; the others are 2, 4 and 8 times as wide.
        blocks: number of basic blocks of each stage.
        activation: function after each norm.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        *,
        channels: int,
        blocks: tuple[int, ...],
        activation: Activation,
    ) -> None:
        super().__init__(
            shape,
            classes,
            widths=[channels * factor for factor in (1, 2, 4, 8)],
            blocks=blocks,
            shortcut="B",
            activation=activation,
        )


class BasicBlock(nn.Module):
    """Two 3x3 convolutions whose output is added to their input.

    He et al. (2016), figure 5, left. Where the shape changes, the shortcut is option A, the
    input without every second row and column and with zeros for the new channels, or option B,
    a 1x1 convolution with batch normalisation (section 3.3); elsewhere it is the input itself.

    Maps float feature maps (N, inputs, height, width) to (N, width, height / stride,
    width / stride), rounded up.

    Args:
        inputs: channels of the input.
        width: channels of both convolutions.
        stride: step of the first convolution's kernel.
        shortcut: option where the shape changes.
        activation: function after the first norm and after the sum.
    """

    def __init__(
        self, inputs: int, width: int, stride: int, shortcut: Shortcut, activation: Activation
    ) -> None:
        super().__init__()
        self.conv1 = _convolution(inputs, width, stride)
        self.norm1 = nn.BatchNorm2d(width)
        self.activation1 = build_activation(activation)
        self.conv2 = _convolution(width, width)
        self.norm2 = nn.BatchNorm2d(width)
        self.shortcut = _shortcut(inputs, width, stride, shortcut)
        self.activation2 = build_activation(activation)

    def forward(self, maps: Tensor) -> Tensor:
        """The block's output for a batch of feature maps."""
        residual = self.activation1(self.norm1(self.conv1(maps)))
        residual = self.norm2(self.conv2(residual))
        output: Tensor = self.activation2(residual + self.shortcut(maps))
        return output


class ZeroPaddedShortcut(nn.Module):
    """Every `stride`-th row and column, and zeros for the channels that the input lacks.

    Args:
        added: number of channels of zeros.
        stride: step over rows and columns.
    """

    def __init__(self, added: int, stride: int) -> None:
        super().__init__()
        self.added = added
        self.stride = stride

    def forward(self, maps: Tensor) -> Tensor:
        """The shortcut of a batch of feature maps."""
        kept = maps[:, :, :: self.stride, :: self.stride]
        return F.pad(kept, (0, 0, 0, 0, 0, self.added))


def _convolution(inputs: int, width: int, stride: int = 1) -> nn.Conv2d:
    # The batch normalisation after it has the bias.
    return nn.Conv2d(inputs, width, 3, stride, padding=1, bias=False)


def _shortcut(inputs: int, width: int, stride: int, option: Shortcut) -> nn.Module:
    if inputs == width and stride == 1:
        return nn.Identity()
    if option == "A":
        return ZeroPaddedShortcut(width - inputs, stride)
    projection = nn.Conv2d(inputs, width, 1, stride, bias=False)
    return nn.Sequential(OrderedDict(conv=projection, norm=nn.BatchNorm2d(width)))
