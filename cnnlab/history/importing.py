"""Runs from elsewhere into the history: all of them with all that they have, or none.

What is brought is checked as nothing that cnnlab wrote itself needs to be: tables and columns are
those of the schema, values of their types, and rows such as everything can read that reads the
history. An imported run never looks alive here, whatever it was where it came from.
"""

from __future__ import annotations

import glob
import itertools
import os
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cnnlab.errors import CnnlabError, ExchangeError
from cnnlab.history.connection import connect_for_writing, transaction, translated
from cnnlab.history.imported_rows import REMEDY, RowCheck, impossible, require_readable
from cnnlab.history.ownership import holding, is_held
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import new_run_id
from cnnlab.history.salvage import Shape
from cnnlab.history.staging import Staging
from cnnlab.history.whole_runs import Row, WholeRuns, content_digest
from cnnlab.home import RUN_ID, Home, failed_write, make_folder, sync_folder


@dataclass(frozen=True)
class ImportedRun:
    """A run as it is brought.

    Attributes:
        run: columns of the table `runs` with their values; those left out are null. Without an
            `id` it gets one that its content determines, by which the same curves of the same data
            set and model are known when they come again.
        rows: the rows of its other tables, which can be gone through more than once. They have no
            `run_id`; evaluations have an `id` of their own, by which the `evaluation_id` of rows
            of `class_metrics` and `confusion`, which come later, names them.
        source: the file or folder that it comes from, to be told.
        folder: what is to become its folder, with `checkpoints` in it, on the file system of the
            home; None for a run without files.
        remarks: what a user should know of how it was read, a line each.
        tags: those to be added to its own.
        beside: what a user should know of what was read with it, a line each, even where the run
            is here already.
    """

    run: Row
    rows: Iterable[tuple[str, Row]]
    source: Path
    folder: Path | None = None
    remarks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class OtherState:
    """What has the id of an imported run: the same training, as it was at another time.

    Attributes:
        epochs: how many it has.
        epochs_brought: how many the imported run has.
        is_trashed: whether it is in the trash.
    """

    epochs: int
    epochs_brought: int
    is_trashed: bool = False


@dataclass(frozen=True)
class WrittenRun:
    """What became of an imported run.

    Attributes:
        id: of the run in this history.
        name: what it is called here.
        is_new: whether it is new here; else it was here already, and stays as it is.
        is_copy: whether it is not new because another one of the same import is the same.
        is_trashed: whether it is in the trash.
        other_state: what has its own id, where that is the same training.
    """

    id: str
    name: str
    is_new: bool
    is_copy: bool = False
    is_trashed: bool = False
    other_state: OtherState | None = None


@contextmanager
def workshop(home: Home) -> Iterator[Path]:
    """A folder on the file system of the runs, for the time of an import.

    What imports of this host that were killed left behind goes too. That of another container may
    have the host's name and a process that cannot be seen from here; its lock can.

    Raises:
        StorageError: the home cannot be written.
    """
    import psutil

    # No name of a host has a tilde, so none of them begins as another one goes on.
    before = f".import-{socket.gethostname()}~"
    for left in make_folder(home.runs).glob(f"{glob.escape(before)}*"):
        process = left.name.removeprefix(before).partition("-")[0]
        lives = process.isdecimal() and psutil.pid_exists(int(process))
        if not lives and not is_held(home, left.name):
            shutil.rmtree(left, ignore_errors=True)
    try:
        place = tempfile.TemporaryDirectory(prefix=f"{before}{os.getpid()}-", dir=home.runs)
    except OSError as error:
        what = f"Nothing can be written into {home.runs}"
        raise failed_write(what, error, "Check that the folder can be written.") from error
    with place as folder, holding(home, Path(folder).name):
        yield Path(folder)


class _Brought:
    """An imported run that was checked; its checksum takes long, and is seldom asked for."""

    def __init__(self, number: int, run: ImportedRun) -> None:
        self.number = number
        self.run = run

    @cached_property
    def digest(self) -> str:
        return content_digest(itertools.chain([("runs", self.run.run)], self.run.rows))

    def ids(self) -> Iterator[str]:
        """The ids that it may have, in their order; the last ones are drawn."""
        own = self.run.run.get("id")
        if own is not None:
            yield str(own)
        yield self.digest[:8]
        while True:
            yield new_run_id()


def write_runs(home: Home, runs: Sequence[ImportedRun]) -> list[WrittenRun]:
    """Writes runs into the history and moves their folders into the home, all or none.

    A run keeps its id where that is free. Where another run has it, it gets another one; where
    the same run has it, nothing is written.

    Raises:
        ExchangeError: a row is none that the history could hold; nothing is written.
        HistoryError, StorageError: the home cannot be written; nothing is.
    """
    with closing(connect_for_writing(home)) as db:
        # All that takes long is done before others have to wait for this one.
        with translated(home.history):
            whole = WholeRuns(db.conn)
            staging = _staged(db.conn, whole.tables, runs)
            here = _RunsHere(home, db.conn, whole, staging)
            brought = list(itertools.starmap(_Brought, enumerate(runs)))
            here.look_at(brought)
        moved: list[Path] = []
        try:
            with transaction(db, home.history):
                written = [here.placed(one) for one in brought]
                new = {number: one.id for number, one in enumerate(written) if one.is_new}
                _write(home, staging, runs, new)
                for number, run_id in new.items():
                    _move(home, runs[number].folder, run_id, moved)
                if moved:
                    sync_folder(home.runs)
        except BaseException as error:
            _remove_unless_written(home, moved)
            if isinstance(error, OSError):
                what = f"The runs cannot be moved into {home.runs}"
                remedy = "Check that the folder can be written."
                raise failed_write(what, error, remedy) from error
            raise
    return written


def _staged(
    connection: sqlite3.Connection, tables: Mapping[str, Shape], runs: Sequence[ImportedRun]
) -> Staging:
    """The runs, checked and waiting to be written.

    Raises:
        ExchangeError: a row is none that the history could hold.
    """
    staging, check = Staging(connection, tables), RowCheck(tables)
    for number, run in enumerate(runs):
        run_id = run.run.get("id")
        if run_id is not None and not (isinstance(run_id, str) and RUN_ID.fullmatch(run_id)):
            raise ExchangeError(f"{run.source} holds a run with the impossible id {run_id!a}.")
        check.run(run.run, run.source)
        try:
            staging.add(number, run.run, check.each(run.rows, run.source), run.tags)
        except UnicodeEncodeError as error:
            raise impossible(run.source, f"the text {error.object[:40]!a}") from error
    require_readable(connection, [run.source for run in runs])
    return staging


@dataclass(frozen=True)
class _State:
    """A run of the history, as far as one is told of it that is not imported again."""

    name: str
    is_trashed: bool


class _RunsHere:
    """What is in the history already, and what is about to be, as far as it may be one run."""

    def __init__(
        self, home: Home, connection: sqlite3.Connection, runs: WholeRuns, staging: Staging
    ) -> None:
        self._home = home
        self._connection = connection
        self._runs = runs
        self._staging = staging
        self._digests: dict[str, str] = {}
        self._coming: dict[str, _Brought] = {}

    def look_at(self, brought: Iterable[_Brought]) -> None:
        """Takes the checksums of the runs that have the ids of imported ones."""
        for one in brought:
            for run_id in itertools.islice(one.ids(), 2 if "id" in one.run.run else 1):
                if self._state(run_id) is None:
                    break
                self._is_same(run_id, one)

    def placed(self, brought: _Brought) -> WrittenRun:
        """Where a run is, or shall be."""
        for run_id in brought.ids():
            coming, state = self._coming.get(run_id), self._state(run_id)
            if coming is not None and coming.digest == brought.digest:
                name = str(coming.run.run["name"])
                return WrittenRun(run_id, name, is_new=False, is_copy=True)
            if state is not None and self._is_same(run_id, brought):
                return WrittenRun(run_id, state.name, is_new=False, is_trashed=state.is_trashed)
            if not (coming or state or self._home.run_folder(run_id).exists()):
                self._coming[run_id] = brought
                name, other = str(brought.run.run["name"]), self._other_state(run_id, brought)
                return WrittenRun(run_id, name, is_new=True, other_state=other)
        raise AssertionError("ids are drawn without end")

    def _other_state(self, run_id: str, brought: _Brought) -> OtherState | None:
        """What has the id of a run that gets another one, if it is the same training."""
        run = brought.run.run
        own = run.get("id")
        if own in (None, run_id):
            return None
        epochs = self._staging.epochs(brought.number)
        coming = self._coming.get(str(own))
        if coming is not None:
            is_same = coming.run.run["created_at"] == run["created_at"]
            return OtherState(self._staging.epochs(coming.number), epochs) if is_same else None
        query = (
            "select (select count(*) from epochs where run_id = runs.id), trashed_at is not null"
            " from runs where id = ? and created_at = ?"
        )
        found = self._connection.execute(query, (own, run["created_at"])).fetchone()
        return OtherState(found[0], epochs, is_trashed=bool(found[1])) if found else None

    def _state(self, run_id: str) -> _State | None:
        query = "select name, trashed_at is not null from runs where id = ?"
        found = self._connection.execute(query, (run_id,)).fetchone()
        return None if found is None else _State(str(found[0]), is_trashed=bool(found[1]))

    def _is_same(self, run_id: str, brought: _Brought) -> bool:
        """Whether a run of the history is one that is brought."""
        if run_id not in self._digests:
            self._digests[run_id] = content_digest(self._runs.rows(run_id))
        return self._digests[run_id] == brought.digest


def _write(
    home: Home, staging: Staging, runs: Sequence[ImportedRun], ids: Mapping[int, str]
) -> None:
    """Writes staged runs with the ids that they get, by their places.

    Raises:
        ExchangeError: a row breaks a rule of its table.
    """
    try:
        staging.write(home, ids)
    except sqlite3.IntegrityError as error:
        sources = ", ".join(dict.fromkeys(str(run.source) for run in runs))
        raise ExchangeError(
            f"The history cannot take what is in {sources} ({error}).", REMEDY
        ) from error


def _remove_unless_written(home: Home, moved: Sequence[Path]) -> None:
    """Removes folders of runs that are not in the history: Ctrl-C may come when they are already.

    Where the history cannot tell, they stay.
    """
    if not moved:
        return
    with suppress(CnnlabError), Reader(home) as reader:
        written = {run.id for run in reader.runs_among([folder.name for folder in moved])}
        for folder in moved:
            if folder.name not in written:
                shutil.rmtree(folder, ignore_errors=True)


def _move(home: Home, folder: Path | None, run_id: str, moved: list[Path]) -> None:
    """Moves what was laid ready to where the run has its files."""
    if folder is not None:
        place = make_folder(home.runs) / run_id
        moved.append(place)
        folder.rename(place)
