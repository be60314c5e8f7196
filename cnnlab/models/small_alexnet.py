"""AlexNet for images of 28x28 or 32x32 pixels."""

from __future__ import annotations

from torch import nn

from cnnlab.config.models import Activation
from cnnlab.models.stack import Stack

_KERNELS = (5, 5, 3, 3, 3)
_NORMALISED = (1, 2)
"""The convolutions with a local response normalisation."""
_POOLED = (1, 2, 5)
"""The convolutions with a max pooling."""


class SmallAlexNet(nn.Sequential):
    """Five convolutions, three of them with max pooling; then three linear layers.

    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
    networks" (2012), without the split over two GPUs: local response normalisation of section
    3.3, overlapping pooling of section 3.4, the layers of section 3.5, dropout of section 4.2.
    For small images the first convolution has a 5x5 kernel with stride 1 instead of 11x11 with
    stride 4, and all are padded to keep the size, so 28x28 pixels become 2x2 and 32x32 become
    3x3 before the linear layers. Without softmax: the loss contains it.

    Maps float images (N, channels, height, width) to float logits (N, classes).

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.
        channels: width of each convolution.
        hidden: width of each of the two hidden linear layers.
        dropout: probability to drop a unit of a hidden linear layer.
        local_response_norm: normalisation after the first two activations.
        activation: function after each layer but the last.

    Raises:
        ConfigError: a pooling is larger than its input.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        *,
        channels: tuple[int, ...],
        hidden: int,
        dropout: float,
        local_response_norm: bool,
        activation: Activation,
    ) -> None:
        stack = Stack(shape, activation)
        for number, (width, side) in enumerate(zip(channels, _KERNELS, strict=True), start=1):
            stack.convolution(width, side, padding=side // 2)
            stack.activate()
            if local_response_norm and number in _NORMALISED:
                stack.add("lrn", _local_response_norm())
            if number in _POOLED:
                stack.pool("max", 3, stride=2)
        stack.flatten()
        stack.linear_layers((hidden, hidden, classes), dropout=dropout)
        super().__init__(stack.layers)


def _local_response_norm() -> nn.Module:
    """Section 3.3 with the paper's n = 5, k = 2, alpha = 1e-4 and beta = 0.75."""
    size = 5
    # PyTorch divides alpha by the size, the paper does not.
    return nn.LocalResponseNorm(size, alpha=1e-4 * size, beta=0.75, k=2.0)
