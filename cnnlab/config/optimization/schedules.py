"""The learning-rate schedules a config can name.

Each target takes ``(optimizer, **fields)`` and gives one of PyTorch's schedulers. It may take the
run's length as well: one that takes `epochs` moves at the end of each epoch, as does one that
takes neither; one that takes `steps` moves with each step of the optimizer.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from cnnlab.config.component import Component

Decay = Annotated[float, Field(gt=0, le=1)]


class Schedule(Component):
    """What all schedules have: a warm-up over the first epochs.

    Goyal et al. 2017, section 2.2, step by step: in a warm-up of n steps, step k = 1, 2, … takes
    k/n of the learning rate that the schedule has there. The schedule itself counts its epochs
    from the run's start, as theirs does: after 5 epochs of warm-up a milestone of 30 is still
    the end of epoch 30, and a cosine still ends with the run.
    """

    warmup_epochs: NonNegativeFloat = 0.0
    """Epochs, or a part of one, in which the learning rate rises linearly from near 0, with each
    step. The schedule counts from the run's start all the same."""

    def parameters(self) -> dict[str, Any]:
        """The fields as keyword arguments for the target, which knows no warm-up."""
        fields = super().parameters()
        del fields["warmup_epochs"]
        return fields


class NoSchedule(Schedule):
    """The learning rate stays as it is."""

    target: ClassVar[str] = "cnnlab.training.schedules:constant"

    name: Literal["none"] = "none"


class ExponentialSchedule(Schedule):
    """The learning rate is multiplied by `gamma` after each epoch."""

    target: ClassVar[str] = "torch.optim.lr_scheduler:ExponentialLR"

    name: Literal["exponential"] = "exponential"
    gamma: Decay = 0.9
    """Factor for each epoch."""


class StepSchedule(Schedule):
    """The learning rate is multiplied by `gamma` every `step_size` epochs."""

    target: ClassVar[str] = "torch.optim.lr_scheduler:StepLR"

    name: Literal["step"] = "step"
    step_size: PositiveInt = 10
    """Epochs between two changes."""
    gamma: Decay = 0.1
    """Factor at each change."""


class MultiStepSchedule(Schedule):
    """The learning rate is multiplied by `gamma` after each of the named epochs."""

    target: ClassVar[str] = "torch.optim.lr_scheduler:MultiStepLR"

    name: Literal["multi-step"] = "multi-step"
    milestones: tuple[PositiveInt, ...]
    """Epochs after which it changes."""
    gamma: Decay = 0.1
    """Factor at each change."""


class CosineSchedule(Schedule):
    """The learning rate falls along half a cosine over the whole run.

    Loshchilov and Hutter 2017, without restarts.
    """

    target: ClassVar[str] = "cnnlab.training.schedules:cosine"

    name: Literal["cosine"] = "cosine"
    eta_min: NonNegativeFloat = 0.0
    """Learning rate at the end."""


class PlateauSchedule(Schedule):
    """The learning rate is multiplied by `factor` when a loss no longer falls."""

    target: ClassVar[str] = "cnnlab.training.schedules:Plateau"

    name: Literal["plateau"] = "plateau"
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Factor at each change."""
    patience: NonNegativeInt = 10
    """Epochs without improvement that are still allowed."""
    threshold: NonNegativeFloat = 1e-4
    """Relative improvement that counts as one."""
    min_lr: NonNegativeFloat = 0.0
    """Learning rate below which it does not go."""
    monitor: Literal["validation_loss", "train_loss"] = "validation_loss"
    """Loss that is watched, at the end of each epoch."""


class OneCycleSchedule(Schedule):
    """The learning rate rises to `max_lr` and falls far below its start, step by step.

    The 1cycle policy (Smith 2018; Smith and Topin 2019) over the whole run: it ends with the last
    step. The momentum stays what the optimizer says.
    """

    target: ClassVar[str] = "cnnlab.training.schedules:one_cycle"

    name: Literal["one-cycle"] = "one-cycle"
    max_lr: PositiveFloat | None = None
    """Highest learning rate; `optimizer.lr` if absent."""
    pct_start: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Share of the run in which it rises."""
    anneal_strategy: Literal["cos", "linear"] = "cos"
    """Whether it rises and falls along half a cosine or a line."""
    div_factor: PositiveFloat = 25.0
    """The first step takes `max_lr` divided by this."""
    final_div_factor: PositiveFloat = 1e4
    """The last step takes the first one's learning rate divided by this."""


ScheduleConfig = Annotated[
    NoSchedule
    | ExponentialSchedule
    | StepSchedule
    | MultiStepSchedule
    | CosineSchedule
    | PlateauSchedule
    | OneCycleSchedule,
    Field(discriminator="name"),
]
