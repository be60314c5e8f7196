"""A run as JSON: the contract with scripts.

The keys below are always there, in this order; more may follow in later versions. A figure that
is not known, or was not a number, is null. So are the steps of imported curves that count epochs
alone, and the times of those that came without.

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

Last: later_evaluations: [{dataset, ... as in evaluations}], those made of
it after its end; group (id of its group of repeats, or null), origin (archive, tensorboard or csv
of an imported run, else null), trashed_at, pid, boot, claimed_at, heartbeat_at; of an epoch also
step and images_per_second, of an evaluation epoch, step and evaluated_at, of a validation
evaluated_at, of a checkpoint step, value and saved_at.

An export has all that and what is left out of the output of commands, since it is long: steps:
{step, epoch, loss, accuracy, lr}, each a list with an entry a step; log: [{level, message,
logged_at}]; of each evaluation confusion, the matrix as a list of rows, one for each true class; of
each validation classes. `docs/export.schema.json` is the JSON Schema of exports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cnnlab.export.json_text import finite
from cnnlab.history.origins import counts_epochs_alone, is_dated
from cnnlab.history.queries import Reader
from cnnlab.history.records import EvaluationRecord, RunRecord

FIRST_KEYS = (
    "id", "name", "status", "preset", "config", "dataset", "model", "parameters", "device",
    "started_at", "duration_s",
)  # fmt: skip
MORE_KEYS = (
    "monitor", "best_epoch", "best_step", "best_value", "epochs_planned", "steps_per_epoch",
    "train_images", "validation_images", "test_images", "flops", "device_name", "precision",
    "memory_format", "residence", "host", "versions", "git", "created_at", "ended_at", "message",
)  # fmt: skip
EPOCH_KEYS = (
    "epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "lr",
    "seconds", "step", "images_per_second",
)  # fmt: skip
EVALUATION_KEYS = (
    "split", "checkpoint", "loss", "accuracy", "top5_accuracy", "precision_macro",
    "recall_macro", "f1_macro",
)  # fmt: skip
EVALUATED_KEYS = ("epoch", "step", "evaluated_at")
CLASS_KEYS = ("name", "precision", "recall", "f1", "support")
VALIDATION_KEYS = (
    "split", "epoch", "step", "loss", "accuracy", "top5_accuracy", "precision_macro",
    "recall_macro", "f1_macro", "evaluated_at",
)  # fmt: skip
NOTE_KEYS = ("text", "written_at")
CHECKPOINT_KEYS = ("kind", "epoch", "path", "bytes", "sha256", "step", "value", "saved_at")
INTERVENTION_KEYS = ("kind", "value", "epoch", "step", "made_at")
LOG_KEYS = ("level", "message", "logged_at")
LAST_KEYS = ("origin", "trashed_at", "pid", "boot", "claimed_at", "heartbeat_at")

_Matrix = Sequence[Sequence[int]]


def run_as_json(reader: Reader, run: RunRecord, *, whole: bool = False) -> dict[str, Any]:
    """A run as the contract says; see `runs_as_json`."""
    return runs_as_json(reader, [run], whole=whole)[0]


def runs_as_json(
    reader: Reader, runs: Sequence[RunRecord], *, whole: bool = False
) -> list[dict[str, Any]]:
    """The runs as the contract says, in their order.

    Args:
        whole: with all that an export has.
    """
    ids = [run.id for run in runs]
    epochs = reader.epochs(ids)
    evaluations = reader.final_evaluations(ids)
    checkpoints = reader.checkpoints(ids)
    notes = reader.notes(ids)
    validations = reader.validations(ids, classes=whole)
    interventions = reader.interventions(ids)
    later = reader.later_evaluations(ids)
    return [
        _known(
            run,
            {
                **_pick(run, FIRST_KEYS),
                "epochs": _each(epochs[run.id], EPOCH_KEYS),
                "evaluations": [
                    _evaluation(one, _confusion(reader, one, whole)) for one in evaluations[run.id]
                ],
                "checkpoints": _each(checkpoints[run.id], CHECKPOINT_KEYS),
                **_pick(run, MORE_KEYS),
                "tags": list(run.tags),
                "notes": _each(notes[run.id], NOTE_KEYS),
                "validations": [_validation(one, whole) for one in validations[run.id]],
                "interventions": _each(interventions[run.id], INTERVENTION_KEYS),
                "later_evaluations": [
                    later_evaluation_as_json(one, _confusion(reader, one, whole))
                    for one in later[run.id]
                ],
                "group": run.group_id,
                **_pick(run, LAST_KEYS),
                **(_long_parts(reader, run.id) if whole else {}),
            },
        )
        for run in runs
    ]


def _known(run: RunRecord, found: dict[str, Any]) -> dict[str, Any]:
    """A run with null for what the history holds in place of what nobody told."""
    evaluations = [*found["evaluations"], *found["validations"]]
    if counts_epochs_alone(run):
        _empty([found], ("best_step", "steps_per_epoch"))
        _empty([*found["epochs"], *evaluations], ("step",))
    if not is_dated(run):
        _empty(evaluations, ("evaluated_at",))
    return found


def _empty(parts: Iterable[dict[str, Any]], keys: Sequence[str]) -> None:
    for part in parts:
        part.update(dict.fromkeys(keys))


def later_evaluation_as_json(
    evaluation: EvaluationRecord, confusion: _Matrix | None
) -> dict[str, Any]:
    """An evaluation that was made after the run; with its confusion matrix, if that is given."""
    return {"dataset": evaluation.dataset, **_evaluation(evaluation, confusion)}


def _confusion(reader: Reader, evaluation: EvaluationRecord, whole: bool) -> _Matrix | None:
    return reader.confusion(evaluation.id, len(evaluation.classes)) if whole else None


def _evaluation(evaluation: EvaluationRecord, confusion: _Matrix | None) -> dict[str, Any]:
    found = {
        **_pick(evaluation, EVALUATION_KEYS),
        "classes": _each(evaluation.classes, CLASS_KEYS),
        **_pick(evaluation, EVALUATED_KEYS),
    }
    return found if confusion is None else {**found, "confusion": confusion}


def _validation(validation: EvaluationRecord, whole: bool) -> dict[str, Any]:
    classes = {"classes": _each(validation.classes, CLASS_KEYS)} if whole else {}
    return {**_pick(validation, VALIDATION_KEYS), **classes}


def _long_parts(reader: Reader, run_id: str) -> dict[str, Any]:
    steps = reader.step_columns(run_id)
    return {
        "steps": {
            "step": steps.steps,
            "epoch": steps.epochs,
            "loss": finite(steps.losses),
            "accuracy": finite(steps.accuracies),
            "lr": finite(steps.lrs),
        },
        "log": _each(reader.log(run_id), LOG_KEYS),
    }


def _each(records: Iterable[object], keys: Sequence[str]) -> list[dict[str, Any]]:
    return [_pick(record, keys) for record in records]


def _pick(record: object, keys: Sequence[str]) -> dict[str, Any]:
    return {key: finite(getattr(record, key)) for key in keys}
