"""The optimizers, learning-rate schedules and losses a config can name: one module each.

To add one is to add its class to a module here and to that module's union. Names and defaults
are PyTorch's.
"""

from cnnlab.config.optimization.losses import BalancedCrossEntropy, CrossEntropy, LossConfig
from cnnlab.config.optimization.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    OptimizerConfig,
    RMSprop,
)
from cnnlab.config.optimization.schedules import (
    CosineSchedule,
    ExponentialSchedule,
    MultiStepSchedule,
    NoSchedule,
    OneCycleSchedule,
    PlateauSchedule,
    ScheduleConfig,
    StepSchedule,
)

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "BalancedCrossEntropy",
    "CosineSchedule",
    "CrossEntropy",
    "ExponentialSchedule",
    "LossConfig",
    "MultiStepSchedule",
    "NoSchedule",
    "OneCycleSchedule",
    "OptimizerConfig",
    "PlateauSchedule",
    "RMSprop",
    "ScheduleConfig",
    "StepSchedule",
]
