"""Waiting for what another thread or process brings about."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any

SECONDS = 600
"""The longest wait; far more than anything takes, so that only what never comes is a failure."""
NO_PROCESS = 2**22 + 1
"""A number beyond those of processes (Linux): that of one that has ended may be another's soon."""


def wait_until(
    holds: Callable[[], object],
    what: str = "it",
    *,
    seconds: float = SECONDS,
    see: Callable[[], object] = lambda: None,
) -> None:
    """Waits until something holds.

    Args:
        what: what comes then, for the message where it does not.
        see: is called before each look; raises where waiting is in vain.

    Raises:
        AssertionError: it does not come in time.
    """
    end = time.monotonic() + seconds
    while not holds():
        try:
            see()
        except AssertionError:
            # It may have come since, and what brought it about have ended.
            if holds():
                return
            raise
        assert time.monotonic() < end, f"{what} did not come in {seconds} seconds"
        time.sleep(0.02)


def still_runs(process: subprocess.Popen[Any]) -> None:
    """Raises an assertion error, with what a process said, where it has ended."""
    assert process.poll() is None, process.communicate()
