"""Importing: files that somebody brought become a data set of cnnlab.

A folder or archive is looked through for idx files, CIFAR batches, or images in class folders;
what is found is decoded once and stored as one compact file. Nothing is stored unless all of it
is sound, and an earlier data set of the same name stays until the new one is whole.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from cnnlab.amounts import format_shape
from cnnlab.data import store
from cnnlab.data.catalog import KNOWN, KnownDataset
from cnnlab.data.cifar import find_cifar_files, read_cifar
from cnnlab.data.idx import find_idx_files, read_idx
from cnnlab.data.image_decoding import Size
from cnnlab.data.image_folders import is_hidden, read_image_folders
from cnnlab.data.raw import FEWEST_CLASSES, RawDataset, RawSplit, split_off_test
from cnnlab.data.sources import Source, open_source
from cnnlab.data.store import Dataset, DatasetInfo, Images
from cnnlab.errors import ConfigError, DataError
from cnnlab.home import Home, make_folder
from cnnlab.progress import Progress, silent

TEST_SHARE = 0.2
"""Share of the images that becomes the test part of a set without one."""

_COUNTED_AT_ONCE = 1 << 20
"""Pixels."""

_MEAN_TOLERANCE = 0.01
"""Sets of one shape and size differ by more; JPEG copies of a set by less."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def import_dataset(
    home: Home,
    name: str,
    path: Path,
    *,
    size: Size | None = None,
    test_share: float = TEST_SHARE,
    seed: int = 0,
    replace: bool = False,
    origin: str = "",
    progress: Progress = silent,
) -> DatasetInfo:
    """Imports a data set.

    Args:
        name: a known name (the images must then be that set's) or a new one.
        path: a folder, or a zip or tar archive.
        size: height and width for images of class folders; None keeps theirs.
        test_share: share of each class that is split off where there is no test part.
        seed: of that split.
        replace: whether an earlier data set of that name may be replaced.
        origin: where the images come from, to be told; empty names the folder or archive.

    Raises:
        ConfigError: the name, the size or the share cannot be used.
        DataError: the files are not a sound data set.
        StorageError: the home cannot be written.
    """
    _check_name(home, name, replace)
    if not 0 < test_share < 1:
        raise ConfigError(f"{test_share} is no share of the images.", "Give one between 0 and 1.")
    make_folder(home.datasets)  # a home that cannot be written is told before the long work
    source = open_source(path)
    raw = _read(source, size, KNOWN.get(name), progress)
    if raw.test is None:
        train, test = split_off_test(raw.train, len(raw.classes), test_share, seed)
    else:
        train, test = raw.train, raw.test
    progress("writing", 0, None)
    known = KNOWN.get(name)
    classes = _known_classes(known, raw, train, test) if known else raw.classes
    _check_labels(classes, train, test)
    mean, std = (known.mean, known.std) if known else moments(train.images)
    info = DatasetInfo(
        name=name,
        title=known.title if known else name,
        classes=classes,
        shape=train.images.shape[1:],
        mean=mean,
        std=std,
        train_counts=_counts(train, len(classes)),
        test_counts=_counts(test, len(classes)),
        origin=origin or f"imported from {path.absolute().name}",
        imported_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    store.write(home, Dataset(info, train.images, train.labels, test.images, test.labels))
    return info


def _check_name(home: Home, name: str, replace: bool) -> None:
    if not _NAME.fullmatch(name):
        plain = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:64]
        raise ConfigError(
            f"{name!r} cannot be the name of a data set.",
            "Use small letters, digits, dots, dashes and underscores"
            + (f", for example {plain!r}." if plain else "."),
        )
    if not replace and store.dataset_path(home, name).is_file():
        raise ConfigError(
            f"There is a data set {name} already.",
            f"Replace it with --replace, or remove it with `cnnlab data remove {name}`.",
        )


def _read(
    source: Source, size: Size | None, known: KnownDataset | None, progress: Progress
) -> RawDataset:
    """Reads whatever format is there."""
    names = [name for name in source.files if not is_hidden(name)]
    idx = find_idx_files(names)
    cifar = {} if idx else find_cifar_files(names)
    if size is not None and (idx or cifar):
        raise ConfigError(
            "A size is for images in class folders; idx files and CIFAR batches keep theirs.",
            "Leave it out.",
        )
    if idx:
        progress("reading idx files", 0, None)
        return read_idx(source, idx)
    if cifar:
        progress("reading CIFAR batches", 0, None)
        return read_cifar(source, cifar)
    return read_image_folders(source, size, known.shape[0] if known else None, progress)


def _check_labels(classes: tuple[str, ...], train: RawSplit, test: RawSplit) -> None:
    """Refuses a set that a classifier cannot be trained on."""
    if len(classes) < FEWEST_CLASSES:
        raise DataError("There is only one class.", "A classifier needs two or more.")
    if train.images.shape[1:] != test.images.shape[1:]:
        raise DataError("The images of train and test differ in size.", "Bring them to one size.")
    missing = set(range(len(classes))) - set(np.unique(train.labels).tolist())
    if missing:
        raise DataError(
            f"The class {classes[min(missing)]!r} has no training images.",
            "Add some, or bring the whole set.",
        )


def _known_classes(
    known: KnownDataset, raw: RawDataset, train: RawSplit, test: RawSplit
) -> tuple[str, ...]:
    """The class names of a known set, if these are its images.

    A part of a known set, or one with other classes, under its name would make its results look
    comparable with those of others.
    """
    own_name = "Import it under a name of its own."
    numbered = tuple(map(str, range(len(known.classes))))
    if raw.classes not in (known.classes, numbered):
        odd = sorted(set(raw.classes) ^ set(known.classes))[:1]
        raise DataError(
            f"These are not the {len(known.classes)} classes of {known.name}: "
            f"{odd[0] if odd else raw.classes[0]!r} differs.",
            own_name,
        )
    if train.images.shape[1:] != known.shape:
        there, wanted = map(format_shape, (train.images.shape[1:], known.shape))
        raise DataError(f"{known.name} has images of {wanted}, these are {there}.", own_name)
    for part, split, count in (
        ("training", train, known.train_images),
        ("test", test, known.test_images),
    ):
        if len(split.labels) != count:
            raise DataError(
                f"{known.name} has {count:,} {part} images, this has {len(split.labels):,}.",
                own_name,
            )
    measured, _ = moments(train.images)
    if np.abs(np.subtract(measured, known.mean)).max() > _MEAN_TOLERANCE:
        told = ", ".join(f"{value:.3f}" for value in measured)
        wanted = ", ".join(f"{value:.3f}" for value in known.mean)
        raise DataError(
            f"These are not the images of {known.name}: their mean is {told}, not {wanted}.",
            own_name,
        )
    return known.classes


def _counts(split: RawSplit, classes: int) -> tuple[int, ...]:
    return tuple(np.bincount(split.labels, minlength=classes).tolist())


def moments(images: Images) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel, exact, of pixels in [0, 1].

    From the histogram of the 256 values, counted a few images at a time because counting takes
    eight bytes a pixel. A channel without any variation gets a deviation of one, which leaves it
    at zero when normalised.
    """
    values = np.arange(256) / 255
    means, deviations = [], []
    step = max(1, _COUNTED_AT_ONCE // images[0, 0].size)
    for channel in range(images.shape[1]):
        counts = np.zeros(256, dtype=np.int64)
        for start in range(0, len(images), step):
            pixels = images[start : start + step, channel]
            counts += np.bincount(pixels.ravel(), minlength=256)
        weights = counts / counts.sum()
        mean = float(weights @ values)
        means.append(mean)
        deviations.append(float(np.sqrt(weights @ (values - mean) ** 2)) or 1.0)
    return tuple(means), tuple(deviations)
