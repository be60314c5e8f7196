"""What `cnnlab runs import` takes: one registry of readers, told apart by what a file holds.

To take another kind of file is to add a module with its two functions and a line here.
"""

from __future__ import annotations

import importlib
import itertools
import stat
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cnnlab.errors import ConfigError, ExchangeError
from cnnlab.history.importing import ImportedRun, WrittenRun, workshop, write_runs
from cnnlab.history.naming import checked_name
from cnnlab.home import Home
from cnnlab.progress import Progress, silent


@dataclass(frozen=True)
class ImportOptions:
    """What a user says of the files.

    Attributes:
        name: of the run, where there is one.
        tags: added to each run.
        dataset, model: of curves, which do not tell it.
        columns: names of columns or tags of curves by the fields that they are.
    """

    name: str = ""
    tags: tuple[str, ...] = ()
    dataset: str = ""
    model: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadingJob:
    """A file or folder to be read.

    Attributes:
        place: an empty folder on the file system of the home, for what becomes of the run's
            files; it is gone when the import is over.
        taken: folders in it that another reader has made runs of.
    """

    path: Path
    options: ImportOptions
    place: Path
    progress: Progress = silent
    taken: Collection[Path] = ()


@dataclass(frozen=True)
class RunReader:
    """A kind of file with runs.

    Attributes:
        what: for a list of what can be imported.
        module: has `recognises(path) -> bool`, which looks at an existing file or folder and
            raises nothing, and `read(job) -> list[ImportedRun]`, which raises CnnlabErrors.
        takes_columns: whether it holds curves, so that columns, data set and model can be named.
    """

    name: str
    what: str
    module: str
    takes_columns: bool = True

    def recognises(self, path: Path) -> bool:
        """Whether a file or folder is of this kind, by what is in it."""
        return bool(importlib.import_module(self.module).recognises(path))

    def read(self, job: ReadingJob) -> list[ImportedRun]:
        """The runs in a file or folder, in its order; at least one.

        Raises:
            CnnlabError: it is damaged, or cannot be understood.
        """
        found: list[ImportedRun] = importlib.import_module(self.module).read(job)
        return found


READERS: tuple[RunReader, ...] = (
    RunReader(
        "archive",
        "an archive of cnnlab (.cnnlab.zip), or a folder with some",
        "cnnlab.interchange.archive_reading",
        takes_columns=False,
    ),
    RunReader(
        "tensorboard",
        "TensorBoard event files, or a folder with some",
        "cnnlab.interchange.tensorboard",
    ),
    RunReader(
        "csv",
        "a CSV file of curves, or a folder with some",
        "cnnlab.interchange.curve_csv",
    ),
)


def readers_of(path: Path) -> list[RunReader]:
    """The reader of a file; of a folder all those that know something in it, at least one.

    Raises:
        ConfigError: there is nothing.
        ExchangeError: it cannot be read, or none of them recognises it.
    """
    try:
        kind = path.stat().st_mode
        if stat.S_ISREG(kind):
            path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise ConfigError(f"There is nothing at {path}.", "Check the path.") from error
    except OSError as error:
        raise ExchangeError(
            f"{path} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    # Whoever opens a pipe waits for somebody who writes into it.
    if stat.S_ISDIR(kind) or stat.S_ISREG(kind):
        found = (one for one in READERS if one.recognises(path))
        readers = list(found if stat.S_ISDIR(kind) else itertools.islice(found, 1))
        if readers:
            return readers
    known = "; ".join(one.what for one in READERS)
    raise ExchangeError(f"{path} is nothing that can be imported.", f"Give one of: {known}.")


@dataclass(frozen=True)
class Arrival:
    """A run that was brought, and what became of it."""

    run: ImportedRun
    written: WrittenRun


def import_runs(
    home: Home, paths: Sequence[Path], options: ImportOptions, progress: Progress = silent
) -> list[Arrival]:
    """Reads files and folders, then writes their runs into the history, all or none.

    Raises:
        ConfigError: there is no such file, or the options do not fit what is in the files.
        ExchangeError: one of them is damaged, or nothing that can be imported.
        HistoryError, StorageError: the home cannot be written.
    """
    readers = [readers_of(path) for path in paths]
    _require_fitting(itertools.chain(*readers), options)
    with workshop(home) as folder:
        found: list[ImportedRun] = []
        for number, (path, fitting) in enumerate(zip(paths, readers, strict=True)):
            place = folder / str(number)
            place.mkdir()
            found += _read(fitting, ReadingJob(path, options, place, progress))
        if options.name:
            found = _named(found, options.name)
        found = [replace(one, tags=(*one.tags, *options.tags)) for one in found]
        progress("writing the history", 0, None)
        written = write_runs(home, found)
    return [Arrival(*pair) for pair in zip(found, written, strict=True)]


def _read(readers: Sequence[RunReader], job: ReadingJob) -> list[ImportedRun]:
    """The runs that readers find, one after another: what one of them has no use for is told.

    Raises:
        ConfigError: none of them finds a run.
        CnnlabError: something is damaged.
    """
    found: list[ImportedRun] = []
    useless: list[ConfigError] = []
    for reader in readers:
        taken = frozenset(one.source for one in found if one.source.is_dir())
        try:
            found += reader.read(replace(job, taken=taken))
        except ConfigError as error:
            useless.append(error)
    if not found:
        raise useless[0]
    told = tuple(str(error) for error in useless)
    return [replace(one, beside=(*one.beside, *told)) for one in found]


def _require_fitting(readers: Iterable[RunReader], options: ImportOptions) -> None:
    of_curves = bool(options.columns or options.dataset or options.model)
    if of_curves and not any(one.takes_columns for one in readers):
        raise ConfigError(
            "An archive tells its columns, data set and model by itself.",
            "--column, --dataset and --model are for curves.",
        )


def _named(runs: Sequence[ImportedRun], name: str) -> list[ImportedRun]:
    chosen = checked_name(name)
    if len(runs) != 1:
        raise ConfigError(
            f"There are {len(runs)} runs to import: they cannot all be called {chosen!r}.",
            "Leave --name out, or import one alone.",
        )
    return [replace(runs[0], run={**runs[0].run, "name": chosen})]
