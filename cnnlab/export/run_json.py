"""A run as JSON: the contract with scripts.

The keys below are always there, in this order; more may follow in later versions. A figure that
is not known, or was not a number, is null.

    id, name, status (queued, running, paused, finished, stopped, failed, interrupted),
    preset (null for a config without one), config (complete), dataset, model,
    parameters, device, started_at (ISO 8601, UTC), duration_s,
    epochs: [{epoch, train_loss, train_accuracy, validation_loss, validation_accuracy,
              lr, seconds}],
    evaluations: [{split (train, validation, test), checkpoint (best, last), loss, accuracy,
                   top5_accuracy, precision_macro, recall_macro, f1_macro,
                   classes: [{name, precision, recall, f1, support}]}],
    checkpoints: [{kind (best, last; previous, the last one before that, of a run that is not
                   finished), epoch, path, bytes, sha256}]

Then: monitor, best_epoch, best_step, best_value, epochs_planned, steps_per_epoch, train_images,
validation_images, test_images, flops (one image, forward, a multiply-add counted as two),
device_name, precision, memory_format, residence, host, versions, git ({commit, modified} or
null), created_at, ended_at, message (why it ended), tags, notes: [{text, written_at}],
validations: [{split, epoch, step, loss, accuracy, top5_accuracy, precision_macro, recall_macro,
f1_macro}], those on the way, in the order of their steps; interventions: [{kind (pause, continue,
checkpoint, scale_lr, add_epochs), value (the factor, or the number of epochs; else 0), epoch, step,
made_at}], how people changed its course.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from cnnlab.history.queries import Reader
from cnnlab.history.records import EvaluationRecord, RunRecord

_FIRST = (
    "id", "name", "status", "preset", "config", "dataset", "model", "parameters", "device",
    "started_at", "duration_s",
)  # fmt: skip
_MORE = (
    "monitor", "best_epoch", "best_step", "best_value", "epochs_planned", "steps_per_epoch",
    "train_images", "validation_images", "test_images", "flops", "device_name", "precision",
    "memory_format", "residence", "host", "versions", "git", "created_at", "ended_at", "message",
)  # fmt: skip
_EPOCH = (
    "epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "lr",
    "seconds",
)  # fmt: skip
_EVALUATION = (
    "split", "checkpoint", "loss", "accuracy", "top5_accuracy", "precision_macro",
    "recall_macro", "f1_macro",
)  # fmt: skip
_CLASS = ("name", "precision", "recall", "f1", "support")
_VALIDATION = (
    "split", "epoch", "step", "loss", "accuracy", "top5_accuracy", "precision_macro",
    "recall_macro", "f1_macro",
)  # fmt: skip
_NOTE = ("text", "written_at")
_CHECKPOINT = ("kind", "epoch", "path", "bytes", "sha256")


def runs_as_json(reader: Reader, runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """The runs as the contract says, in their order."""
    ids = [run.id for run in runs]
    epochs = reader.epochs(ids)
    evaluations = reader.final_evaluations(ids)
    checkpoints = reader.checkpoints(ids)
    notes = reader.notes(ids)
    validations = reader.validations(ids, classes=False)
    interventions = reader.interventions(ids)
    return [
        {
            **_pick(run, _FIRST),
            "epochs": [_pick(epoch, _EPOCH) for epoch in epochs[run.id]],
            "evaluations": [_evaluation(evaluation) for evaluation in evaluations[run.id]],
            "checkpoints": [_pick(checkpoint, _CHECKPOINT) for checkpoint in checkpoints[run.id]],
            **_pick(run, _MORE),
            "tags": list(run.tags),
            "notes": [_pick(note, _NOTE) for note in notes[run.id]],
            "validations": [_pick(one, _VALIDATION) for one in validations[run.id]],
            "interventions": [asdict(one) for one in interventions[run.id]],
        }
        for run in runs
    ]


def _evaluation(evaluation: EvaluationRecord) -> dict[str, Any]:
    classes = [_pick(metrics, _CLASS) for metrics in evaluation.classes]
    return {**_pick(evaluation, _EVALUATION), "classes": classes}


def _pick(record: object, keys: Sequence[str]) -> dict[str, Any]:
    return {key: _finite(getattr(record, key)) for key in keys}


def _finite(value: Any) -> Any:
    """The value with null for what JSON cannot say: infinities, and what is not a number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return value
