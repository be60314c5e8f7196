"""The config of a run: everything that determines it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, field_validator

from cnnlab.config.augmentation import AugmentationConfig
from cnnlab.config.component import Section
from cnnlab.config.fine_tuning import FineTuning
from cnnlab.config.models import ModelConfig
from cnnlab.config.optimization import (
    Adam,
    CrossEntropy,
    LossConfig,
    NoSchedule,
    OptimizerConfig,
    ScheduleConfig,
)
from cnnlab.config.validation import shown

Monitor = Literal[
    "validation_accuracy", "validation_loss", "validation_precision_macro", "validation_f1_macro"
]
MINIMIZED: frozenset[Monitor] = frozenset({"validation_loss"})
"""Monitored metrics that improve downwards."""
Fraction = Annotated[float, Field(gt=0, lt=1)]
Side = Annotated[int, Field(ge=1, le=4096)]
Device = Annotated[
    str,
    Field(
        pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$",
        examples=["auto", "cpu", "cuda", "cuda:0", "mps"],
    ),
]

_SPELT_FROM_ONE = re.compile(r"\+?[\d_]*[1-9][\d_]*\.[\d_]*")
"""A text with a decimal point that is a number of 1 or more."""


class DataConfig(Section):
    """Which images, how they are split, normalised and held."""

    name: str
    """Data set, as `cnnlab data list` names it."""
    validation: PositiveInt | Fraction = 0.1
    """Images cut from the training part for validation: a number, or a share below 1."""
    normalization: Literal["dataset", "half", "none"] = "dataset"
    """`dataset` uses its mean and standard deviation for each channel; `half` maps pixels to
    [-1, 1]; `none` leaves them in [0, 1]."""
    resize: Side | tuple[Side, Side] | None = None
    """Size that the model sees: one number for the shorter side, the longer one in proportion, or
    a list of height and width; the images' own if absent. Each batch is resized on the device."""
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    """How pixels are computed when images are resized, with antialiasing."""
    residence: Literal["auto", "device", "host"] = "auto"
    """Where the images lie while training: all on the device, or on the host with each batch
    sent over; `auto` takes the device if they fit into half of its free memory."""

    @field_validator("validation", mode="before")
    @classmethod
    def _a_number_has_no_decimal_point(cls, value: Any) -> Any:
        """Keeps 1.0, which looks like the whole, from being read as one image.

        The command line gives texts, and of those pydantic takes `1.0` for a whole number too.
        """
        spelt = isinstance(value, str) and _SPELT_FROM_ONE.fullmatch(value.strip())
        if spelt or (isinstance(value, float) and value >= 1):
            raise ValueError(
                f"{shown(value)} is not allowed; it must be a number of images without a decimal "
                "point, or a share below 1"
            )
        return value


class EarlyStopping(Section):
    """When to give up before the last epoch."""

    patience: NonNegativeInt = 0
    """Epochs in a row without improvement of the monitored metric; 0 never stops early."""
    min_delta: NonNegativeFloat = 0.0
    """Smallest change that counts as an improvement."""


class CheckpointInterval(Section):
    """How often a run saves where it stands: no more than that is trained again after a crash."""

    epochs: PositiveInt = 1
    """Epochs from one last checkpoint to the next; the end of the training has one in any case."""
    minutes: NonNegativeFloat = 10.0
    """Minutes after which a last checkpoint is written within an epoch too; 0 never does."""


class TrainingConfig(Section):
    """How long, on what, and how exactly."""

    epochs: PositiveInt = 10
    """Passes over the training images."""
    batch_size: PositiveInt = 128
    """Images in one step; the last batch of an epoch may be smaller."""
    evaluate_every: PositiveInt | Literal["epoch"] = "epoch"
    """Validation every so many steps, and at the end of each epoch in any case."""
    monitor: Monitor = "validation_accuracy"
    """Metric that decides which checkpoint is the best and when to stop early."""
    early_stopping: EarlyStopping = EarlyStopping()
    """When to give up before the last epoch."""
    checkpoint: CheckpointInterval = CheckpointInterval()
    """How often the run saves where it stands."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """Fixes weights, split, order and augmentation; drawn when the run starts if absent."""
    device: Device = "auto"
    """`auto` (the first CUDA device, else the CPU), `cpu`, `cuda`, `cuda:1`, `mps`."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of the forward pass; `auto` is bfloat16 on CUDA devices that have it."""
    memory_format: Literal["auto", "channels_last", "contiguous"] = "auto"
    """Layout of images in memory; `auto` is channels_last, the faster one on CPU and CUDA."""
    compile: bool = False
    """`torch.compile`: slower to start, often faster after."""


class RunConfig(Section):
    """Everything that determines a run."""

    data: DataConfig
    """Which images."""
    augmentation: tuple[AugmentationConfig, ...] = ()
    """Random changes to the training images, in this order; one alone needs no list."""
    model: ModelConfig
    """Architecture."""
    optimizer: OptimizerConfig = Adam()
    """How the weights follow the gradient."""
    fine_tuning: FineTuning = FineTuning()
    """Which parts of the model train, and how fast each does."""
    schedule: ScheduleConfig = NoSchedule()
    """How the learning rate changes over the run."""
    loss: LossConfig = CrossEntropy()
    """What is minimised."""
    training: TrainingConfig = TrainingConfig()
    """How long, on what, and how exactly."""
