"""Images in, batches out: where the pixels lie, and how a batch becomes the model's input.

Pixels stay uint8 until the last moment. On the device a batch is one index into the whole set;
on the host a `DataLoader` gathers each batch and sends it over. Both give the same batches in
the same order, so the choice changes the speed and never the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

_HOST_WORKERS = 2
"""Processes that gather batches ahead of a GPU."""


class ImageSource(Protocol):
    """A set of images with labels that gives any batch of them on the device."""

    labels: Tensor

    def batches(self, order: Tensor, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yields uint8 images (B, C, H, W) and int64 labels (B,) in the order of the indices.

        Args:
            order: int64 indices (N,) on the CPU; the last batch holds what remains.
        """


class DeviceImages:
    """All images on the device; a batch is an index."""

    def __init__(self, images: Tensor, labels: Tensor, device: torch.device) -> None:
        self.images = images.to(device)
        self.labels = labels.to(device)

    def batches(self, order: Tensor, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """See `ImageSource`."""
        order = order.to(self.images.device)
        for indices in torch.split(order, batch_size):
            yield self.images[indices], self.labels[indices]


class HostImages:
    """All images in the host's memory; each batch is gathered there and sent to the device."""

    def __init__(self, images: Tensor, labels: Tensor, device: torch.device) -> None:
        self.images = images
        self.labels = labels
        self.device = device

    def batches(self, order: Tensor, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """See `ImageSource`."""
        on_gpu = self.device.type == "cuda"
        loader: DataLoader[tuple[Tensor, Tensor]] = DataLoader(
            _Gather(self.images, self.labels, torch.split(order, batch_size)),
            batch_size=None,
            num_workers=_HOST_WORKERS if on_gpu else 0,
            pin_memory=on_gpu,
        )
        for images, labels in loader:
            yield (
                images.to(self.device, non_blocking=True),
                labels.to(self.device, non_blocking=True),
            )


class _Gather(Dataset[tuple[Tensor, Tensor]]):
    """Batches as the items of a data set, so that a DataLoader fetches whole ones."""

    def __init__(self, images: Tensor, labels: Tensor, chunks: Sequence[Tensor]) -> None:
        self.images, self.labels, self.chunks = images, labels, chunks

    def __len__(self) -> int:
        return len(self.chunks)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        indices = self.chunks[index]
        return self.images[indices], self.labels[indices]


class Normalize:
    """Turns uint8 images into float32 model input: ``(pixel / 255 - mean) / std`` per channel."""

    def __init__(
        self,
        mean: Sequence[float],
        std: Sequence[float],
        device: torch.device,
        memory_format: torch.memory_format,
    ) -> None:
        means = torch.tensor(mean, dtype=torch.float64)
        stds = torch.tensor(std, dtype=torch.float64)
        self.scale = (1 / (255 * stds)).float().view(-1, 1, 1).to(device)
        self.shift = (-means / stds).float().view(-1, 1, 1).to(device)
        self.memory_format = memory_format

    def __call__(self, images: Tensor) -> Tensor:
        """Maps uint8 (N, C, H, W) to float32 of the same shape, in the wanted memory format."""
        pixels = images.to(torch.float32, memory_format=self.memory_format)
        return pixels.mul_(self.scale).add_(self.shift)
