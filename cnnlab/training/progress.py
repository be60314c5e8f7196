"""Where a run stands: position, sums of the epoch, best so far, patience.

All of it goes into every checkpoint, so that a run can go on from there as if nothing had been.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from cnnlab.config.run import MINIMIZED, EarlyStopping, Monitor
from cnnlab.events import Evaluation


@dataclass
class Progress:
    """The numbers a run carries along; plain values only.

    Attributes:
        epoch: finished epochs.
        step_in_epoch: finished steps of the epoch under way.
        step: finished steps of the run.
        loss_sum, correct, images: sums over the images of the epoch under way.
        train_seconds: time its training steps took, validation not counted.
        seconds: time since it began, validation counted, up to the last checkpoint.
        validated_step: step of the last validation.
        value: the monitored metric at the last validation; None before the first one.
        best_value: the same at its best.
        waited_value: the value that early stopping compares with.
        waited_epochs: epochs since early stopping last saw an improvement.
        added_epochs: epochs that were added to those of the config while it ran.
    """

    epoch: int = 0
    step_in_epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    correct: int = 0
    images: int = 0
    train_seconds: float = 0.0
    seconds: float = 0.0
    validated_step: int = 0
    value: float | None = None
    best_value: float | None = None
    best_step: int = 0
    waited_value: float | None = None
    waited_epochs: int = 0
    added_epochs: int = 0

    def begin_epoch(self) -> None:
        """Moves on to the next epoch, with empty sums."""
        self.epoch += 1
        self.step_in_epoch = 0
        self.loss_sum, self.correct, self.images = 0.0, 0, 0
        self.train_seconds, self.seconds = 0.0, 0.0


def steps_in_epoch(images: int, batch_size: int) -> int:
    """Steps in an epoch; a last batch of a single image is left out.

    Batch normalisation cannot learn from one image.
    """
    full, rest = divmod(images, batch_size)
    return full + (1 if rest > 1 or full == 0 else 0)


def monitored_value(monitor: Monitor, evaluation: Evaluation) -> float:
    """The figure of a validation that `training.monitor` names."""
    return float(getattr(evaluation, monitor.removeprefix("validation_")))


def is_better(monitor: Monitor, value: float, reference: float | None, delta: float = 0.0) -> bool:
    """Whether a value improves on a reference by more than `delta`.

    Losses improve downwards, all else upwards. The first value improves on nothing; a value
    that is not a number never improves on a number.
    """
    if reference is None:
        return True
    if math.isnan(value):
        return False
    if math.isnan(reference):
        return True
    gain = reference - value if monitor in MINIMIZED else value - reference
    return gain > delta


def note_for_early_stopping(
    progress: Progress, config: EarlyStopping, monitor: Monitor, value: float
) -> None:
    """Counts an epoch that ended with a monitored value, as one that improved or one waited."""
    if is_better(monitor, value, progress.waited_value, config.min_delta):
        progress.waited_value, progress.waited_epochs = value, 0
    else:
        progress.waited_epochs += 1


def patience_is_over(progress: Progress, config: EarlyStopping) -> bool:
    """Whether as many epochs in a row as the config allows did not improve."""
    return 0 < config.patience <= progress.waited_epochs
