"""What the display of a run makes of its events."""

from __future__ import annotations

import time

import pytest
from history.samples import STARTED

from cnnlab.cli.progress import Figures
from cnnlab.events import StepsFinished


@pytest.mark.parametrize("before", [0, 5])
def test_the_time_left_is_that_of_the_pace_since_the_run_went_on(before: int) -> None:
    figures = Figures()
    figures.take(STARTED)
    figures.started = begun = time.monotonic() - 20
    figures.take(StepsFinished(1, before + 1, (1.0,) * 2, (0.5,) * 2, (0.1,) * 2, 100.0))
    left = figures.total_steps - before - 2
    told = figures.seconds_left
    longest = (time.monotonic() - begun) / 2 * left
    assert told is not None
    # Two steps in twenty seconds, and in what this test takes besides.
    assert 10 * left - 1e-6 <= told <= longest
