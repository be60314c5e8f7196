"""From a config to a network that is known to fit its images."""

from __future__ import annotations

import torch
from torch import nn

from cnnlab.config.models import ModelConfig
from cnnlab.errors import ConfigError


def build_model(config: ModelConfig, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """The network that a config names, with fresh weights from torch's random state.

    Args:
        shape: channels, height and width of an image.
        classes: number of classes.

    Raises:
        ConfigError: the architecture does not fit images of this shape.
    """
    build = config.load()
    with torch.device("meta"):
        _check_output(build(shape, classes, **config.parameters()), config.name, shape, classes)
    model: nn.Module = build(shape, classes, **config.parameters())
    return model


def _check_output(
    model: nn.Module, name: str, shape: tuple[int, int, int], classes: int
) -> None:
    """Sends shapes without numbers through a network: costs nothing, finds every mismatch."""
    try:
        output = model.eval()(torch.empty(2, *shape, device="meta"))
    except RuntimeError as error:
        raise ConfigError(
            f"The model {name} does not fit images of {'x'.join(map(str, shape))}: "
            f"{str(error).splitlines()[0]}.",
            "Change the model's fields, or use another model.",
        ) from error
    if output.shape != (2, classes):
        raise ConfigError(f"The model {name} gives {tuple(output.shape)}, not (2, {classes}).")
