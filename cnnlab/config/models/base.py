"""What the configs of all architectures have in common."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, PositiveInt

from cnnlab.config.component import Component

Activation = Literal["relu", "leaky-relu", "elu", "gelu", "silu", "tanh", "sigmoid"]
Dropout = Annotated[float, Field(ge=0, lt=1)]
NotNegative = Annotated[int, Field(ge=0)]
Layers = Annotated[int, Field(ge=1, le=16)]
ImageShape = tuple[int, int, int]
Widths = PositiveInt | tuple[PositiveInt, ...]
"""One width for every linear layer but the last, or one entry a layer."""


def _from_text(value: Any) -> Any:
    """A number for a text of digits, as `--set` gives it; a choice of numbers takes no text."""
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}", value) else value


NumberFromText = BeforeValidator(_from_text)
"""For a field that is a choice of numbers."""


class Architecture(Component):
    """A model a config can name."""

    usual_shape: ClassVar[ImageShape]
    """Channels, height and width of the images it was made for."""


def check_widths(field: str, widths: Widths, linear_layers: int) -> None:
    """Refuses a list that has not one entry for each linear layer before the last.

    Raises:
        ValueError: it has more or fewer.
    """
    if isinstance(widths, tuple) and len(widths) != linear_layers - 1:
        raise ValueError(
            f"{field} needs one width for each linear layer before the last: "
            f"{linear_layers - 1}, not {len(widths)}"
        )
