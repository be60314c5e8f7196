"""What a run was, as read from the history: frozen dataclasses, one a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cnnlab.events import ClassMetrics, CommandKind


@dataclass(frozen=True)
class RunRecord:
    """The row of a run; times are ISO 8601 in UTC, durations seconds.

    What only its start or its end can tell is None until then. `trashed_at` is None outside the
    trash, `claimed_at` unless a process other than the first one has taken the run over, `boot`
    (of the host, when its process took the run) where it is not known, `heartbeat_at` before the
    first sign of life; figures of the test split are those of the best checkpoint, its precision
    the macro average. `group_id` is None unless the run was trained as one of several repeats,
    `origin` (archive, tensorboard or csv) unless it was imported; one of curves alone has an
    empty config.
    """

    id: str
    name: str
    status: str
    preset: str | None
    dataset: str
    model: str
    config: dict[str, Any]
    monitor: str
    epochs_planned: int
    parameters: int | None
    flops: int | None
    device: str | None
    device_name: str | None
    precision: str | None
    memory_format: str | None
    residence: str | None
    steps_per_epoch: int | None
    train_images: int | None
    validation_images: int | None
    test_images: int | None
    host: str
    pid: int
    versions: dict[str, str]
    git: dict[str, Any] | None
    created_at: str
    started_at: str | None
    ended_at: str | None
    duration_s: float | None
    best_epoch: int | None
    best_step: int | None
    best_value: float | None
    message: str | None
    trashed_at: str | None
    claimed_at: str | None
    boot: str | None
    heartbeat_at: str | None
    group_id: str | None
    origin: str | None
    tags: tuple[str, ...]
    epochs_done: int
    test_accuracy: float | None
    test_precision_macro: float | None
    test_loss: float | None

    @property
    def seed(self) -> int | None:
        """The seed of its config; None where it has none."""
        seed: int | None = self.config.get("training", {}).get("seed")
        return seed


@dataclass(frozen=True)
class EpochRecord:
    """An epoch; a figure that was not a number, or that imported curves do not tell, is None."""

    epoch: int
    step: int
    train_loss: float | None
    train_accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    lr: float | None
    seconds: float | None
    images_per_second: float | None


@dataclass(frozen=True)
class ValidationExtremes:
    """The lowest loss and the highest accuracy of a run's validations, each of a step of its own.

    A run may validate within its epochs, and before the first one is whole.
    """

    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class StepRecord:
    """An optimizer update; what was not a number, or is not known, is None."""

    step: int
    epoch: int
    loss: float | None
    accuracy: float | None
    lr: float | None


@dataclass(frozen=True)
class StepColumns:
    """The steps of a run as lists of one length; a figure that was not a number is None."""

    steps: list[int]
    epochs: list[int]
    losses: list[float | None]
    accuracies: list[float | None]
    lrs: list[float | None]


@dataclass(frozen=True)
class EvaluationRecord:
    """An evaluation of a split; `checkpoint` is None for one on the way.

    `dataset` is None for those of the run itself, else the data set that the checkpoint was
    evaluated on after the run.
    """

    id: int
    split: str
    checkpoint: str | None
    epoch: int
    step: int
    loss: float | None
    accuracy: float
    top5_accuracy: float | None
    precision_macro: float
    recall_macro: float
    f1_macro: float
    evaluated_at: str
    dataset: str | None
    classes: tuple[ClassMetrics, ...]


def evaluation_of(
    evaluations: Iterable[EvaluationRecord], split: str, checkpoint: str
) -> EvaluationRecord | None:
    """The evaluation of a split with a checkpoint; None if it was not made."""
    for one in evaluations:
        if (one.split, one.checkpoint) == (split, checkpoint):
            return one
    return None


@dataclass(frozen=True)
class CheckpointRecord:
    """A checkpoint; `value` is the monitored metric when it was written."""

    kind: str
    epoch: int
    step: int
    path: str
    bytes: int
    sha256: str
    value: float | None
    saved_at: str


@dataclass(frozen=True)
class InterventionRecord:
    """A command that was carried out: from this step on the run went another way."""

    kind: CommandKind
    value: float
    epoch: int
    step: int
    made_at: str


@dataclass(frozen=True)
class LogRecord:
    """A line of a run's log."""

    level: str
    message: str
    logged_at: str


@dataclass(frozen=True)
class NoteRecord:
    """A note that a person wrote on a run."""

    id: int
    text: str
    written_at: str
