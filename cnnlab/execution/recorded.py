"""A run that has its row in the history already, built to be trained: afresh, or to go on.

It goes on where the history holds a `last` checkpoint of it; where that is damaged, from the one
before. On the CPU it then ends with the same bits as one that was never stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.data.store import Dataset
from cnnlab.errors import CheckpointError
from cnnlab.execution.runner import RunThread
from cnnlab.history.queries import Reader
from cnnlab.history.records import CheckpointRecord, RunRecord
from cnnlab.history.resumption import (
    TRAIN_AGAIN,
    ResumePoint,
    checkpoint_file,
    resumable_checkpoints,
)
from cnnlab.home import Home, make_folder
from cnnlab.training.checkpoints import LastCheckpoint, best_named_by, load_checkpoint
from cnnlab.training.trainer import Trainer


def build_recorded(home: Home, run: RunRecord, dataset: Dataset) -> RunThread:
    """Builds a run from its row; the history is not touched before the thread runs.

    Raises:
        ConfigError: the config does not fit the images or this machine.
        DataError: pretrained weights cannot be loaded.
        CheckpointError: the last checkpoint and the one before it are absent or damaged, or the
            checkpoint is of another config.
        StorageError: the folder of the run cannot be written.
    """
    config = validate(RunConfig, run.config)
    folder = make_folder(home.checkpoints(run.id))
    held = resumable_checkpoints(home, run.id)
    if not held:
        return RunThread(home, run.id, run.name, Trainer(config, dataset, folder))
    last, state, warnings = _newest_whole(home, run.id, held)
    trainer = Trainer(config, dataset, folder, pretrained=False)
    trainer.load_state_dict(state)
    del state
    best = _best_checkpoint(home, run.id, trainer, warnings)
    trainer.files.last = LastCheckpoint(checkpoint_file(home, run.id, last), trainer.files.best)
    before = [one for one in held if one.kind == "previous" and one is not last]
    previous = _take_previous(home, run.id, trainer, before)
    point = ResumePoint(
        last=replace(last, kind="last"),
        best=best,
        previous=previous,
        files=frozenset(path.name for path in trainer.files.kept()),
        epochs_done=trainer.progress.epoch,
        epochs_planned=config.training.epochs + trainer.progress.added_epochs,
        seconds=trainer.progress.seconds,
        warnings=tuple(warnings),
    )
    return RunThread(home, run.id, run.name, trainer, point)


def _newest_whole(
    home: Home, run_id: str, held: Sequence[CheckpointRecord]
) -> tuple[CheckpointRecord, dict[str, Any], list[str]]:
    """The first of some checkpoints that can be read, its state, and what is wrong with others.

    Raises:
        CheckpointError: none can be read.
    """
    faults: list[str] = []
    for one in held:
        path = checkpoint_file(home, run_id, one)
        try:
            state = load_checkpoint(path, one.sha256)
        except CheckpointError as error:
            faults.append(error.message)
            continue
        steps = held[0].step - one.step
        going_on = f"Going on from {path.name}, {steps} step{'' if steps == 1 else 's'} earlier."
        return one, state, [f"{fault} {going_on}" for fault in faults]
    raise CheckpointError(" ".join(faults), TRAIN_AGAIN)


def _take_previous(
    home: Home, run_id: str, trainer: Trainer, held: Sequence[CheckpointRecord]
) -> CheckpointRecord | None:
    """Lets the trainer keep the checkpoint before its last one, with the best that it names."""
    for one in held:
        path = checkpoint_file(home, run_id, one)
        with suppress(CheckpointError):
            best = best_named_by(load_checkpoint(path, one.sha256), path.parent)
            trainer.files.previous = LastCheckpoint(path, best)
            return one
    return None


def _best_checkpoint(
    home: Home, run_id: str, trainer: Trainer, warnings: list[str]
) -> CheckpointRecord | None:
    """The best checkpoint that the trainer goes on with, read whole once: its end needs it.

    One that cannot be read is forgotten, with a warning: the training itself does not need it.
    """
    path = trainer.files.best
    if path is None:
        return None
    try:
        return _read_best(home, run_id, trainer, path)
    except CheckpointError as error:
        warnings.append(
            f"{error.message} The best weights so far, those after step "
            f"{trainer.progress.best_step}, are lost; the best from now on count."
        )
        trainer.forget_best()
        return None


def _read_best(home: Home, run_id: str, trainer: Trainer, path: Path) -> CheckpointRecord:
    """The record of a best checkpoint; the history may hold only a later one.

    Raises:
        CheckpointError: it cannot be read.
    """
    with Reader(home) as reader:
        held = reader.checkpoints([run_id])[run_id]
    for one in held:
        if one.kind == "best" and Path(one.path).name == path.name:
            load_checkpoint(path, one.sha256)
            return one
    load_checkpoint(path)
    progress, about = trainer.progress, path.stat()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return CheckpointRecord(
        kind="best",
        epoch=-(-progress.best_step // trainer.steps_per_epoch),
        step=progress.best_step,
        path=str(path),
        bytes=about.st_size,
        sha256=digest,
        value=progress.best_value,
        saved_at=datetime.fromtimestamp(about.st_mtime, UTC).isoformat(timespec="milliseconds"),
    )
