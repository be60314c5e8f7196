"""What images a run takes, and how they become its model's input: what a checkpoint must know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cnnlab.config.run import DataConfig
from cnnlab.data.catalog import KnownDataset, Shape
from cnnlab.data.resizing import size_after
from cnnlab.data.store import DatasetInfo


@dataclass(frozen=True)
class ImageFormat:
    """The images of a run.

    Attributes:
        classes: names, in the order of the labels.
        stored_shape: channels, height and width of an image as its data set has it.
        shape: those that the model sees, after resizing.
        mean: what is subtracted from each channel of pixels in [0, 1].
        std: what they are divided by then.
    """

    classes: tuple[str, ...]
    stored_shape: Shape
    shape: Shape
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def is_resized(self) -> bool:
        """Whether the model sees images of another size than they have."""
        return self.shape != self.stored_shape

    def as_state(self) -> dict[str, list[Any]]:
        """Plain values, for a checkpoint."""
        return {name: list(values) for name, values in asdict(self).items()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> ImageFormat:
        """What `as_state` gave.

        Raises:
            KeyError, TypeError, ValueError: the values are something else.
        """
        return cls(
            tuple(map(str, state["classes"])),
            _shape(state["stored_shape"]),
            _shape(state["shape"]),
            tuple(map(float, state["mean"])),
            tuple(map(float, state["std"])),
        )


def _shape(values: Iterable[Any]) -> Shape:
    channels, height, width = map(int, values)
    return channels, height, width


def image_format(known: DatasetInfo | KnownDataset, config: DataConfig) -> ImageFormat:
    """What a config makes of the images of a data set."""
    shape = known.shape
    if config.resize is not None:
        shape = (shape[0], *size_after(config.resize, shape[1:]))
    mean, std = _moments(config, known.mean, known.std)
    return ImageFormat(known.classes, known.shape, shape, mean, std)


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
