"""What curves are drawn of, and against: words that need no arrays."""

from __future__ import annotations

from typing import Literal

Quantity = Literal["loss", "accuracy", "lr"]
QUANTITIES: tuple[Quantity, ...] = ("loss", "accuracy", "lr")
By = Literal["step", "epoch", "time"]
BYS: tuple[By, ...] = ("step", "epoch", "time")
"""What curves can be drawn against: updates, fractions of epochs, or seconds of training."""
