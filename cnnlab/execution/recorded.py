"""A run that has its row in the history already, built to be trained: afresh, or to go on.

It goes on where the history holds a `last` checkpoint of it. On the CPU it then ends with the
same bits as one that was never stopped.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.data.store import Dataset
from cnnlab.execution.runner import RunThread
from cnnlab.history.queries import Reader
from cnnlab.history.records import CheckpointRecord, RunRecord
from cnnlab.history.resumption import ResumePoint, checkpoint_file, last_checkpoint
from cnnlab.home import Home, make_folder
from cnnlab.training.checkpoints import load_checkpoint
from cnnlab.training.trainer import Trainer


def build_recorded(home: Home, run: RunRecord, dataset: Dataset) -> RunThread:
    """Builds a run from its row; the history is not touched before the thread runs.

    Raises:
        ConfigError: the config does not fit the images or this machine.
        DataError: pretrained weights cannot be loaded.
        CheckpointError: a checkpoint that it needs is absent, damaged, or of another config.
        StorageError: the folder of the run cannot be written.
    """
    config = validate(RunConfig, run.config)
    folder = make_folder(home.checkpoints(run.id))
    last = last_checkpoint(home, run.id)
    if last is None:
        return RunThread(home, run.id, run.name, Trainer(config, dataset, folder))
    path = checkpoint_file(home, run.id, last)
    state = load_checkpoint(path, last.sha256)
    trainer = Trainer(config, dataset, folder, pretrained=False)
    trainer.load_state_dict(state)
    trainer.files.newest["last"] = path
    trainer.files.last_step = trainer.progress.step
    point = ResumePoint(
        last=last,
        best=_best_checkpoint(home, run.id, trainer),
        epochs_planned=config.training.epochs + trainer.progress.added_epochs,
        seconds=trainer.progress.seconds,
    )
    return RunThread(home, run.id, run.name, trainer, point)


def _best_checkpoint(home: Home, run_id: str, trainer: Trainer) -> CheckpointRecord | None:
    """The best checkpoint that the trainer goes on with, read whole once: its end needs it.

    The history may hold a later one, which the training has not come to yet.
    """
    path = trainer.files.newest.get("best")
    if path is None:
        return None
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
