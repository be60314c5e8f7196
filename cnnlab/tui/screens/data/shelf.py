"""Which data sets there are, with what is known of each; read on a thread of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cnnlab.data import library, store
from cnnlab.data.catalog import KNOWN, KnownDataset
from cnnlab.data.store import DatasetInfo
from cnnlab.errors import DataError
from cnnlab.home import Home

Place = Literal["here", "shipped", "absent", "damaged"]


@dataclass(frozen=True)
class Entry:
    """A data set of the list.

    Attributes:
        path: its file, there or not.
        bytes: size of the file; 0 where there is none.
        info: what the file says; None unless the place is `here`.
        known: its entry in the catalogue.
        fault: what is wrong with a damaged file.
    """

    name: str
    place: Place
    path: Path
    bytes: int = 0
    info: DatasetInfo | None = None
    known: KnownDataset | None = None
    fault: str = ""

    @property
    def stored(self) -> bool:
        """Whether there is a file, sound or not."""
        return self.place in ("here", "damaged")


def read_shelf(home: Home) -> list[Entry]:
    """All data sets that are here or known, in the order of the catalogue, then by name."""
    return [_entry(home, name) for name in library.names(home)]


def _entry(home: Home, name: str) -> Entry:
    known, path = KNOWN.get(name), store.dataset_path(home, name)
    try:
        size = path.stat().st_size
    except OSError:
        place: Place = "shipped" if known is not None and known.shipped else "absent"
        return Entry(name, place, path, known=known)
    try:
        return Entry(name, "here", path, size, store.read_info(path), known)
    except DataError as error:
        return Entry(name, "damaged", path, size, known=known, fault=str(error))
