"""The side lengths of feature maps, checked layer by layer while a network is built."""

from __future__ import annotations

from cnnlab.errors import ConfigError

Size = tuple[int, int]
"""Height and width."""


def after_window(
    layer: str,
    size: Size,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Size:
    """The output size of a convolution or a pooling (PyTorch's formula for `Conv2d`).

    Args:
        layer: how to call the layer in an error, such as ``Convolution 2``.

    Raises:
        ConfigError: the window is larger than its padded input.
    """
    reach = dilation * (kernel_size - 1) + 1
    height, width = (length + 2 * padding for length in size)
    if reach > height or reach > width:
        spread = f" spread over {reach}x{reach} by its dilation" if dilation > 1 else ""
        padded = f" with its padding {height}x{width}" if padding else ""
        raise ConfigError(
            f"{layer} has a {kernel_size}x{kernel_size} window{spread}, but its input is only "
            f"{size[0]}x{size[1]}{padded and ',' + padded}.",
            "Use a smaller window, more padding, fewer layers or less pooling.",
        )
    return (height - reach) // stride + 1, (width - reach) // stride + 1
