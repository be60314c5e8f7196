"""Learning-rate schedules, stepped once at the end of each epoch."""

from __future__ import annotations

import inspect
import warnings

from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LRScheduler,
    ReduceLROnPlateau,
)

from cnnlab.config.optimization import ScheduleConfig


def constant(optimizer: Optimizer) -> LRScheduler:
    """The learning rate stays as it is."""
    return ConstantLR(optimizer, factor=1.0)


def cosine(optimizer: Optimizer, epochs: int, eta_min: float) -> LRScheduler:
    """Half a cosine from the learning rate to `eta_min` over the whole run."""
    return CosineAnnealingLR(optimizer, T_max=epochs, eta_min=eta_min)


def build_schedule(config: ScheduleConfig, optimizer: Optimizer, epochs: int) -> LRScheduler:
    """The schedule that a config names, for a run of so many epochs."""
    # A run that goes on from the end of an epoch steps its schedule first; that is in order.
    warnings.filterwarnings(
        "ignore", message="Detected call of `lr_scheduler.step", module=__name__
    )
    build = config.load()
    lengths = {"epochs": epochs} if "epochs" in inspect.signature(build).parameters else {}
    schedule: LRScheduler = build(optimizer, **lengths, **config.parameters())
    return schedule


def end_epoch(schedule: LRScheduler, validation_loss: float) -> None:
    """Moves a schedule on by one epoch; a plateau schedule looks at the validation loss."""
    if isinstance(schedule, ReduceLROnPlateau):
        schedule.step(validation_loss)
    else:
        schedule.step()
