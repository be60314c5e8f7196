"""A data set made ready for one run: split, placed, normalised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cnnlab.config.run import DataConfig
from cnnlab.data.batches import DeviceImages, HostImages, ImageSource, Normalize
from cnnlab.data.image_format import ImageFormat, image_format
from cnnlab.data.resizing import Resized
from cnnlab.data.splits import cut_validation, validation_size
from cnnlab.data.store import Dataset
from cnnlab.events import Split


@dataclass(frozen=True)
class PreparedData:
    """Images of the three splits, and how they become the model's input.

    `train_indices` and `validation_indices` point into the same training images.
    """

    images: ImageFormat
    residence: str
    normalize: Normalize
    training: ImageSource
    train_indices: Tensor
    validation_indices: Tensor
    test: ImageSource
    test_indices: Tensor

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, in the order of the labels."""
        return self.images.classes

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width that the model sees, after resizing."""
        return self.images.shape

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
    count = len(dataset.train_images)
    size = validation_size(config.validation, count)
    train_indices, validation_indices = cut_validation(count, size, seed)
    images = image_format(dataset.info, config)

    def placed(pixels: np.ndarray, labels: np.ndarray) -> ImageSource:
        place = DeviceImages if residence == "device" else HostImages
        source = place(torch.from_numpy(pixels), torch.from_numpy(labels), device)
        resized = config.resize is not None
        return Resized(source, images.shape[1:], config.interpolation) if resized else source

    return PreparedData(
        images=images,
        residence=residence,
        normalize=Normalize(images.mean, images.std, device, memory_format),
        training=placed(dataset.train_images, dataset.train_labels),
        train_indices=train_indices,
        validation_indices=validation_indices,
        test=placed(dataset.test_images, dataset.test_labels),
        test_indices=torch.arange(len(dataset.test_images)),
    )
