"""Figures of steps that are drained together."""

from __future__ import annotations

import random

from cnnlab.training.meter import Stretch


def stretch(losses: list[float]) -> Stretch:
    count = len(losses)
    return Stretch(tuple(losses), (1,) * count, (7,) * count, (0.1,) * count, 1.0)


def test_the_sum_of_losses_does_not_depend_on_when_they_were_drained() -> None:
    chance = random.Random(3)
    losses = [chance.uniform(0, 3) * 10 ** chance.randint(-9, 0) for _ in range(500)]
    whole = stretch(losses).added_to(0.0)
    for size in (1, 7, 200):
        loss_sum = 0.0
        for first in range(0, len(losses), size):
            loss_sum = stretch(losses[first : first + size]).added_to(loss_sum)
        assert loss_sum == whole
