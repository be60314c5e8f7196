"""Whether a config fits its images, told without images, weights or a run."""

from __future__ import annotations

import torch

from cnnlab.config.models import ModelConfig
from cnnlab.config.run import RunConfig
from cnnlab.data.resizing import size_after
from cnnlab.errors import ConfigError
from cnnlab.models.build import Shape, outline_model
from cnnlab.training.fine_tuning import fine_tune


def require_fit(config: RunConfig, shape: Shape, classes: int) -> None:
    """Outlines the model at the size it will see, and freezes the parts that will be frozen.

    Args:
        shape: channels, height and width of an image of the data set.
        classes: number of classes.

    Raises:
        ConfigError: a layer does not fit, a part does not exist, or nothing would train.
    """
    if config.data.resize is not None:
        shape = (shape[0], *size_after(config.data.resize, shape[1:]))
    model = outline_model(config.model, shape, classes)
    fine_tune(model, config.fine_tuning)


def require_trainable_on_one(config: ModelConfig, shape: Shape, classes: int) -> None:
    """Refuses a model whose batch normalisation would have a single value a channel.

    Args:
        config: the model.
        shape: channels, height and width of the images that it sees.
        classes: number of classes.

    Raises:
        ConfigError: a step on one image cannot be taken.
    """
    model = outline_model(config, shape, classes)
    try:
        model.train()(torch.empty(1, *shape, device="meta"))
    except ValueError as error:
        raise ConfigError(
            f"training.batch_size 1 leaves batch normalisation in the model {config.name} with one "
            "value a channel, from which it can take no variance.",
            "Take 2 or more.",
        ) from error
