"""The side lengths of feature maps, checked layer by layer while a network is built."""

from __future__ import annotations

from cnnlab.errors import ConfigError

Size = tuple[int, int]
"""Height and width."""


def after_window(
    layer: str,
    window: str,
    size: Size,
    side: int,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Size:
    """The output size of a convolution or a pooling (PyTorch's formula for `Conv2d`).

    Args:
        layer: how to call the layer in an error, such as ``Convolution 2``.
        window: how to call what moves over the input, such as ``kernel``.
        size: height and width of the input.
        side: side of the square window.
        stride: step of the window.
        padding: zeros at each side of the input.
        dilation: distance between the points of the window.

    Raises:
        ConfigError: the window is larger than its padded input.
    """
    reach = dilation * (side - 1) + 1
    height, width = (length + 2 * padding for length in size)
    if reach > min(height, width):
        spread = f" (dilation {dilation}, so it covers {reach}x{reach})" if dilation > 1 else ""
        padded = f" ({height}x{width} with its padding)" if padding else ""
        raise ConfigError(
            f"{layer} has a {side}x{side} {window}{spread}, but its input is only "
            f"{size[0]}x{size[1]}{padded}.",
            "Enlarge the images with data.resize or, where the model has fields for it, use a "
            "smaller window, more padding, fewer layers or less pooling before it.",
        )
    return (height - reach) // stride + 1, (width - reach) // stride + 1
