"""Losses and accuracies of the steps, kept on the device until they are drained together.

Reading a number from the device waits for it; doing that at each step makes a small network
noticeably slower, so the numbers stay there and are read a few times a second.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor

DRAIN_SECONDS = 0.25
"""How long figures may stay on the device."""


@dataclass(frozen=True)
class Stretch:
    """Consecutive steps that were drained together; one entry a step."""

    losses: tuple[float, ...]
    correct: tuple[int, ...]
    sizes: tuple[int, ...]
    lrs: tuple[float, ...]
    seconds: float

    @property
    def images(self) -> int:
        """Number of images in these steps."""
        return sum(self.sizes)

    @property
    def accuracies(self) -> tuple[float, ...]:
        """Share of correct answers in each step's batch."""
        return tuple(right / size for right, size in zip(self.correct, self.sizes, strict=True))

    def added_to(self, loss_sum: float) -> float:
        """A sum of losses over images with those of these steps.

        One by one: the sum must not depend on when the steps were drained.
        """
        for loss, size in zip(self.losses, self.sizes, strict=True):
            loss_sum += loss * size
        return loss_sum


class StepMeter:
    """Collects the figures of the steps and the time they took."""

    def __init__(self) -> None:
        self._losses: list[Tensor] = []
        self._correct: list[Tensor] = []
        self._sizes: list[int] = []
        self._lrs: list[float] = []
        self._started = time.perf_counter()

    def restart_clock(self) -> None:
        """Forgets the time since the last drain, which went into something else."""
        self._started = time.perf_counter()

    def add(self, loss: Tensor, correct: Tensor, size: int, lr: float) -> None:
        """Notes one step: its mean loss and number of correct answers stay on the device."""
        self._losses.append(loss)
        self._correct.append(correct)
        self._sizes.append(size)
        self._lrs.append(lr)

    def is_due(self) -> bool:
        """Whether figures have waited long enough."""
        return time.perf_counter() - self._started >= DRAIN_SECONDS

    def drain(self) -> Stretch | None:
        """Reads what was collected since the last drain; None if there is nothing."""
        if not self._sizes:
            return None
        losses = torch.stack(self._losses).float().tolist()
        correct = torch.stack(self._correct).tolist()
        # Reading waits for the device, so the clock is read after it.
        seconds = time.perf_counter() - self._started
        stretch = Stretch(
            tuple(losses), tuple(correct), tuple(self._sizes), tuple(self._lrs), seconds
        )
        self._losses, self._correct, self._sizes, self._lrs = [], [], [], []
        self._started = time.perf_counter()
        return stretch
