"""A data set made ready for one run: split, placed, normalised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cnnlab.config.run import DataConfig
from cnnlab.data.batches import DeviceImages, HostImages, ImageSource, Normalize
from cnnlab.data.resizing import Resized, size_after
from cnnlab.data.splits import cut_validation, validation_size
from cnnlab.data.store import Dataset
from cnnlab.events import Split


@dataclass(frozen=True)
class PreparedData:
    """Images of the three splits, and how they become the model's input.

    `shape` is what the model sees, after resizing. `train_indices` and `validation_indices` point
    into the same training images.
    """

    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    residence: str
    normalize: Normalize
    training: ImageSource
    train_indices: Tensor
    validation_indices: Tensor
    test: ImageSource
    test_indices: Tensor

    def split(self, name: Split) -> tuple[ImageSource, Tensor]:
        """The images of a split, as a source and the indices into it."""
        if name == "test":
            return self.test, self.test_indices
        return self.training, self.train_indices if name == "train" else self.validation_indices


def prepare_data(
    dataset: Dataset,
    config: DataConfig,
    seed: int,
    residence: str,
    device: torch.device,
    memory_format: torch.memory_format,
) -> PreparedData:
    """Splits a data set and puts it where it shall lie.

    Args:
        residence: ``device`` or ``host``.

    Raises:
        ConfigError: the validation part leaves nothing to train on.
    """
    info = dataset.info
    count = len(dataset.train_images)
    size = validation_size(config.validation, count)
    train_indices, validation_indices = cut_validation(count, size, seed)
    shape = info.shape
    if config.resize is not None:
        shape = (shape[0], *size_after(config.resize, shape[1:]))

    def placed(images: np.ndarray, labels: np.ndarray) -> ImageSource:
        place = DeviceImages if residence == "device" else HostImages
        source = place(torch.from_numpy(images), torch.from_numpy(labels), device)
        resized = config.resize is not None
        return Resized(source, shape[1:], config.interpolation) if resized else source

    mean, std = _moments(config, info.mean, info.std)
    return PreparedData(
        classes=info.classes,
        shape=shape,
        residence=residence,
        normalize=Normalize(mean, std, device, memory_format),
        training=placed(dataset.train_images, dataset.train_labels),
        train_indices=train_indices,
        validation_indices=validation_indices,
        test=placed(dataset.test_images, dataset.test_labels),
        test_indices=torch.arange(len(dataset.test_images)),
    )


def _moments(
    config: DataConfig, mean: tuple[float, ...], std: tuple[float, ...]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What is subtracted from pixels in [0, 1], and what they are then divided by."""
    if config.normalization == "dataset":
        return mean, std
    channels = len(mean)
    if config.normalization == "half":
        return (0.5,) * channels, (0.5,) * channels
    return (0.0,) * channels, (1.0,) * channels
