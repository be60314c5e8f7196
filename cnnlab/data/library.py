"""Which data sets there are: those on this machine, and those that could be.

A shipped set is unpacked through the importer the first time it is wanted.
"""

from __future__ import annotations

from cnnlab.data import store
from cnnlab.data.catalog import KNOWN, KnownDataset
from cnnlab.data.store import Dataset, DatasetInfo
from cnnlab.errors import DataError, StorageError, unknown_name
from cnnlab.home import Home, shipped
from cnnlab.progress import Progress, silent


def present(home: Home) -> list[str]:
    """Names of the data sets that are on this machine."""
    return sorted(path.stem for path in home.datasets.glob("[!.]*.safetensors"))


def names(home: Home) -> list[str]:
    """Names of the data sets that are here or known."""
    return list(dict.fromkeys([*KNOWN, *present(home)]))


def check_name(home: Home, name: str) -> None:
    """Refuses a data set that cannot be trained on, before anything is loaded.

    Raises:
        ConfigError: there is no data set of that name.
        DataError: it is known, but not on this machine.
    """
    if name in present(home):
        return
    known = KNOWN.get(name)
    if known is None:
        raise unknown_name("data set", name, names(home), "See `cnnlab data list`.")
    if not known.shipped:
        raise DataError(
            f"The data set {name} is not on this machine.",
            f"Get it with `cnnlab data download {name}`, or bring its files and use "
            f"`cnnlab data import {name} PATH`.",
        )


def info(home: Home, name: str, progress: Progress = silent) -> DatasetInfo:
    """What is known of a data set; a shipped one is unpacked first.

    Raises:
        ConfigError, DataError: see `check_name`.
    """
    _make_present(home, name, progress)
    return store.read_info(store.dataset_path(home, name))


def described(home: Home, name: str) -> KnownDataset | DatasetInfo:
    """Shape and classes of a data set; of one that is known by name, without its images.

    Raises:
        ConfigError: there is no data set of that name.
    """
    return KNOWN.get(name) or info(home, name)


def require(home: Home, name: str, progress: Progress = silent) -> Dataset:
    """The images of a data set; a shipped one is unpacked first.

    Raises:
        ConfigError, DataError: see `check_name`; or the file is damaged.
    """
    _make_present(home, name, progress)
    return store.load(store.dataset_path(home, name))


def _make_present(home: Home, name: str, progress: Progress) -> None:
    check_name(home, name)
    if name not in present(home):
        from cnnlab.data.importing import import_dataset

        archive = shipped("data") / KNOWN[name].shipped
        import_dataset(home, name, archive, origin="shipped with cnnlab", progress=progress)


def remove(home: Home, name: str) -> int:
    """Removes a data set from this machine; returns the bytes that are freed.

    Raises:
        ConfigError: there is no data set of that name.
        DataError: it is known, but not on this machine.
        StorageError: the file cannot be removed.
    """
    path = store.dataset_path(home, name)
    if name not in present(home):
        if name not in KNOWN:
            raise unknown_name("data set", name, names(home), "See `cnnlab data list`.")
        raise DataError(
            f"The data set {name} is not on this machine.", "There is nothing to remove."
        )
    freed = path.stat().st_size
    try:
        path.unlink()
    except OSError as error:
        raise StorageError(
            f"The data set {name} cannot be removed: {error.strerror}.",
            f"Check that {path.parent} can be written.",
        ) from error
    return freed
