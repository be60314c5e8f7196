"""MNIST's own idx files, with or without gzip (http://yann.lecun.com/exdb/mnist)."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from cnnlab.data.memory import check_fits
from cnnlab.data.raw import RawDataset, RawSplit
from cnnlab.data.sources import Source
from cnnlab.errors import DataError

_NAME = re.compile(r"(train|t10k|test)-(images|labels)[-.]idx([13])-ubyte(\.gz)?$")
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 24
"""Bytes to read at once."""

Key = tuple[str, str]


def find_idx_files(names: Sequence[str]) -> dict[Key, str]:
    """The idx files among names, by split (train, test) and content (images, labels).

    Of a file that is there with and without gzip, the plain one is taken.

    Raises:
        DataError: there are files of more than one data set.
    """
    found: dict[Key, str] = {}
    for name in sorted(names, key=lambda name: not name.endswith(".gz")):
        match = _NAME.search(PurePosixPath(name).name)
        if match is None:
            continue
        key = "train" if match[1] == "train" else "test", match[2]
        earlier = found.get(key, name)
        if earlier.removesuffix(".gz") != name.removesuffix(".gz"):
            raise DataError(
                f"There is more than one data set in it: {earlier} and {name}.",
                "Give the folder of one of them.",
            )
        found[key] = name
    return found


def read_idx(source: Source, files: dict[Key, str]) -> RawDataset:
    """Reads a data set from its idx files.

    Raises:
        DataError: a file is missing, damaged, or its length is wrong.
    """
    for split in ("train", "test"):
        for content in ("images", "labels"):
            if (split, content) not in files:
                raise DataError(
                    f"The idx file with the {split} {content} is missing.",
                    "Bring all four: train-images, train-labels, t10k-images, t10k-labels.",
                )
    arrays = {name: _parse(name, content) for name, content in source.read(files.values())}
    splits = {split: _split(files, arrays, split) for split in ("train", "test")}
    count = int(max(splits["train"].labels.max(), splits["test"].labels.max())) + 1
    return RawDataset(tuple(map(str, range(count))), splits["train"], splits["test"])


def _split(files: dict[Key, str], arrays: dict[str, np.ndarray], split: str) -> RawSplit:
    images, labels = arrays[files[split, "images"]], arrays[files[split, "labels"]]
    if images.ndim != 3 or labels.ndim != 1:
        raise DataError(f"The idx files of the {split} part hold no images with labels.")
    if not images.size:
        raise DataError(f"{files[split, 'images']} holds no images.", "Copy or download it again.")
    if len(images) != len(labels):
        raise DataError(
            f"{files[split, 'labels']} holds {len(labels):,} labels for {len(images):,} images.",
            "The two files do not belong together; bring both from the same place.",
        )
    return RawSplit(images[:, None], labels.astype(np.int64))


def _parse(name: str, content: bytes) -> np.ndarray:
    """One idx file of unsigned bytes: magic number, dimensions, values (big-endian)."""
    # By content: browsers unpack what they download and keep its name.
    packed = content[:2] == _GZIP
    stream = gzip.GzipFile(fileobj=io.BytesIO(content)) if packed else io.BytesIO(content)
    try:
        magic = stream.read(4)
        if len(magic) < 4 or magic[:3] != b"\x00\x00\x08" or magic[3] not in (1, 3):
            raise DataError(f"{name} is not an idx file of bytes.", "Copy or download it again.")
        shape = np.frombuffer(_exactly(stream, name, 4 * magic[3]), dtype=">u4").astype(np.int64)
        total = int(np.prod(shape, dtype=object))
        check_fits(name, total, "Copy or download it again, if it should be smaller.")
        values = np.frombuffer(_exactly(stream, name, total), dtype=np.uint8)
        if stream.read(1):
            raise DataError(f"{name} is longer than its header says.", "Copy it again.")
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{name} is damaged or cut short ({error}).", "Copy or download it again."
        ) from error
    return values.reshape(tuple(shape))


def _exactly(stream: io.BufferedIOBase, name: str, count: int) -> bytearray:
    content = bytearray()
    # In parts: all at once would take the memory for what a header only claims.
    while part := stream.read(min(_CHUNK, count - len(content))):
        content += part
    if len(content) < count:
        raise DataError(
            f"{name} is cut short: {len(content):,} of {count:,} bytes.",
            "Copy or download it again.",
        )
    return content
