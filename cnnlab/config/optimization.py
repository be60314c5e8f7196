"""The optimizers, learning-rate schedules and losses a config can name.

Names and defaults are PyTorch's. An optimizer's target takes ``(parameters, **fields)``, a
schedule's ``(optimizer, **fields)`` and, where it needs them, `epochs` as well.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from cnnlab.config.component import Component

Beta = Annotated[float, Field(ge=0, lt=1)]
Decay = Annotated[float, Field(gt=0, le=1)]


class SGD(Component):
    """Stochastic gradient descent, with momentum and Nesterov's variant."""

    target: ClassVar[str] = "torch.optim:SGD"

    name: Literal["sgd"] = "sgd"
    lr: PositiveFloat = 0.001
    """Learning rate."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the previous update that is kept."""
    nesterov: bool = False
    """Nesterov's momentum."""
    weight_decay: NonNegativeFloat = 0.0
    """L2 penalty, added to the gradient."""

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> SGD:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")
        return self


class Adam(Component):
    """Adam (Kingma and Ba 2015); weight decay is added to the gradient."""

    target: ClassVar[str] = "torch.optim:Adam"

    name: Literal["adam"] = "adam"
    lr: PositiveFloat = 0.001
    """Learning rate."""
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    """Decay rates of the running means of the gradient and of its square."""
    eps: PositiveFloat = 1e-8
    """Added to the denominator."""
    weight_decay: NonNegativeFloat = 0.0
    """L2 penalty, added to the gradient."""


class AdamW(Component):
    """AdamW (Loshchilov and Hutter 2019): weight decay apart from the gradient."""

    target: ClassVar[str] = "torch.optim:AdamW"

    name: Literal["adamw"] = "adamw"
    lr: PositiveFloat = 0.001
    """Learning rate."""
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    """Decay rates of the running means of the gradient and of its square."""
    eps: PositiveFloat = 1e-8
    """Added to the denominator."""
    weight_decay: NonNegativeFloat = 0.01
    """Share of the weights, times the learning rate, taken off at each step."""


class NoSchedule(Component):
    """The learning rate stays as it is."""

    target: ClassVar[str] = "cnnlab.training.schedules:constant"

    name: Literal["none"] = "none"


class ExponentialSchedule(Component):
    """The learning rate is multiplied by `gamma` after each epoch."""

    target: ClassVar[str] = "torch.optim.lr_scheduler:ExponentialLR"

    name: Literal["exponential"] = "exponential"
    gamma: Decay = 0.9
    """Factor for each epoch."""


class StepSchedule(Component):
    """The learning rate is multiplied by `gamma` every `step_size` epochs."""

    target: ClassVar[str] = "torch.optim.lr_scheduler:StepLR"

    name: Literal["step"] = "step"
    step_size: PositiveInt = 10
    """Epochs between two changes."""
    gamma: Decay = 0.1
    """Factor at each change."""


class MultiStepSchedule(Component):
    """The learning rate is multiplied by `gamma` after each of the named epochs."""

    target: ClassVar[str] = "torch.optim.lr_scheduler:MultiStepLR"

    name: Literal["multi-step"] = "multi-step"
    milestones: tuple[PositiveInt, ...]
    """Epochs after which it changes."""
    gamma: Decay = 0.1
    """Factor at each change."""


class CosineSchedule(Component):
    """The learning rate falls along half a cosine over the whole run.

    Loshchilov and Hutter 2017, without restarts.
    """

    target: ClassVar[str] = "cnnlab.training.schedules:cosine"

    name: Literal["cosine"] = "cosine"
    eta_min: NonNegativeFloat = 0.0
    """Learning rate at the end."""


class PlateauSchedule(Component):
    """The learning rate is multiplied by `factor` when the validation loss no longer falls."""

    target: ClassVar[str] = "torch.optim.lr_scheduler:ReduceLROnPlateau"

    name: Literal["plateau"] = "plateau"
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Factor at each change."""
    patience: NonNegativeInt = 10
    """Epochs without improvement that are still allowed."""
    threshold: NonNegativeFloat = 1e-4
    """Relative improvement that counts as one."""
    min_lr: NonNegativeFloat = 0.0
    """Learning rate below which it does not go."""


class CrossEntropy(Component):
    """Cross-entropy between the softmax of the model's output and the class."""

    target: ClassVar[str] = "torch.nn:CrossEntropyLoss"

    name: Literal["cross-entropy"] = "cross-entropy"


OptimizerConfig = Annotated[SGD | Adam | AdamW, Field(discriminator="name")]
ScheduleConfig = Annotated[
    NoSchedule
    | ExponentialSchedule
    | StepSchedule
    | MultiStepSchedule
    | CosineSchedule
    | PlateauSchedule,
    Field(discriminator="name"),
]
LossConfig = CrossEntropy
