"""Checkpoints: a training state in one file that is there whole or not at all.

The file is a `torch.save` of plain values and tensors, so `torch.load(path, weights_only=True)`
reads it anywhere; the model's state dict is under ``model``.
"""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from cnnlab.errors import CheckpointError, StorageError
from cnnlab.events import CheckpointKind, CheckpointSaved

FORMAT = 1
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class SavedFile:
    """Size and checksum of a file on disk."""

    bytes: int
    sha256: str


def checkpoint_path(folder: Path, kind: CheckpointKind, epoch: int, step: int) -> Path:
    """The file of a checkpoint: each has a name of its own, so none is written over."""
    return folder / f"{kind}-epoch{epoch:04d}-step{step:07d}.pt"


def save_checkpoint(path: Path, state: dict[str, Any]) -> SavedFile:
    """Writes a checkpoint: beside its place, synced, then renamed, so a crash leaves no half.

    Raises:
        StorageError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    partial = path.with_suffix(".partial")
    try:
        with partial.open("w+b") as file:
            torch.save({"format": FORMAT, **state}, file)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        partial.replace(path)
        _sync_folder(path.parent)
    except (OSError, RuntimeError) as error:
        with suppress(OSError):
            partial.unlink()
        raise _storage_error(path, error) from error
    return SavedFile(size, digest)


class CheckpointFiles:
    """The checkpoints of one run: the newest of each kind, and those that they replace.

    Attributes:
        folder: where they lie; must exist when the first one is saved.
        newest: the newest file of each kind.
        last_step: step of the newest `last` checkpoint.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.newest: dict[CheckpointKind, Path] = {}
        self.last_step: int | None = None
        self._superseded: list[Path] = []

    def save(
        self,
        kind: CheckpointKind,
        *,
        epoch: int,
        step: int,
        value: float | None,
        state: Callable[[], dict[str, Any]],
    ) -> Iterator[CheckpointSaved]:
        """Writes a checkpoint; those before go once whoever listens knows of the new one.

        A best checkpoint that was beaten stays until the next `last` one: the `last` on disk
        must not name a file that is gone.

        Args:
            value: the monitored metric.
            state: gives the state, once the file is known to be the newest of its kind.

        Raises:
            StorageError: see `save_checkpoint`.
        """
        path = checkpoint_path(self.folder, kind, epoch, step)
        before = self.newest.get(kind)
        self.newest[kind] = path
        saved = save_checkpoint(path, state())
        yield CheckpointSaved(kind, epoch, step, path, saved.bytes, saved.sha256, value)
        if before is not None and before != path:
            self._superseded.append(before)
        if kind == "last":
            self.last_step = step
            for old in self._superseded:
                old.unlink(missing_ok=True)
            self._superseded = []


def _storage_error(path: Path, error: OSError | RuntimeError) -> StorageError:
    """The error in words; torch reports a failed write as a RuntimeError on top of its cause."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__context__
    if isinstance(cause, OSError) and cause.errno in _FULL:
        return StorageError(
            f"The disk is full: the checkpoint {path.name} does not fit into {path.parent}.",
            "Free some space (`cnnlab runs delete --for-good RUN` removes a run with its files).",
        )
    reason = cause.strerror if isinstance(cause, OSError) else str(error).splitlines()[0]
    return StorageError(
        f"The checkpoint {path.name} cannot be written to {path.parent}: {reason}.",
        "Check the free space and that the folder can be written.",
    )


def _sync_folder(folder: Path) -> None:
    """Makes a rename in the folder survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def load_checkpoint(path: Path, sha256: str | None = None) -> dict[str, Any]:
    """Reads a checkpoint onto the CPU.

    Args:
        sha256: the checksum that the history holds; checked before anything is read.

    Raises:
        CheckpointError: the file is missing, damaged, or no checkpoint of cnnlab.
    """
    try:
        with path.open("rb") as file:
            if sha256 and hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise CheckpointError(
                    f"The checkpoint {path} is damaged: its checksum differs from the history's.",
                    "Use the run's other checkpoint, or train again.",
                )
            file.seek(0)
            state = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint {path} cannot be read: {error.strerror}.",
            "Use the run's other checkpoint, or train again.",
        ) from error
    except (RuntimeError, KeyError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise _not_a_checkpoint(path) from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise _not_a_checkpoint(path)
    return state


def _not_a_checkpoint(path: Path) -> CheckpointError:
    return CheckpointError(f"{path} is not a checkpoint that this cnnlab can read.")
