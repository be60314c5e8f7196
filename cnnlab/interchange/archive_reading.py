"""Reading an archive that somebody brought: nothing of it is believed before it is checked.

Members are written under names that are made here, into a folder for the time of the import. One
that points elsewhere, unpacks to far more than it takes, or is not what the manifest says, has the
whole archive refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from cnnlab.amounts import listed
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError, ExchangeError
from cnnlab.history.connection import MIGRATIONS
from cnnlab.history.imported_rows import impossible
from cnnlab.history.importing import ImportedRun
from cnnlab.history.whole_runs import Value
from cnnlab.home import failed_write, make_folder, open_private
from cnnlab.interchange import archive_format as form
from cnnlab.interchange.archive_format import ArchivedRun, Manifest
from cnnlab.interchange.archive_members import (
    AGAIN,
    NOTHING,
    damage_told,
    is_archive,
    is_zip,
    plain_members,
    zips_in,
)
from cnnlab.interchange.readers import ReadingJob

_MIGRATION = re.compile(r"m[0-9]{3}_[a-z_]+")
_MOST_SWOLLEN = 100
"""Times its own size that the rows of an archive may unpack to; they shrink to a tenth or so."""
_NEVER_TOO_MUCH = 64 << 20
"""Bytes that they may unpack to, however small it is."""
_PIECE = 1 << 20


def recognises(path: Path) -> bool:
    """Whether a file is a zip, or a folder has archives somewhere in it."""
    if path.is_dir():
        return any(map(is_archive, zips_in(path)))
    return is_zip(path)


def read(job: ReadingJob) -> list[ImportedRun]:
    """The runs of an archive, or of those in a folder in the order of their names.

    Their files are laid ready, and every checksum is compared.

    Raises:
        ExchangeError: one is damaged, of a newer cnnlab, no archive, or not what it seems.
        StorageError: there is no room for its files.
    """
    if not job.path.is_dir():
        return _runs(job)
    found: list[ImportedRun] = []
    others: list[str] = []
    for number, path in enumerate(zips_in(job.path)):
        if is_archive(path):
            found += _runs(replace(job, path=path, place=job.place / str(number)))
        else:
            others.append(str(path))
    if others:
        line = f"Zips that are no archives of cnnlab, so not imported: {listed(others)}."
        found = [replace(one, beside=(line,)) for one in found]
    return found


def _runs(job: ReadingJob) -> list[ImportedRun]:
    """The runs of one archive."""
    with damage_told(job.path):
        archive = zipfile.ZipFile(job.path)
    with archive:
        members = plain_members(job.path, archive)
        manifest = _manifest(job.path, archive, members)
        _require_agreement(job.path, members, manifest)
        _unpack(job, archive, members, manifest)
    return [_run(job, manifest, one) for one in manifest.runs]


def _manifest(
    path: Path, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]
) -> Manifest:
    """What the archive says of itself.

    Raises:
        ExchangeError: it is of a newer cnnlab, too large, or no manifest.
    """
    if members[form.MANIFEST].file_size > form.LARGEST_MANIFEST:
        raise ExchangeError(f"The archive {path} has a manifest that is too large.", NOTHING)
    with damage_told(path):
        content = archive.read(form.MANIFEST)
    try:
        stated = json.loads(content)
        if isinstance(stated, dict) and _is_newer(stated):
            raise ExchangeError(
                f"The archive {path} was made by a newer cnnlab ({stated.get('cnnlab')!a}).",
                "Update cnnlab; nothing was imported.",
            )
        return Manifest.model_validate(stated)
    except (ValueError, RecursionError) as error:
        where = ""
        if isinstance(error, ValidationError):
            where = ".".join(map(str, error.errors()[0]["loc"]))[:80]
            where = f" at {where!a}"
        raise ExchangeError(
            f"The manifest of the archive {path} makes no sense{where}.", NOTHING
        ) from error


def _is_newer(stated: dict[str, object]) -> bool:
    version, history = stated.get("version"), stated.get("history")
    if isinstance(version, int) and version > form.VERSION:
        return True
    named = isinstance(history, str) and _MIGRATION.fullmatch(history)
    return bool(named) and str(history) > MIGRATIONS[-1]


def _require_agreement(path: Path, members: dict[str, zipfile.ZipInfo], manifest: Manifest) -> None:
    """Checks that the archive holds what its manifest says, and takes the room that it says.

    Raises:
        ExchangeError: it does not.
    """
    if manifest.history not in MIGRATIONS or manifest.version != form.VERSION:
        raise ExchangeError(f"The archive {path} is of no cnnlab that was ever made.", NOTHING)
    odd = set(manifest.members) ^ (set(members) - {form.MANIFEST})
    odd |= {name for name in set(manifest.members) - odd
            if manifest.members[name].bytes != members[name].file_size}  # fmt: skip
    ids = {run.id for run in manifest.runs}
    wanted = {form.member_name(run.id, form.ROWS) for run in manifest.runs}
    odd |= wanted - set(members)
    odd |= {name for name in manifest.members
            if (named := form.MEMBER.fullmatch(name)) and named["run"] not in ids}  # fmt: skip
    if odd or not ids or len(ids) != len(manifest.runs):
        what = f"{min(odd)!a}" if odd else "its runs"
        raise ExchangeError(
            f"The archive {path} does not hold what its manifest says: {what} differs.",
            AGAIN,
        )
    with damage_told(path):
        size = path.stat().st_size
    # Members may share their bytes, so that each of them seems small.
    packed = sum(info.compress_size for info in members.values())
    rows = sum(info.file_size for name, info in members.items() if not name.endswith(".pt"))
    if packed > size or rows > max(_NEVER_TOO_MUCH, _MOST_SWOLLEN * size):
        raise ExchangeError(
            f"The archive {path} of {size / 1e6:,.1f} MB would unpack to far more than that.",
            NOTHING,
        )


# Its files


def _files_folder(job: ReadingJob, run_id: str) -> Path:
    """What becomes the folder of a run."""
    return job.place / "folders" / run_id


def _rows_folder(job: ReadingJob, run_id: str) -> Path:
    return job.place / "rows" / run_id


def _unpack(
    job: ReadingJob,
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    manifest: Manifest,
) -> None:
    total = sum(info.file_size for info in members.values())
    done = 0
    for name, expected in manifest.members.items():
        _, run_id, file = name.split("/", 2)
        kept = file == form.LOG or file.startswith("checkpoints/")
        place = _files_folder if kept else _rows_folder
        target = place(job, run_id) / file
        make_folder(target.parent)
        with damage_told(job.path):
            source = archive.open(members[name])
        with source:
            digest = _copy(_pieces(job.path, source), target, sync=kept)
        if digest != expected.sha256:
            raise ExchangeError(
                f"The archive {job.path} is damaged: the checksum of {name} differs.",
                AGAIN,
            )
        done += expected.bytes
        job.progress("checking the archive (MB)", done >> 20, total >> 20)


def _copy(pieces: Iterable[bytes], target: Path, *, sync: bool) -> str:
    """Writes a member to a file; returns its checksum.

    Raises:
        StorageError: the file cannot be written.
    """
    digest = hashlib.sha256()
    with _writing(target), open(target, "xb", opener=open_private) as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    return digest.hexdigest()


def _pieces(path: Path, source: IO[bytes]) -> Iterator[bytes]:
    """The content of a member.

    Raises:
        ExchangeError: it is damaged.
    """
    while True:
        with damage_told(path):
            piece = source.read(_PIECE)
        if not piece:
            return
        yield piece


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"What the archive holds cannot be written to {target.parent}"
        raise failed_write(what, error, "Check that the home can be written.") from error


# Its runs


@dataclass(frozen=True)
class _Rows:
    """The rows of unpacked files, but for that of the run itself; read anew each time."""

    source: Path
    folder: Path

    def __iter__(self) -> Iterator[tuple[str, dict[str, Value]]]:
        rows = self.of(form.ROWS)
        next(rows, None)
        yield from rows
        yield from self.of(form.CHECKPOINT_ROWS)

    def of(self, name: str) -> Iterator[tuple[str, dict[str, Value]]]:
        """The rows of one file; none where there is none.

        Raises:
            ExchangeError: it holds something else.
        """
        path = self.folder / name
        if not path.exists():
            return
        with path.open("rb") as file, _sensible(self.source):
            for table, row in form.read(file):
                if (table == "checkpoints") != (name == form.CHECKPOINT_ROWS):
                    raise ValueError(f"rows of {table!a} in {name}")
                yield table, row


@contextmanager
def _sensible(source: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, RecursionError) as error:
        raise impossible(source, str(error)[:100]) from error


def _run(job: ReadingJob, manifest: Manifest, listed: ArchivedRun) -> ImportedRun:
    """A run of the archive, whose checkpoints are those that its rows name."""
    rows, files = _Rows(job.path, _rows_folder(job, listed.id)), _files_folder(job, listed.id)
    table, run = next(rows.of(form.ROWS), ("", {}))
    if table != "runs" or run.get("id") != listed.id:
        raise impossible(job.path, f"rows of something else in the place of the run {listed.id}")
    _require_checkpoints(job.path, manifest, listed.id, rows)
    return ImportedRun(
        run={**run, "origin": run.get("origin") or "archive"},
        rows=rows,
        source=job.path,
        folder=files if files.is_dir() else None,
        remarks=tuple(_remarks(run.get("config"))),
    )


def _remarks(config: Value) -> Iterator[str]:
    """What a user should know of a config that another cnnlab wrote."""
    try:
        tables = json.loads(config) if isinstance(config, str) else {}
    except (ValueError, RecursionError):
        return  # It is refused with the other values that make no sense.
    try:
        if tables:
            validate(RunConfig, tables)
    except ConfigError as error:
        fault = error.message.partition("\n")[0]
        yield f"Its config is of another cnnlab, so that this one cannot train it again: {fault}"


def _require_checkpoints(path: Path, manifest: Manifest, run_id: str, rows: _Rows) -> None:
    """Checks that the files which a run's rows promise are those in the archive.

    Raises:
        ExchangeError: they are not.
    """
    for _, row in rows.of(form.CHECKPOINT_ROWS):
        name = str(row.get("path"))
        member = manifest.members.get(form.member_name(run_id, f"checkpoints/{name}"))
        if member is None or (row.get("bytes"), row.get("sha256")) != (member.bytes, member.sha256):
            raise impossible(path, f"a checkpoint {name[:80]!a} that is not there")
