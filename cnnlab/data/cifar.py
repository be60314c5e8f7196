"""The python batches of CIFAR-10 and CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html).

They are pickles. A pickle can run code, so only the few names that arrays need are let in.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from cnnlab.data.raw import RawDataset, RawSplit
from cnnlab.data.sources import Source
from cnnlab.errors import DataError

_SHAPE = (3, 32, 32)
_MOST_CLASSES = 100
_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}
_CIFAR10 = tuple(f"data_batch_{number}" for number in range(1, 6))


def find_cifar_files(names: Sequence[str]) -> dict[str, list[str]]:
    """The batches among names: `train`, `test` and perhaps `meta`; empty if there are none."""
    by_name = {PurePosixPath(name).name: name for name in names}
    if any(name in by_name for name in (*_CIFAR10, "test_batch")):
        wanted = {"train": _CIFAR10, "test": ("test_batch",), "meta": ("batches.meta",)}
    elif {"train", "test", "meta"} <= set(by_name):
        wanted = {"train": ("train",), "test": ("test",), "meta": ("meta",)}
    else:
        return {}
    missing = [name for split in ("train", "test") for name in wanted[split] if name not in by_name]
    if missing:
        raise DataError(
            f"The CIFAR batch {missing[0]} is missing.",
            "Bring the whole folder cifar-10-batches-py or cifar-100-python.",
        )
    return {
        split: [by_name[name] for name in files if name in by_name]
        for split, files in wanted.items()
    }


def read_cifar(source: Source, files: dict[str, list[str]]) -> RawDataset:
    """Reads the batches.

    Raises:
        DataError: a batch is damaged, holds something else, or wants to load more than arrays.
    """
    wanted = [name for names in files.values() for name in names]
    batches = {name: _load(name, content) for name, content in source.read(wanted)}
    train, test = (_join([_batch(n, batches[n]) for n in files[s]]) for s in ("train", "test"))
    count = int(max(train.labels.max(), test.labels.max())) + 1
    classes = tuple(map(str, range(count)))
    for name in files["meta"]:
        classes = _class_names(name, batches[name], count)
    return RawDataset(classes, train, test)


def _join(parts: list[RawSplit]) -> RawSplit:
    return RawSplit(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def _batch(name: str, batch: dict[bytes, Any]) -> RawSplit:
    pixels: Any = batch.get(b"data")
    labels: Any = batch.get(b"labels", batch.get(b"fine_labels"))
    if not _is_flat(pixels) or not _are_labels(labels):
        raise DataError(f"{name} is not a CIFAR batch.", "Copy or download it again.")
    if len(pixels) != len(labels) or not labels:
        raise DataError(
            f"{name} holds {len(labels):,} labels for {len(pixels):,} images.",
            "Copy or download it again.",
        )
    if not 0 <= min(labels) <= max(labels) < _MOST_CLASSES:
        raise DataError(
            f"{name} holds labels outside of 0 to {_MOST_CLASSES - 1}.",
            "Copy or download it again.",
        )
    return RawSplit(pixels.reshape(-1, *_SHAPE), np.array(labels, dtype=np.int64))


def _is_flat(pixels: Any) -> bool:
    """Whether this is an array of images, one a row."""
    return (
        isinstance(pixels, np.ndarray)
        and pixels.dtype == np.uint8
        and pixels.ndim == 2
        and pixels.shape[1] == np.prod(_SHAPE)
    )


def _are_labels(labels: Any) -> bool:
    return isinstance(labels, list) and all(isinstance(label, int) for label in labels)


def _class_names(name: str, meta: dict[bytes, Any], count: int) -> tuple[str, ...]:
    names = meta.get(b"label_names", meta.get(b"fine_label_names"))
    if not isinstance(names, list) or len(names) < count:
        raise DataError(f"{name} does not name the {count} classes.", "Copy it again.")
    return tuple(n.decode("utf-8", "replace") if isinstance(n, bytes) else str(n) for n in names)


class _ArraysOnly(pickle.Unpickler):
    """Loads numpy arrays and plain containers; refuses everything else by name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it wants to load {module}.{name}")
        return super().find_class(module, name)


def _load(name: str, content: bytes) -> dict[bytes, Any]:
    try:
        batch = _ArraysOnly(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:
        # A damaged pickle can raise nearly anything; nothing of it is of use to the user.
        raise DataError(
            f"{name} is not a CIFAR batch that can be read: {error}.", "Copy it again."
        ) from error
    if not isinstance(batch, dict):
        raise DataError(f"{name} is not a CIFAR batch.", "Copy or download it again.")
    return batch
