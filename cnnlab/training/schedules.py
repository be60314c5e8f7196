"""Learning-rate schedules: over the epochs or the steps of a run, after a warm-up.

The schedulers are PyTorch's; here they learn how long the run is, move at the right moments and
treat several parameter groups alike: whatever a config says about the learning rate is said of
`optimizer.lr`, and each group follows in proportion to its own.
"""

from __future__ import annotations

import inspect
import math
import warnings
from typing import Any, Literal

from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    LambdaLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
)

from cnnlab.config.optimization import ScheduleConfig


class Schedule:
    """Sets the learning rate of every step: a scheduler's, times the warm-up's factor.

    Args:
        scheduler: gives each parameter group its learning rate.
        steps: steps in which it moves with each one, after which it stays; None for a scheduler
            that moves with each epoch.
        warmup_steps: steps in which the learning rate rises; 0 for none.

    Attributes:
        scale: factor of every learning rate, for whoever changes them while the run is under way.
    """

    def __init__(self, scheduler: LRScheduler, steps: int | None, warmup_steps: int) -> None:
        self.scheduler = scheduler
        self.planned_steps = steps
        self.warmup_steps = warmup_steps
        self.steps = 0
        self.scale = 1.0

    def begin_step(self) -> None:
        """Gives the optimizer the learning rates of the step that comes.

        They stay in its groups until the next step begins.
        """
        if self.planned_steps is not None and 0 < self.steps < self.planned_steps:
            self._without_factors()
            self.scheduler.step()
        self.steps += 1
        warmed = min(self.steps / self.warmup_steps, 1.0) if self.warmup_steps else 1.0
        self._set_rates(warmed * self.scale)

    def end_epoch(self, *, train_loss: float, validation_loss: float) -> None:
        """Moves on by one epoch; a plateau schedule looks at the loss that it watches."""
        if self.planned_steps is not None:
            return
        self._without_factors()
        if isinstance(self.scheduler, Plateau):
            watches_training = self.scheduler.monitor == "train_loss"
            self.scheduler.step(train_loss if watches_training else validation_loss)
        else:
            self.scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule stands: plain values."""
        return {
            "scheduler": self.scheduler.state_dict(),
            "steps": self.steps,
            "scale": self.scale,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes back to where `state_dict` was taken."""
        self.scheduler.load_state_dict(state["scheduler"])
        self.steps = state["steps"]
        self.scale = state["scale"]

    def _without_factors(self) -> None:
        """Gives the groups the scheduler's own learning rates: most go on from what is there."""
        self._set_rates(1.0)

    def _set_rates(self, factor: float) -> None:
        """Gives the groups the scheduler's learning rates, times a factor."""
        rates = self.scheduler.get_last_lr()
        for group, rate in zip(self.scheduler.optimizer.param_groups, rates, strict=True):
            group["lr"] = float(rate) * factor


def build_schedule(
    config: ScheduleConfig, optimizer: Optimizer, epochs: int, steps_per_epoch: int
) -> Schedule:
    """The schedule that a config names, for a run of so many epochs and steps."""
    # A run that goes on from a checkpoint may move its schedule before its first step.
    warnings.filterwarnings(
        "ignore", message="Detected call of `lr_scheduler.step", module=__name__
    )
    build = config.load()
    lengths = {"epochs": epochs, "steps": epochs * steps_per_epoch}
    asked = lengths.keys() & inspect.signature(build).parameters
    scheduler = build(optimizer, **{name: lengths[name] for name in asked}, **config.parameters())
    warmup_steps = round(config.warmup_epochs * steps_per_epoch)
    return Schedule(scheduler, lengths["steps"] if "steps" in asked else None, warmup_steps)


def constant(optimizer: Optimizer) -> LRScheduler:
    """The learning rate stays as it is."""
    return ConstantLR(optimizer, factor=1.0)


def cosine(optimizer: Optimizer, epochs: int, eta_min: float) -> LRScheduler:
    """Half a cosine from the learning rate to `eta_min` over the whole run.

    `CosineAnnealingLR` takes every group to the same `eta_min`, up or down; here each falls to
    the same share of its learning rate.
    """
    end: float = eta_min / optimizer.defaults["lr"]

    def share(epoch: int) -> float:
        # Epochs that are added to a run would go up again.
        done = min(epoch, epochs)
        return end + (1 - end) * (1 + math.cos(math.pi * done / epochs)) / 2

    return LambdaLR(optimizer, share)


class Plateau(ReduceLROnPlateau):
    """The learning rate falls by `factor` when a loss stays, down to `min_lr`.

    Attributes:
        monitor: the loss it is to be stepped with, ``train_loss`` or ``validation_loss``.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        factor: float,
        patience: int,
        threshold: float,
        min_lr: float,
        monitor: str,
    ) -> None:
        floor = _in_proportion(optimizer, min_lr)
        super().__init__(
            optimizer, factor=factor, patience=patience, threshold=threshold, min_lr=floor, eps=0.0
        )
        self.monitor = monitor


def one_cycle(
    optimizer: Optimizer,
    steps: int,
    max_lr: float | None,
    pct_start: float,
    anneal_strategy: Literal["cos", "linear"],
    div_factor: float,
    final_div_factor: float,
) -> LRScheduler:
    """One rise to `max_lr` and one fall over all steps of the run."""
    if math.isclose(pct_start * steps, 1):
        # OneCycleLR divides by the steps of the rise less one.
        pct_start = (1 - 1e-9) / steps
    return OneCycleLR(
        optimizer,
        max_lr=_in_proportion(optimizer, max_lr or optimizer.defaults["lr"]),
        total_steps=steps,
        pct_start=pct_start,
        anneal_strategy=anneal_strategy,
        cycle_momentum=False,
        div_factor=div_factor,
        final_div_factor=final_div_factor,
    )


def _in_proportion(optimizer: Optimizer, lr: float) -> list[float]:
    """A learning rate for each group: `lr` where the group has the optimizer's own."""
    own = optimizer.defaults["lr"]
    return [lr * (group["lr"] / own) for group in optimizer.param_groups]
