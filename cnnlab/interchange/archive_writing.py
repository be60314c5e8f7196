"""Writing an archive: runs as they are in the history, each as of one moment, with their files.

A run may be under way. Its checkpoints are opened in the moment in which its rows are read, since
the training removes those that it replaces; what is open stays readable. Nothing is held in
memory but a row and a piece of a file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path, PurePath

import cnnlab
from cnnlab.errors import ConfigError, ExchangeError
from cnnlab.history.connection import MIGRATIONS
from cnnlab.history.naming import left_out
from cnnlab.history.ownership import LIVE
from cnnlab.history.whole_runs import Value, WholeRunReader
from cnnlab.home import Home
from cnnlab.interchange import archive_format as form
from cnnlab.interchange.archive_format import ArchivedRun, Manifest, Member
from cnnlab.progress import Progress

_PIECE = 1 << 20
_TRIES = 5
_PAUSE = 0.05
"""Seconds until a run under way has written down which checkpoint takes the place of another."""


def write_archive(home: Home, run_ids: Sequence[str], path: Path, progress: Progress) -> list[str]:
    """Writes runs into a new file; returns what a user should know, a line each.

    They are written in the order in which they came into the history, whichever they are named in,
    so that those of one moment are in the same order where they are imported.

    A checkpoint that is missing or damaged is left out and told, and so are runs that were deleted
    meanwhile; all else is kept.

    Raises:
        ConfigError: there are so many runs that nothing could read the archive.
        HistoryError: the history cannot be read.
        OSError: the file cannot be written.
    """
    with (
        WholeRunReader(home) as reader,
        path.open("xb") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        expected = reader.checkpoint_bytes(run_ids)
        writer = _Writer(home, reader, archive, progress, expected)
        # Runs of one moment are told apart by the order in which they came.
        for number, run_id in enumerate(reader.in_order(run_ids)):
            progress("runs", number, len(run_ids))
            writer.add(run_id)
        writer.finish()
        progress("runs", len(run_ids), len(run_ids))
    return [*left_out(writer.gone), *writer.told]


class _Writer:
    """Adds runs to an open archive.

    Args:
        expected: bytes of all checkpoints, as far as they are known.

    Attributes:
        told: what a user should know of the runs that were added.
        gone: how many were not in the history any more.
    """

    def __init__(
        self,
        home: Home,
        reader: WholeRunReader,
        archive: zipfile.ZipFile,
        progress: Progress,
        expected: int,
    ) -> None:
        self.told: list[str] = []
        self.gone = 0
        self._home = home
        self._reader = reader
        self._archive = archive
        self._progress = progress
        self._made_at = datetime.now(UTC)
        self._runs: list[ArchivedRun] = []
        self._members: dict[str, Member] = {}
        self._done = 0
        self._expected = expected

    def add(self, run_id: str) -> None:
        """Adds a run, if it is still there.

        Raises:
            ExchangeError: its id is none that an archive takes.
            HistoryError, OSError: it cannot be read, or the archive cannot be written.
        """
        with contextlib.ExitStack() as opened:
            added = self._rows_and_files(run_id, opened)
            if added is None:
                self.gone += 1
                return
            files, rows = added
            sound = [row for row in rows if self._is_sound(run_id, row, files)]
            for name, file in files.items():
                self._add_file(run_id, name, file)
        if sound:
            lines = form.written(("checkpoints", row) for row in sound)
            self._add(run_id, form.CHECKPOINT_ROWS, lines)

    def _rows_and_files(
        self, run_id: str, opened: contextlib.ExitStack
    ) -> tuple[dict[str, BufferedReader], list[dict[str, Value]]] | None:
        """Adds the rows of a run; returns its files by their names, and rows of checkpoints.

        Nothing is added, nor returned, of a run that is no longer there.
        """
        left = _TRIES
        while True:
            left -= 1
            with self._reader.moment():
                if not self._reader.has(run_id):
                    return None
                status, checkpoints = self._reader.checkpoint_rows(run_id)
                files = _opened(self._home, run_id, opened)
                for row in checkpoints:
                    row["path"] = PurePath(str(row["path"])).name
                there = all(f"checkpoints/{row['path']}" in files for row in checkpoints)
                if there or status not in LIVE or not left:
                    self._add_rows(run_id, status)
                    return files, checkpoints
            opened.close()
            time.sleep(_PAUSE)

    def _add_rows(self, run_id: str, status: str) -> None:
        rows = self._reader.rows(run_id, without=("checkpoints",))
        table, run = next(rows)
        named = f"{run['name']} ({run_id})"
        if status in (*LIVE, "queued"):
            self.told.append(
                f"{named} is {status}: the archive holds it as it is now, and it will be"
                " an interrupted run where it is imported."
            )
        self._runs.append(ArchivedRun(id=run_id, name=str(run["name"])))

        def all_rows() -> Iterator[tuple[str, dict[str, Value]]]:
            yield table, run
            yield from rows

        self._add(run_id, form.ROWS, form.written(all_rows()))

    def _is_sound(
        self, run_id: str, row: dict[str, Value], files: dict[str, BufferedReader]
    ) -> bool:
        """Whether a checkpoint is what the history says; else it is told and left out."""
        name = f"checkpoints/{row['path']}"
        file, fault = files.get(name), "is missing"
        if file is not None:
            try:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                file.seek(0)
                if digest == row["sha256"]:
                    return True
                fault = "is damaged (its checksum differs from the history's)"
            except OSError as error:
                fault = f"cannot be read ({error.strerror})"
            del files[name]
        self.told.append(
            f"The {row['kind']} checkpoint {row['path']} of {self._runs[-1].name} ({run_id})"
            f" {fault}: it is not in the archive."
        )
        return False

    def _add_file(self, run_id: str, name: str, file: BufferedReader) -> None:
        """Adds a file as it is."""

        def pieces() -> Iterator[bytes]:
            while piece := file.read(_PIECE):
                yield piece
                self._done += len(piece)
                if total := self._expected >> 20:
                    self._progress("checkpoints (MB)", min(self._done >> 20, total), total)

        self._add(run_id, name, pieces(), packed=name == form.LOG)

    def _add(self, run_id: str, file: str, pieces: Iterable[bytes], *, packed: bool = True) -> None:
        """Adds a member, and takes down its size and checksum."""
        name = form.member_name(run_id, file)
        if not form.MEMBER.fullmatch(name):
            raise ExchangeError(f"An archive cannot hold a run with the id {run_id!a}.")
        digest, size = hashlib.sha256(), 0
        with self._archive.open(self._info(name, packed=packed), "w", force_zip64=True) as member:
            for piece in pieces:
                member.write(piece)
                digest.update(piece)
                size += len(piece)
        self._members[name] = Member(bytes=size, sha256=digest.hexdigest())

    def _info(self, name: str, *, packed: bool) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self._made_at.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        return info

    def finish(self) -> None:
        """Adds the manifest.

        Raises:
            ConfigError: it would be too large to be read.
        """
        manifest = Manifest(
            format="cnnlab archive",
            version=form.VERSION,
            history=MIGRATIONS[-1],
            cnnlab=cnnlab.__version__,
            made_at=self._made_at.isoformat(timespec="seconds"),
            runs=self._runs,
            members=self._members,
        )
        content = manifest.model_dump_json(indent=1).encode()
        if len(content) > form.LARGEST_MANIFEST:
            raise ConfigError(
                f"One archive does not take {len(self._runs):,} runs.", "Write several."
            )
        self._archive.writestr(self._info(form.MANIFEST, packed=True), content)


def _opened(home: Home, run_id: str, stack: contextlib.ExitStack) -> dict[str, BufferedReader]:
    """The log and all checkpoints in the folder of a run, open, by their names below it.

    A checkpoint that a run needs to go on, the best one as of its last one, may be in no row.
    """
    folder = home.run_folder(run_id)
    found: dict[str, BufferedReader] = {}
    for path in (folder / form.LOG, *sorted(home.checkpoints(run_id).glob("*.pt"))):
        name = path.relative_to(folder).as_posix()
        if form.MEMBER.fullmatch(form.member_name(run_id, name)):
            with contextlib.suppress(OSError):
                file = open(path, "rb", opener=_open_at_once)  # noqa: SIM115 - the stack closes it
                found[name] = stack.enter_context(file)
    return found


def _open_at_once(path: str, flags: int) -> int:
    """Opens a file without waiting, should it be a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)
