"""What the configs of all architectures have in common."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cnnlab.config.component import Component

Activation = Literal["relu", "leaky-relu", "elu", "gelu", "silu", "tanh", "sigmoid"]
Dropout = Annotated[float, Field(ge=0, lt=1)]
NotNegative = Annotated[int, Field(ge=0)]
Layers = Annotated[int, Field(ge=1, le=16)]
ImageShape = tuple[int, int, int]


class Architecture(Component):
    """A model a config can name."""

    usual_shape: ClassVar[ImageShape]
    """Channels, height and width of the images it was made for."""
