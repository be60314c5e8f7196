"""The optimizers a config can name; each target takes ``(parameters, **fields)``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from cnnlab.config.component import Component

Rate = Annotated[float, Field(ge=0, lt=1)]
"""Share of a running mean that is kept at each step."""


class SGD(Component):
    """Stochastic gradient descent, with momentum and Nesterov's variant."""

    target: ClassVar[str] = "torch.optim:SGD"

    name: Literal["sgd"] = "sgd"
    lr: PositiveFloat = 0.001
    """Learning rate."""
    momentum: Rate = 0.0
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
    betas: tuple[Rate, Rate] = (0.9, 0.999)
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
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    """Decay rates of the running means of the gradient and of its square."""
    eps: PositiveFloat = 1e-8
    """Added to the denominator."""
    weight_decay: NonNegativeFloat = 0.01
    """Share of the weights, times the learning rate, taken off at each step."""


class Adagrad(Component):
    """Adagrad (Duchi, Hazan and Singer 2011): each weight's rate falls with its gradients' sum.

    The sum is that of their squares, over all steps so far.
    """

    target: ClassVar[str] = "torch.optim:Adagrad"

    name: Literal["adagrad"] = "adagrad"
    lr: PositiveFloat = 0.01
    """Learning rate."""
    lr_decay: NonNegativeFloat = 0.0
    """The learning rate is divided by 1 plus this times the steps so far."""
    initial_accumulator_value: NonNegativeFloat = 0.0
    """Where the sum of squared gradients begins."""
    eps: PositiveFloat = 1e-10
    """Added to the denominator."""
    weight_decay: NonNegativeFloat = 0.0
    """L2 penalty, added to the gradient."""


class Adadelta(Component):
    """Adadelta (Zeiler 2012): steps as large as the running means of updates and gradients say.

    The paper has no learning rate, which is a learning rate of 1.
    """

    target: ClassVar[str] = "torch.optim:Adadelta"

    name: Literal["adadelta"] = "adadelta"
    lr: PositiveFloat = 1.0
    """Factor on each update."""
    rho: Rate = 0.9
    """Decay rate of the running means of the squared gradients and updates."""
    eps: PositiveFloat = 1e-6
    """Added to both running means before their roots are divided."""
    weight_decay: NonNegativeFloat = 0.0
    """L2 penalty, added to the gradient."""


class RMSprop(Component):
    """RMSprop (Tieleman and Hinton 2012): gradients over the root of their mean square.

    Centered, it is that of Graves 2013: the mean's square is subtracted first.
    """

    target: ClassVar[str] = "torch.optim:RMSprop"

    name: Literal["rmsprop"] = "rmsprop"
    lr: PositiveFloat = 0.01
    """Learning rate."""
    alpha: Rate = 0.99
    """Decay rate of the running mean of the squared gradient."""
    eps: PositiveFloat = 1e-8
    """Added to the denominator."""
    momentum: Rate = 0.0
    """Share of the previous update that is kept."""
    centered: bool = False
    """Divides by an estimate of the gradient's variance instead of its mean square."""
    weight_decay: NonNegativeFloat = 0.0
    """L2 penalty, added to the gradient."""


OptimizerConfig = Annotated[
    SGD | Adam | AdamW | Adagrad | Adadelta | RMSprop, Field(discriminator="name")
]
