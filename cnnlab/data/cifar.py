"""The python batches of CIFAR-10 and CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html).

They are pickles. A pickle can run code, so only the few names that arrays need are let in, and
for each a stand-in of our own: numpy's own would let a file make an array out of any address.
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
    pixels: Any = getattr(batch.get(b"data"), "values", None)
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
        isinstance(pixels, np.ndarray) and pixels.ndim == 2 and pixels.shape[1] == np.prod(_SHAPE)
    )


def _are_labels(labels: Any) -> bool:
    return isinstance(labels, list) and all(isinstance(label, int) for label in labels)


def _class_names(name: str, meta: dict[bytes, Any], count: int) -> tuple[str, ...]:
    names = meta.get(b"label_names", meta.get(b"fine_label_names"))
    if not isinstance(names, list) or len(names) < count:
        raise DataError(f"{name} does not name the {count} classes.", "Copy it again.")
    words = tuple(n.decode("utf-8", "replace") if isinstance(n, bytes) else n for n in names)
    if not all(isinstance(word, str) and word.isprintable() for word in words):
        raise DataError(f"{name} holds names of classes that are no text.", "Copy it again.")
    return words


class _Bytes:
    """Stands in for numpy's type: its name is all that is kept of it."""

    def __init__(self, name: str | bytes, *_: Any) -> None:
        self.name = name

    def __setstate__(self, _: Any) -> None:
        """Byte order and fields, which single bytes do not have."""


class _Array:
    """Stands in for a numpy array; `values` is an array of bytes, once its state is known."""

    values: np.ndarray | None = None

    def __init__(self, *_: Any) -> None:
        """Class, shape and type as numpy pickles them before the state says what they are."""

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, by_columns, content = state
        if not isinstance(kind, _Bytes) or kind.name not in ("u1", b"u1"):
            raise pickle.UnpicklingError("its arrays are not of bytes")
        self.values = np.frombuffer(content, np.uint8).reshape(
            shape, order="F" if by_columns else "C"
        )


def _encode(text: str, encoding: str | bytes) -> bytes:
    """Stands in for `codecs.encode`, with which python 3 writes bytes for python 2."""
    if encoding not in ("latin1", b"latin1"):
        raise pickle.UnpicklingError(f"it wants to encode as {encoding!r}")
    return text.encode("latin1")


_STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Bytes,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("_codecs", "encode"): _encode,
}


class _ArraysOnly(pickle.Unpickler):
    """Loads arrays of bytes and plain containers; refuses everything else by name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(f"it wants to load {module}.{name}")
        return _STAND_INS[module, name]


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
