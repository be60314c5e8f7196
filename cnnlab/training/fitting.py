"""Whether a config fits its images, told without images, weights or a run."""

from __future__ import annotations

from cnnlab.config.run import RunConfig
from cnnlab.data.resizing import size_after
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
    channels, *size = shape
    if config.data.resize is not None:
        size = list(size_after(config.data.resize, (shape[1], shape[2])))
    model = outline_model(config.model, (channels, size[0], size[1]), classes)
    fine_tune(model, config.fine_tuning)
