"""Downloading through torchvision: its data set classes, their mirrors and checksums."""

from __future__ import annotations

import shutil

from cnnlab.data.catalog import KNOWN
from cnnlab.data.importing import import_dataset
from cnnlab.data.library import names, present
from cnnlab.data.store import DatasetInfo
from cnnlab.errors import ConfigError, DataError, unknown_name
from cnnlab.home import Home, make_folder
from cnnlab.progress import Progress, silent

_FILES = {
    "MNIST": "train-images-idx3-ubyte.gz and its three companions",
    "FashionMNIST": "train-images-idx3-ubyte.gz and its three companions",
    "CIFAR10": "cifar-10-python.tar.gz",
    "CIFAR100": "cifar-100-python.tar.gz",
}


def download_dataset(
    home: Home, name: str, *, replace: bool = False, progress: Progress = silent
) -> DatasetInfo:
    """Downloads a known data set and imports it; the downloaded files go again.

    torchvision draws its own progress bar on stderr.

    Raises:
        ConfigError: the name is unknown, or cannot be downloaded.
        DataError: there is no network, or what came is damaged.
    """
    known = KNOWN.get(name)
    if known is None:
        raise unknown_name("data set", name, names(home), "See `cnnlab data list`.")
    if not known.torchvision:
        raise ConfigError(f"{name} is shipped with cnnlab.", "There is nothing to download.")
    if not replace and name in present(home):
        raise ConfigError(f"There is a data set {name} already.", "Replace it with --replace.")
    folder = make_folder(home.downloads / name)
    try:
        _fetch(home, name, known.torchvision)
        return import_dataset(
            home, name, folder, replace=replace, origin="downloaded", progress=progress
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fetch(home: Home, name: str, kind: str) -> None:
    """Lets torchvision download and check the files."""
    from torchvision import datasets

    try:
        getattr(datasets, kind)(root=home.downloads / name, download=True)
    except (RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".:") if str(error) else type(error).__name__
        raise DataError(
            f"The data set {name} cannot be downloaded: {reason}.",
            f"Without a network, bring {_FILES[kind]} and use `cnnlab data import {name} PATH`.",
        ) from error
