"""From a config to a network that is known to fit its images."""

from __future__ import annotations

import torch
from torch import nn

from cnnlab.config.models import ModelConfig
from cnnlab.errors import ConfigError

Shape = tuple[int, int, int]
"""Channels, height and width of an image."""


def build_model(config: ModelConfig, shape: Shape, classes: int) -> nn.Module:
    """The network that a config names, with fresh float32 weights from torch's random state.

    Args:
        config: the model and its parameters.
        shape: channels, height and width of an image.
        classes: number of classes.

    Raises:
        ConfigError: the architecture does not fit images of this shape, or its weights do not
            fit into memory.
    """
    outline = outline_model(config, shape, classes)
    try:
        model: nn.Module = config.load()(shape, classes, **config.parameters())
    except (RuntimeError, MemoryError) as error:
        size = sum(weights.numel() * weights.element_size() for weights in outline.parameters())
        raise ConfigError(
            f"The weights of the model {config.name} take {size / 2**30:,.1f} GiB, more than "
            "this machine has free.",
            f"Make it smaller; `cnnlab models show {config.name}` lists its fields.",
        ) from error
    return model


def outline_model(config: ModelConfig, shape: Shape, classes: int) -> nn.Module:
    """The same network on torch's meta device: every shape, no weights, at no cost.

    One image without numbers is sent through it, which finds every layer that does not fit.

    Args:
        config: the model and its parameters.
        shape: channels, height and width of an image.
        classes: number of classes.

    Raises:
        ConfigError: the architecture does not fit images of this shape.
    """
    build = config.load()
    try:
        with torch.device("meta"):
            model: nn.Module = build(shape, classes, **config.parameters())
            output = model.eval()(torch.empty(1, *shape))
    # A size beyond 64 bits is a TypeError in torch, any other mismatch a RuntimeError.
    except (RuntimeError, TypeError) as error:
        raise ConfigError(
            f"The model {config.name} does not fit images of {'x'.join(map(str, shape))}: "
            f"{str(error).splitlines()[0]}.",
            f"Change its fields (`cnnlab models show {config.name}`), or use another model.",
        ) from error
    if output.shape != (1, classes):
        raise ConfigError(
            f"The model {config.name} gives {tuple(output.shape)} for one image, "
            f"not (1, {classes})."
        )
    return model.train()
