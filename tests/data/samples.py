"""Small data sets on disk, in every layout that the importer takes."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Files = Mapping[str, bytes]


def idx(values: np.ndarray) -> bytes:
    """An idx file of unsigned bytes."""
    shape = np.array(values.shape, dtype=">u4").tobytes()
    return bytes([0, 0, 8, values.ndim]) + shape + values.astype(np.uint8).tobytes()


def random_pixels(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def idx_files(train: int = 20, test: int = 10, side: int = 6, zipped: bool = False) -> Files:
    """The four files of an MNIST-like set with five classes."""
    files = {
        "train-images-idx3-ubyte": idx(random_pixels(train, side, side)),
        "train-labels-idx1-ubyte": idx(np.arange(train) % 5),
        "t10k-images-idx3-ubyte": idx(random_pixels(test, side, side, seed=1)),
        "t10k-labels-idx1-ubyte": idx(np.arange(test) % 5),
    }
    if zipped:
        return {f"{name}.gz": gzip.compress(content) for name, content in files.items()}
    return files


def cifar_files(per_batch: int = 10) -> Files:
    """The files of a CIFAR-10-like set with ten images a batch."""

    def batch(seed: int) -> bytes:
        content: dict[bytes, Any] = {
            b"data": random_pixels(per_batch, 3072, seed=seed),
            b"labels": [label % 10 for label in range(per_batch)],
        }
        return pickle.dumps(content, protocol=2)

    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    files = {f"cifar-10-batches-py/{name}": batch(seed) for seed, name in enumerate(names)}
    meta = {b"label_names": [f"kind {label}".encode() for label in range(10)]}
    return {**files, "cifar-10-batches-py/batches.meta": pickle.dumps(meta, protocol=2)}


def png(height: int = 6, width: int = 6, *, grey: bool = False, seed: int = 0) -> bytes:
    """A random image."""
    shape = (height, width) if grey else (height, width, 3)
    return encoded(Image.fromarray(random_pixels(*shape, seed=seed)), "PNG")


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def class_folders(split: str = "", count: int = 4, **options: Any) -> dict[str, bytes]:
    """Images of two classes, in a split's folder or in none."""
    top = f"{split}/" if split else ""
    return {
        f"{top}{label}/{number}.png": png(seed=number, **options)
        for label in ("cat", "dog")
        for number in range(count)
    }


def write_folder(root: Path, files: Files) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def write_zip(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, files: Files, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path
