"""Which CSV files in a folder, and in the folders below it, hold the curves of which run.

Programs put a log into a folder for each run, such as Lightning's `version_0/metrics.csv`, and
other tables beside it. So a file is taken for a log only if its first line names epochs or steps
and a curve over them; cnnlab's own tables `epochs` and `steps` in one folder are one log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cnnlab.amounts import listed
from cnnlab.interchange.csv_table import RUN, first_names
from cnnlab.interchange.curve_names import AXES, read_names
from cnnlab.interchange.folders import files_in

SUFFIXES = (".csv", ".tsv")
TABLES = ("epochs.csv", "steps.csv")
"""Of an export of cnnlab."""


@dataclass(frozen=True)
class Log:
    """The curves of a run, or of several in one file.

    Attributes:
        name: of the run.
        source: the file, or the folder of cnnlab's tables.
        columns: names of all columns of its files.
    """

    name: str
    source: Path
    files: tuple[Path, ...]
    columns: tuple[str, ...]


def csv_files(folder: Path) -> Iterator[Path]:
    """The CSV files somewhere in a folder, in the order of their names."""
    yield from sorted(one for one in files_in(folder) if one.suffix.lower() in SUFFIXES)


def logs_in(
    root: Path, by_hand: Mapping[str, str], taken: Collection[Path]
) -> tuple[list[Log], list[str]]:
    """The logs somewhere in a folder, and what a user should know of what is left out.

    Args:
        by_hand: names of columns by the fields that a user gave them for.
        taken: folders that are runs already, by their event files.
    """
    folders: dict[Path, dict[Path, list[str]]] = defaultdict(dict)
    others, beside = [], []
    for file in csv_files(root):
        names = first_names(file) or []
        if file.parent in taken and _is_log(names, by_hand):
            beside.append(file)
        elif _is_log(names, by_hand):
            folders[file.parent][file] = names
        elif RUN not in names or not any((file.parent / one).is_file() for one in TABLES):
            others.append(file)
    logs: list[Log] = []
    for folder, files in folders.items():
        is_around = any(folder in other.parents for other in (*folders, *taken))
        logs += _logs(root, folder, files, is_around=is_around)
    left_out = (
        ("No known curve over epochs or steps, so not imported", others),
        ("Beside event files of the same run, so not imported", beside),
    )
    return logs, [f"{why}: {listed(list(map(str, files)))}." for why, files in left_out if files]


def _is_log(names: Collection[str], by_hand: Mapping[str, str]) -> bool:
    found = {meaning.quantity for meaning in read_names(names, by_hand).values()}
    return bool(found & {"epoch", "step"}) and not found <= {*AXES, "seconds"}


def _logs(
    root: Path, folder: Path, files: Mapping[Path, list[str]], *, is_around: bool
) -> Iterator[Log]:
    """The logs that lie in one folder; one that is alone is called as the folder is.

    Args:
        is_around: whether there are runs in folders below, so that its name is none of a run.
    """
    own = [file for file in files if file.name in TABLES]
    # Other tables of an export tell of the same runs.
    single = [file for file in files if file not in own and not (own and RUN in files[file])]
    called = folder.relative_to(root).as_posix() if folder != root else root.resolve().name
    if own:
        columns = tuple(name for file in own for name in files[file])
        yield Log(called, folder, tuple(own), columns)
    for file in single:
        alone = len(single) == 1 and not own and not is_around
        name = called if alone else file.relative_to(root).with_suffix("").as_posix()
        yield Log(name, file, (file,), tuple(files[file]))
