"""Images in folders: ``train/<class>/*`` and ``test/<class>/*``, or ``<class>/*`` alone.

A folder ``val`` (or ``valid``, ``validation``) is the test part where there is no other, and
part of the training images where there is one: cnnlab cuts its own validation part from those.
"""

from __future__ import annotations

import math
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import TypeVar

import numpy as np
from PIL import Image

from cnnlab.data.image_decoding import (
    LARGEST_IMAGE,
    Broken,
    Decoded,
    Larger,
    Size,
    decode,
    with_channels,
)
from cnnlab.data.memory import check_fits
from cnnlab.data.raw import FEWEST_CLASSES, RawDataset, RawSplit
from cnnlab.data.sources import Source
from cnnlab.errors import DataError
from cnnlab.progress import Progress

_TRAIN = {"train", "training"}
_TEST = {"test", "testing"}
_VALIDATION = {"val", "valid", "validation"}
_SPLITS = _TRAIN | _TEST | _VALIDATION
_SIDE_FILES = {
    "", ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".xml", ".html", ".yml", ".yaml",
    ".py", ".pdf", ".ini", ".db", ".mat", ".npy", ".log",
}  # fmt: skip
_AHEAD_PER_CORE = 16
"""Images that may wait for a decoder or for their turn."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Place:
    """Where an image belongs."""

    split: str
    label: str


def is_hidden(name: str) -> bool:
    """Whether a file is hidden, or lies in a folder that is, or is a Mac's shadow of a file."""
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def is_side_file(name: str) -> bool:
    """Whether a file is nothing to import: hidden, or text beside the images."""
    return is_hidden(name) or PurePosixPath(name).suffix.lower() in _SIDE_FILES


def read_image_folders(
    source: Source, size: Size | None, channels: int | None, progress: Progress
) -> RawDataset:
    """Decodes all images of a source.

    Args:
        size: height and width that every image is scaled and cut to; None keeps them.
        channels: 1 or 3; None is 1 if every image is grey.

    Raises:
        DataError: an image cannot be decoded, sizes differ, or the folders do not fit.
    """
    files = [name for name in source.files if not is_side_file(name)]
    places = _places(files)
    classes = _classes(places.values(), _empty_folders(source, files))
    with warnings.catch_warnings():
        # Set here and not where it decodes: the filters are shared by all threads.
        warnings.simplefilter("ignore")  # what Pillow remarks about damaged files
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        images = _decode_all(source, places, size, channels, progress)
    labels = {name: classes.index(place.label) for name, place in places.items()}
    parts = {
        split: RawSplit(
            np.stack([images[name] for name in names]),
            np.array([labels[name] for name in names], dtype=np.int64),
        )
        for split in ("train", "test")
        if (names := [name for name in images if places[name].split == split])
    }
    return RawDataset(classes, parts["train"], parts.get("test"))


# Folders


def _common_folders(names: Sequence[str]) -> int:
    """How many leading folders all files share, above those that name splits or classes."""
    folders = [PurePosixPath(name).parts[:-1] for name in names]
    shared = 0
    for level in list(zip(*folders, strict=False))[:-1]:
        if len(set(level)) > 1 or level[0].lower() in _SPLITS:
            break
        shared += 1
    return shared


def _places(names: Sequence[str]) -> dict[str, Place]:
    """The split and class of each image, by its file."""
    if not names:
        raise DataError(
            "There are no images in it.",
            "Give idx files, CIFAR batches, or folders train/<class> and test/<class>.",
        )
    shared = _common_folders(names)
    below = {name: PurePosixPath(name).parts[shared:] for name in names}
    tops = {parts[0].lower() for parts in below.values() if len(parts) > 1}
    in_splits = bool(tops) and tops <= _SPLITS
    if tops & _TRAIN and tops & (_TEST | _VALIDATION) and not in_splits:
        raise DataError(
            f"The folder {sorted(tops - _SPLITS)[0]!r} beside train and test is neither.",
            "Take it away, or give a folder with train and test alone.",
        )
    depth = 2 if in_splits else 1
    places = {}
    for name, parts in below.items():
        if len(parts) <= depth:
            raise DataError(
                f"The image {name} lies in no class folder.",
                "Sort the images into train/<class> and test/<class>, or into <class> alone.",
            )
        split = _split_of(parts[0].lower(), tops) if in_splits else "train"
        places[name] = Place(split, parts[depth - 1])
    return places


def _split_of(top: str, tops: set[str]) -> str:
    if top in _TRAIN:
        return "train"
    if top in _TEST:
        return "test"
    return "train" if tops & _TEST else "test"


def _empty_folders(source: Source, files: Sequence[str]) -> list[str]:
    """Class folders without any image, as far as their depth tells them apart."""
    with_images = {str(parent) for name in files for parent in PurePosixPath(name).parents}
    depths = {len(PurePosixPath(name).parts) - 1 for name in files}
    return sorted(
        folder
        for folder in source.folders
        if folder not in with_images
        and len(PurePosixPath(folder).parts) in depths
        and not is_hidden(folder)
    )


def _classes(places: Iterable[Place], empty: Sequence[str]) -> tuple[str, ...]:
    """The class names in order: numbers by value, names by alphabet."""
    if empty:
        raise DataError(
            f"The class folder {empty[0]} holds no images.", "Fill it, or take it away."
        )
    labels: dict[str, set[str]] = {"train": set(), "test": set()}
    for place in places:
        labels[place.split].add(place.label)
    if not labels["train"]:
        raise DataError("There is no training part.", "Add a folder train/<class>.")
    if labels["test"] and labels["train"] != labels["test"]:
        only = sorted(labels["train"] ^ labels["test"])[0]
        there, missing = ("train", "test") if only in labels["train"] else ("test", "train")
        raise DataError(
            f"The class {only!r} is in {there} but not in {missing}.",
            "Both parts need the same class folders.",
        )
    names = labels["train"]
    if len(names) < FEWEST_CLASSES:
        raise DataError(
            f"There is only one class, {next(iter(names))!r}.",
            "A classifier needs two class folders or more.",
        )
    for name in names:
        if not name.isprintable():
            raise DataError(
                f"The class folder {name!r} has control characters in its name.", "Rename it."
            )
    numbered = all(name.isdecimal() for name in names)
    return tuple(sorted(names, key=(lambda name: (int(name), name)) if numbered else None))


# Pixels


def _decode_all(
    source: Source,
    places: dict[str, Place],
    size: Size | None,
    channels: int | None,
    progress: Progress,
) -> dict[str, np.ndarray]:
    """Every image as uint8 (C, H, W) of one shape, in a stable order."""
    decoded: dict[str, np.ndarray] = {}
    broken: list[Broken] = []
    guard = _SizeGuard(len(places))
    if size is not None:
        guard.check_memory((channels or 1, *size))
    for name, result in _decoded(source.read(places), size):
        progress("decoding images", len(decoded) + len(broken), len(places))
        if isinstance(result, Broken):
            broken.append(Broken(f"{name} ({result.reason})"))
            continue
        guard.check(name, result)
        if isinstance(result, Decoded):  # a larger one is refused by the guard
            decoded[name] = result.pixels
    progress("decoding images", len(places), len(places))
    if broken:
        more = f" and {len(broken) - 1:,} more" if len(broken) > 1 else ""
        raise DataError(
            f"{broken[0].reason}{more} cannot be decoded as an image.",
            "Mend or remove it, and import again.",
        )
    wanted = channels or max(pixels.shape[0] for pixels in decoded.values())
    return {name: with_channels(decoded.pop(name), wanted) for name in sorted(decoded)}


class _SizeGuard:
    """Refuses images of different sizes, and a set that would not fit into memory."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._first: tuple[str, tuple[int, ...]] | None = None

    def check_memory(self, shape: tuple[int, ...]) -> None:
        """Refuses what is too much: three copies are alive when the parts are cut and stored."""
        check_fits(
            f"Importing {self._count:,} images of {shape[1]}x{shape[2]}",
            3 * self._count * math.prod(shape),
            "Import them smaller, for example with --size 64.",
        )

    def check(self, name: str, image: Decoded | Larger) -> None:
        """Compares an image with the first one."""
        size = image.size if isinstance(image, Larger) else image.pixels.shape[1:]
        if self._first is None and isinstance(image, Decoded):
            self._first = name, size
            self.check_memory(image.pixels.shape)
        elif self._first is not None and size != self._first[1]:
            first, (height, width) = self._first
            raise DataError(
                f"The images differ in size: {first} is {height}x{width}, "
                f"{name} is {size[0]}x{size[1]} (height x width).",
                "Bring them to one size with --size, for example --size 64.",
            )


def _decoded(
    files: Iterator[tuple[str, bytes]], size: Size | None
) -> Iterator[tuple[str, Decoded | Broken | Larger]]:
    """Each file decoded, in order.

    Images that keep their size must all have that of the first one. It is decoded alone, and none
    that has more pixels after it: a core each, and some waiting, they could fill the memory.
    """
    most = LARGEST_IMAGE
    if size is None:
        for name, content in files:
            first = decode(content, size)
            yield name, first
            if isinstance(first, Decoded):
                most = first.pixels[0].size
                break
    yield from in_parallel(partial(decode, size=size, most=most), files)


def in_parallel(
    function: Callable[[Item], Result], items: Iterable[tuple[str, Item]]
) -> Iterator[tuple[str, Result]]:
    """Applies a function on all cores, in order, with a bounded number of items under way."""
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(max_workers=cores) as pool:
        waiting: deque[tuple[str, Future[Result]]] = deque()
        for name, content in items:
            waiting.append((name, pool.submit(function, content)))
            if len(waiting) >= _AHEAD_PER_CORE * cores:
                first, future = waiting.popleft()
                yield first, future.result()
        for name, future in waiting:
            yield name, future.result()
