"""Augmentations that change colours and leave pixels where they are."""

from __future__ import annotations

import torch
from torch import Tensor

from cnnlab.data.augmentation.draws import Interval, around, uniform

BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)


class ColorJitter:
    """Changes brightness, contrast, saturation and hue of each image in an order of its own.

    The draws of `torchvision.transforms.ColorJitter`: factors and shifts uniform, all 24 orders
    equally likely. Grey images have no saturation and no hue to change.

    Args:
        brightness, contrast, saturation: interval of the factor, or how far it may be from 1.
        hue: interval of the shift in turns of the colour wheel, or the largest to both sides.
    """

    def __init__(
        self,
        brightness: float | Interval = 0.0,
        contrast: float | Interval = 0.0,
        saturation: float | Interval = 0.0,
        hue: float | Interval = 0.0,
    ) -> None:
        factors = (around(value, 1.0) for value in (brightness, contrast, saturation))
        self.factors = [(max(low, 0.0), high) for low, high in factors]
        self.hue = around(hue)

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Changes the colours of each image."""
        factors, shifts, order = self.draw(len(images), generator)
        if self.hue == (0.0, 0.0) or images.shape[1] == 1:
            return _blended(images.float(), factors, order).to(images.dtype)
        return jittered(images, factors, shifts, order)

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Strengths and orders.

        Returns:
            factors of brightness, contrast and saturation, of shape (3, count); shifts of the
            hue, of shape (count,); which of the four comes first, second, third and last, of
            shape (4, count).
        """
        factors = torch.stack([uniform(interval, count, generator) for interval in self.factors])
        shifts = uniform(self.hue, count, generator)
        order = torch.rand(4, count, device=generator.device, generator=generator).argsort(0)
        return factors, shifts, order


def jittered(images: Tensor, factors: Tensor, shifts: Tensor, order: Tensor) -> Tensor:
    """RGB images with the changes that `ColorJitter.draw` returns, each rounded down to uint8.

    What an image has before the hue is done to all images, then the hue of all, then the rest;
    where it is not an image's turn, nothing changes. The hue costs most and is computed once,
    and no image is looked up: as fast on a CPU as sorting the images by their order, and a GPU
    is never waited for.
    """
    earlier = (order == HUE).cumsum(0) == 0
    values = _blended(images.float(), factors, order.where(earlier, HUE)[:3])
    values = shift_hue(values, shifts)
    return _blended(values, factors, order.where(~earlier, HUE)[1:]).to(images.dtype)


def _blended(values: Tensor, factors: Tensor, order: Tensor) -> Tensor:
    """Images after the changes in order, of shape (steps, N); HUE stands for no change."""
    for kind in order:
        factor = factors.gather(0, kind.clamp(max=SATURATION)[None])[0].where(kind != HUE, 1.0)
        values = blend(values, factor, kind)
    return values


def blend(values: Tensor, factor: Tensor, kind: Tensor) -> Tensor:
    """Mixes each image with black, with its mean grey or with its own greys.

    Brightness, contrast and saturation of Haeberli and Voorhies, "Image Processing by
    Interpolation and Extrapolation" (IRIS Universe 28, 1994), as PIL and torchvision have them:
    factor * image + (1 - factor) * other, cut to the range and rounded down.

    Args:
        values: grey levels in float32, of shape (N, C, H, W).
        factor: of shape (N,).
        kind: BRIGHTNESS, CONTRAST or SATURATION, for each image, of shape (N,).
    """
    grey = greys(values)
    if values.shape[1] == 1:
        factor = factor.where(kind != SATURATION, 1.0)
    rest = 1 - factor
    mean = grey.mean((1, 2, 3))
    share = rest.where(kind == SATURATION, 0.0).view(-1, 1, 1, 1)
    other = grey * share + (rest * mean).where(kind == CONTRAST, 0.0).view(-1, 1, 1, 1)
    return (values * factor.view(-1, 1, 1, 1)).add_(other).clamp_(0, 255).floor_()


def greys(values: Tensor) -> Tensor:
    """The luma (ITU-R BT.601) of RGB images, rounded down, of shape (N, 1, H, W)."""
    if values.shape[1] == 1:
        return values
    red, green, blue = values[:, :1], values[:, 1:2], values[:, 2:]
    return (red * 0.2989).add_(green, alpha=0.587).add_(blue, alpha=0.114).floor_()


def shift_hue(values: Tensor, shifts: Tensor) -> Tensor:
    """Turns the hue of RGB images and keeps saturation and value of HSV (Smith 1978).

    With the hue from 0 to 6, red, green and blue are the value less a share of the chroma: of
    2 - |hue - 3|, |hue - 2| - 1 and |hue - 4| - 1, each cut to [0, 1].

    Args:
        values: grey levels in float32, of shape (N, 3, H, W).
        shifts: in turns, of shape (N,).
    """
    red, green, blue = values.unbind(1)
    # Several times faster than to look for both along the dimension of the channels.
    value = torch.maximum(torch.maximum(red, green), blue)
    chroma = value - torch.minimum(torch.minimum(red, green), blue)
    divisor = chroma.clamp(min=1)
    hue = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, (blue - red) / divisor + 2, (red - green) / divisor + 4),
    )
    hue = (hue + 6 * shifts.view(-1, 1, 1)).remainder_(6)
    shares = (2 - (hue - 3).abs_(), (hue - 2).abs_() - 1, (hue - 4).abs_() - 1)
    share = torch.stack(shares, 1).clamp_(0, 1)
    turned = share.mul_(-chroma.unsqueeze(1)).add_(value.unsqueeze(1))
    # torchvision's way from [0, 1] to uint8, with which a whole grey level stays what it is.
    return turned.mul_(255.999 / 255).floor_()
