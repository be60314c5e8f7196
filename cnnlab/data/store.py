"""Data sets on disk: one safetensors file each, decoded and ready to be trained on.

The file holds uint8 images (N, C, H, W) and int64 labels (N,) of both splits; everything that
is told about the set stands in its header, which is read without touching the images.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from cnnlab.data.catalog import Shape
from cnnlab.errors import DataError, StorageError
from cnnlab.events import Split
from cnnlab.home import Home, disk_is_full, make_folder

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

FORMAT = 1
_HEADER = "cnnlab"
_LISTS = {"classes", "shape", "mean", "std", "train_counts", "test_counts"}
_UNREADABLE = (
    OSError,
    SafetensorError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
)
"""What reading a file with any bytes in it raises."""


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set without reading its images.

    Attributes:
        shape: channels, height, width.
        mean, std: of each channel of the training images, pixels in [0, 1].
        train_counts, test_counts: images of each class.
        origin: where the images came from.
        imported_at: ISO 8601, UTC.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    shape: Shape
    mean: tuple[float, ...]
    std: tuple[float, ...]
    train_counts: tuple[int, ...]
    test_counts: tuple[int, ...]
    origin: str
    imported_at: str

    @property
    def train_images(self) -> int:
        """Number of training images."""
        return sum(self.train_counts)

    @property
    def test_images(self) -> int:
        """Number of test images."""
        return sum(self.test_counts)


@dataclass(frozen=True)
class Dataset:
    """A data set in memory: uint8 images (N, C, H, W), int64 labels (N,)."""

    info: DatasetInfo
    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels


def dataset_path(home: Home, name: str) -> Path:
    """The file of a data set."""
    return home.datasets / f"{name}.safetensors"


def write(home: Home, dataset: Dataset) -> Path:
    """Stores a data set; the file before, if any, stays until the new one is whole.

    Raises:
        StorageError: the disk is full or the home cannot be written; nothing is left behind.
    """
    folder = make_folder(home.datasets)
    path = dataset_path(home, dataset.info.name)
    partial = folder / f".{dataset.info.name}.{os.getpid()}.partial"
    header = json.dumps({"format": FORMAT, **asdict(dataset.info)})
    arrays = {name: np.ascontiguousarray(getattr(dataset, name)) for name in _arrays()}
    try:
        save_file(arrays, partial, metadata={_HEADER: header})
        partial.chmod(0o600)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise _storage_error(path, error) from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return path


def _arrays() -> tuple[str, ...]:
    return ("train_images", "train_labels", "test_images", "test_labels")


def _storage_error(path: Path, error: Exception) -> StorageError:
    if disk_is_full(error) or "No space left" in str(error):
        return StorageError(
            f"The disk is full: the data set does not fit into {path.parent}.",
            "Free some space, or set CNNLAB_HOME to a folder on a larger disk.",
        )
    return StorageError(
        f"The data set cannot be written to {path.parent}: {error}.",
        "Check that the folder can be written.",
    )


def read_info(path: Path) -> DatasetInfo:
    """Reads the header of a data set's file.

    Raises:
        DataError: the file is damaged or was written by a newer cnnlab.
    """
    with _opened(path) as file:
        return _info(path, file)


def load(path: Path) -> Dataset:
    """Reads a data set whole.

    Raises:
        DataError: the file is damaged or was written by a newer cnnlab.
    """
    with _opened(path) as file:
        info = _info(path, file)
        dataset = Dataset(info, *(file.get_tensor(name) for name in _arrays()))
    _check(path, dataset)
    return dataset


def pick(path: Path, split: Split, indices: Sequence[int]) -> Images:
    """Reads some images of a data set and nothing else of its file: uint8 (N, C, H, W).

    Args:
        split: ``test``, or the others for the training images, which validation is cut from.
        indices: places among those.

    Raises:
        DataError: the file is damaged, was written by a newer cnnlab, or has no such images.
    """
    with _opened(path) as file:
        info = _info(path, file)
        stored = file.get_slice("test_images" if split == "test" else "train_images")
        found = [stored[index : index + 1] for index in indices]
        images: Images = np.concatenate([np.empty((0, *info.shape), np.uint8), *found])
        if images.shape != (len(indices), *info.shape):
            raise ValueError("the file does not have these images")
        return images


def read_labels(path: Path, split: Split) -> Labels:
    """Reads the class of each image of a split and nothing else of its file: int64 (N,).

    Raises:
        DataError: the file is damaged or was written by a newer cnnlab.
    """
    with _opened(path) as file:
        _info(path, file)
        labels: Labels = file.get_tensor("test_labels" if split == "test" else "train_labels")
        return labels


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="np") as file:
            yield file
    except PermissionError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.", "Check its owner.") from error
    except _UNREADABLE as error:
        raise damaged(path) from error


def damaged(path: Path) -> DataError:
    """The error for a file of ours that cannot be read."""
    name = path.stem
    return DataError(
        f"The file of the data set {name} is damaged: {path}.",
        f"Remove it with `cnnlab data remove {name}` and import or download it again.",
    )


def _info(path: Path, file: Any) -> DatasetInfo:
    header = json.loads((file.metadata() or {})[_HEADER])
    written = header.pop("format")
    if written > FORMAT:
        raise DataError(
            f"The data set {path.stem} was written by a newer cnnlab (format {written}).",
            "Update cnnlab, or import the data set again.",
        )
    lists = {key: tuple(value) for key, value in header.items() if isinstance(value, list)}
    info = DatasetInfo(**{**header, **lists})
    datetime.fromisoformat(info.imported_at)  # a ValueError where it is no time
    classes, channels = len(info.classes), info.shape[0]
    same = (len(info.train_counts), len(info.test_counts)) == (classes, classes)
    if set(lists) != _LISTS or not same or {len(info.mean), len(info.std)} != {channels}:
        raise ValueError("the header does not agree with itself")
    return info


def _check(path: Path, dataset: Dataset) -> None:
    """Refuses a file whose arrays do not match its header."""
    info = dataset.info
    for images, labels, counts in (
        (dataset.train_images, dataset.train_labels, info.train_counts),
        (dataset.test_images, dataset.test_labels, info.test_counts),
    ):
        whole = (
            images.dtype == np.dtype(np.uint8)
            and labels.dtype == np.dtype(np.int64)
            and images.shape == (sum(counts), *info.shape)
            and labels.shape == (sum(counts),)
            # Counted only between its bounds: a wild label would ask for a giant histogram.
            and 0 <= labels.min(initial=0) <= labels.max(initial=0) < len(counts)
            and np.bincount(labels, minlength=len(counts)).tolist() == list(counts)
        )
        if not whole:
            raise damaged(path)
