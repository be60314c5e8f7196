"""Checkpoints: a training state in one file that is there whole or not at all.

The file is a `torch.save` of plain values and tensors, so `torch.load(path, weights_only=True)`
reads it anywhere; the model's state dict is under ``model``.
"""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from cnnlab.errors import CheckpointError, DiskFullError, StorageError
from cnnlab.events import CheckpointKind, CheckpointSaved
from cnnlab.home import disk_is_full, open_private, sync_folder
from cnnlab.models.packing import holds_more_than_its_size

FORMAT = 1
_REFUSED = re.compile(r"\bGLOBAL ([\w.<>-]+) (?:was not an allowed|whose module)")
"""How torch names what it refuses to load."""


@dataclass(frozen=True)
class SavedFile:
    """Size and checksum of a file on disk."""

    bytes: int
    sha256: str


def checkpoint_path(folder: Path, kind: CheckpointKind, epoch: int, step: int) -> Path:
    """A file for a checkpoint that is not there yet: none is written over.

    There may be two of the same step: within an epoch, and when the epoch is over.
    """
    stem = f"{kind}-epoch{epoch:04d}-step{step:07d}"
    path, number = folder / f"{stem}.pt", 1
    # A folder that cannot be read cannot be written either, which tells why.
    with suppress(OSError):
        while path.exists():
            number += 1
            path = folder / f"{stem}-{number}.pt"
    return path


def save_checkpoint(path: Path, state: dict[str, Any]) -> SavedFile:
    """Writes a checkpoint: beside its place, synced, then renamed, so a crash leaves no half.

    Raises:
        DiskFullError: there is no room for it; nothing is left behind.
        StorageError: the folder cannot be written.
    """
    partial = path.with_suffix(".partial")
    try:
        with open(partial, "w+b", opener=open_private) as file:
            torch.save({"format": FORMAT, **state}, file)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        partial.replace(path)
        sync_folder(path.parent)
    except (OSError, RuntimeError) as error:
        with suppress(OSError):
            partial.unlink()
        raise _storage_error(path, error) from error
    return SavedFile(size, digest)


@dataclass(frozen=True)
class LastCheckpoint:
    """A `last` checkpoint on disk, and the best one as of then, which its state names."""

    path: Path
    best: Path | None


class CheckpointFiles:
    """The checkpoints of one run, and which of them are worth keeping.

    Attributes:
        folder: where they lie; must exist when the first one is saved.
        best: the best one.
        last: the newest `last` one.
        previous: the `last` one before that, to fall back on.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.best: Path | None = None
        self.last: LastCheckpoint | None = None
        self.previous: LastCheckpoint | None = None

    def save(
        self,
        kind: CheckpointKind,
        *,
        epoch: int,
        step: int,
        value: float | None,
        state: dict[str, Any],
    ) -> Iterator[CheckpointSaved]:
        """Writes a checkpoint; those it replaces go once whoever listens knows of the new one.

        The best checkpoints that the last one and the one before it name stay as long as these.

        Args:
            value: the monitored metric.
            state: without the name of the best checkpoint, which is added.

        Raises:
            StorageError: see `save_checkpoint`; the others are as before.
        """
        path = checkpoint_path(self.folder, kind, epoch, step)
        best = path if kind == "best" else self.best
        saved = save_checkpoint(path, {**state, "best_checkpoint": best.name if best else None})
        yield CheckpointSaved(kind, epoch, step, path, saved.bytes, saved.sha256, value)
        held = self.kept()
        self.best = best
        if kind == "last":
            self.last, self.previous = LastCheckpoint(path, best), self.last
        self._remove(held - self.kept())

    def drop_previous(self) -> None:
        """Removes what is there to go on from alone; for the end of a run."""
        held = self.kept()
        self.previous = None
        self._remove(held - self.kept())

    def kept(self) -> set[Path]:
        """The files that are still needed."""
        paths = {self.best}
        for one in (self.last, self.previous):
            paths |= {one.path, one.best} if one is not None else set()
        return {path for path in paths if path is not None}

    def _remove(self, paths: set[Path]) -> None:
        """Removes files; one that cannot be removed only takes room."""
        for path in paths:
            with suppress(OSError):
                path.unlink()


def _storage_error(path: Path, error: OSError | RuntimeError) -> StorageError:
    """The error in words; torch reports a failed write as a RuntimeError on top of its cause."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__context__
    if cause is not None and disk_is_full(cause):
        return DiskFullError(
            f"The disk is full: the checkpoint {path.name} does not fit into {path.parent}.",
            "Free some space: `cnnlab runs prune` frees checkpoints by rule.",
        )
    reason = cause.strerror if isinstance(cause, OSError) else str(error).splitlines()[0]
    return StorageError(
        f"The checkpoint {path.name} cannot be written to {path.parent}: {reason}.",
        "Check the free space and that the folder can be written.",
    )


def load_checkpoint(path: Path, sha256: str | None = None) -> dict[str, Any]:
    """Reads a checkpoint onto the CPU.

    Args:
        sha256: the checksum that the history holds; checked before anything is read.

    Raises:
        CheckpointError: the file is missing, damaged, or no checkpoint of cnnlab; or it holds
            objects of Python, which could run code when they are read.
    """
    warnings.filterwarnings("ignore", message="Detected pickle protocol", module="torch")
    try:
        with path.open("rb") as file:
            if sha256 and hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise CheckpointError(
                    f"The checkpoint {path} is damaged: its checksum differs from the history's.",
                    "Use the run's other checkpoint, or train again.",
                )
            if holds_more_than_its_size(file):
                raise _not_a_checkpoint(path)
            state = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint {path} cannot be read: {error.strerror}.",
            "Use the run's other checkpoint, or train again.",
        ) from error
    except CheckpointError:
        raise
    except Exception as error:  # what a damaged file makes of torch is anybody's guess
        raise _not_a_checkpoint(path, str(error)) from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise _not_a_checkpoint(path)
    return state


def best_named_by(state: Mapping[str, Any], folder: Path) -> Path | None:
    """The best checkpoint as of when a checkpoint was written; None before the first one."""
    name = state["best_checkpoint"]
    return folder / Path(name).name if name else None


def _not_a_checkpoint(path: Path, reason: str = "") -> CheckpointError:
    refused = _REFUSED.search(reason)
    if refused is not None:
        return CheckpointError(
            f"{path} holds the Python object {refused[1]}, which weights_only does not load.",
            "A checkpoint of cnnlab holds nothing of the kind; do not trust the file.",
        )
    return CheckpointError(f"{path} is not a checkpoint that this cnnlab can read.")
