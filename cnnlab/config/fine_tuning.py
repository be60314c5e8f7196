"""Fine-tuning: which parts of a model train, and how fast each does."""

from __future__ import annotations

from pydantic import Field, PositiveFloat

from cnnlab.config.component import Section


class FineTuning(Section):
    """Which parts of the model train, and how fast each does.

    A model's description names its parts; those of any other model are `body` and `head`, its
    last linear layer.
    """

    parts: tuple[str, ...] = ()
    """Parts that train, or one of them alone; the others are frozen. Empty: all train."""
    lr: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Learning rate of a part; `optimizer.lr` is that of all others."""
    frozen_statistics: bool = True
    """Whether batch normalisation in frozen parts keeps its running mean and variance; if not,
    they go on adapting to the images."""
