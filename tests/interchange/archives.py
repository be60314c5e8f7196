"""Runs with files, the archives that they become, and archives that nobody should have made."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from history import samples
from history.samples import add_run, record

from cnnlab.events import CheckpointSaved
from cnnlab.export.archive import write_archive
from cnnlab.export.job import ExportJob
from cnnlab.home import Home
from cnnlab.interchange.readers import Arrival, ImportOptions, import_runs

MANIFEST = "manifest.json"
Member = tuple[zipfile.ZipInfo, bytes]


def write(home: Home, path: Path, *run_ids: str) -> list[str]:
    return write_archive(ExportJob(home, run_ids), path)


def bring(home: Home, path: Path, **options: Any) -> list[Arrival]:
    return import_runs(home, [path], ImportOptions(**options))


def add_whole_run(home: Home, run_id: str, **known: Any) -> None:
    """A run with checkpoints and a log on disk."""
    add_run(home, run_id, **known)
    life = [event for event in samples.life() if not isinstance(event, CheckpointSaved)]
    record(home, run_id, *life)
    folder = home.checkpoints(run_id)
    folder.mkdir(parents=True)
    for kind in ("best", "last"):
        content = f"{kind} of {run_id}".encode() * 1000
        path = folder / f"{kind}-epoch0002-step0000008.pt"
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        record(home, run_id, CheckpointSaved(kind, 2, 8, path, len(content), digest, 0.8))
    (home.run_folder(run_id) / "run.log").write_text(f"the log of {run_id}\n")


def members_of(path: Path) -> list[Member]:
    """The members of a zip, with what is in them."""
    with zipfile.ZipFile(path) as archive:
        return [(info, archive.read(info)) for info in archive.infolist()]


def pack(path: Path, members: Iterable[Member]) -> None:
    """Makes a zip, each member of it packed as it says."""
    with zipfile.ZipFile(path, "w") as archive:
        for info, data in members:
            archive.writestr(info, data)


def restated(
    members: Iterable[Member], change: Callable[[dict[str, Any]], object]
) -> Iterator[Member]:
    """Members with a manifest that says something else."""
    for info, data in members:
        if info.filename == MANIFEST:
            stated = json.loads(data)
            change(stated)
            yield info, json.dumps(stated).encode()
        else:
            yield info, data


def rewrite(path: Path, change: Callable[[str, bytes], bytes], more: Member | None = None) -> None:
    """Changes the members of an archive, adds one, and has the manifest say so."""
    members = [(info, change(info.filename, data)) for info, data in members_of(path)]
    members += [more] if more else []
    listed = {
        info.filename: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for info, data in members
        if info.filename != MANIFEST
    }
    pack(path, restated(members, lambda stated: stated.update(members=listed)))
