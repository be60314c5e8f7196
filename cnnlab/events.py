"""What the engine tells while it trains: the vocabulary between engine, history and screens.

Training is a generator of these frozen dataclasses that ends with exactly one `Ending`. They
hold plain Python numbers only, so that neither the history nor a screen needs torch to read
them. Epochs and steps count from 1; a step is one optimizer update, counted over the whole run.
Losses are means over images; accuracies, precisions, recalls and F1 scores lie in [0, 1].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
CheckpointKind = Literal["best", "last"]
CHECKPOINTS: tuple[CheckpointKind, ...] = ("best", "last")
Level = Literal["info", "warning", "error"]
CommandKind = Literal["pause", "continue", "stop", "checkpoint", "scale_lr", "add_epochs"]


@dataclass(frozen=True)
class Command:
    """What a person asks of a run under way; it is carried out after the step under way.

    `value` is the factor of `scale_lr` and the number of epochs of `add_epochs`; 0 otherwise.
    """

    kind: CommandKind
    value: float = 0.0

    def __post_init__(self) -> None:
        """Raises ValueError where a value is missing or cannot be meant."""
        if self.kind in ("scale_lr", "add_epochs") and not 0 < self.value < math.inf:
            raise ValueError(f"{self.kind} needs a value above 0, not {self.value}")

    def in_words(self) -> str:
        """What was done when it was carried out."""
        return {
            "pause": "Paused",
            "continue": "Went on",
            "stop": "Stopped",
            "checkpoint": "Checkpoint written",
            "scale_lr": f"Learning rate times {self.value:g}",
            "add_epochs": f"{self.value:g} epochs added",
        }[self.kind]


@dataclass(frozen=True)
class ClassMetrics:
    """Precision, recall, F1 and number of images of one class (scikit-learn's definitions)."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Evaluation:
    """The figures of one model on one split.

    `confusion[i][j]` counts the images of class `i` that were taken for class `j`.
    `top5_accuracy` is None where there are fewer than six classes.
    """

    loss: float
    accuracy: float
    top5_accuracy: float | None
    precision_macro: float
    recall_macro: float
    f1_macro: float
    classes: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class RunStarted:
    """The run is built and its first step is next; tells what `auto` became on this machine.

    `parameters` counts trainable and frozen weights; `flops` is for one image, forward, with a
    multiply-add counted as two.
    """

    device: str
    device_name: str
    precision: str
    memory_format: str
    residence: str
    parameters: int
    flops: int
    epochs: int
    steps_per_epoch: int
    train_images: int
    validation_images: int
    test_images: int


@dataclass(frozen=True)
class StepsFinished:
    """A stretch of consecutive steps, drained from the device together.

    `losses`, `accuracies` and `lrs` have one entry a step, the first for `first_step`.
    """

    epoch: int
    first_step: int
    losses: tuple[float, ...]
    accuracies: tuple[float, ...]
    lrs: tuple[float, ...]
    images_per_second: float


@dataclass(frozen=True)
class EvaluationFinished:
    """A split was evaluated: on the way (`checkpoint` is None) or at the end of the run."""

    split: Split
    checkpoint: CheckpointKind | None
    epoch: int
    step: int
    evaluation: Evaluation


@dataclass(frozen=True)
class EpochFinished:
    """An epoch with its validation; `lr` is the one its last step used."""

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    lr: float
    seconds: float
    images_per_second: float

    def in_words(self) -> str:
        """Its figures, in one line."""
        return (
            f"loss {self.train_loss:.4f}  accuracy {self.train_accuracy:.4f}"
            f"  validation loss {self.validation_loss:.4f}"
            f"  accuracy {self.validation_accuracy:.4f}"
            f"  {self.images_per_second:,.0f} images/s"
        )


@dataclass(frozen=True)
class CheckpointSaved:
    """A checkpoint is on disk, whole; once this is recorded, those that it replaces may go.

    `value` is the monitored metric at that moment, None before the first validation.
    """

    kind: CheckpointKind
    epoch: int
    step: int
    path: Path
    bytes: int
    sha256: str
    value: float | None


@dataclass(frozen=True)
class Intervened:
    """A command was carried out: from this step on the run went another way."""

    command: Command
    epoch: int
    step: int


@dataclass(frozen=True)
class Logged:
    """A line for the run's log."""

    level: Level
    message: str


@dataclass(frozen=True)
class RunFinished:
    """The run went to its end; `reason` says which: all epochs, or early stopping."""

    reason: str


@dataclass(frozen=True)
class RunStopped:
    """The user stopped the run after a whole step."""

    reason: str


@dataclass(frozen=True)
class RunInterrupted:
    """Something outside ended the run before its time; it can be resumed."""

    reason: str


@dataclass(frozen=True)
class RunFailed:
    """The run could not go on; `message` is for the user, `details` is the traceback."""

    message: str
    details: str = ""


Ending = RunFinished | RunStopped | RunInterrupted | RunFailed
Event = (
    RunStarted
    | StepsFinished
    | EvaluationFinished
    | EpochFinished
    | CheckpointSaved
    | Intervened
    | Logged
    | Ending
)
