"""What calls cost against each other, in one process: machines differ, and others work on them."""

from __future__ import annotations

import time
from collections.abc import Callable


def cpu_seconds(call: Callable[[], object], times: int = 3) -> float:
    """Seconds of this thread's processor time that a call takes, the least of some calls.

    What others do on the machine meanwhile does not count. Only good to be held against another
    such figure of the same run.
    """
    taken = []
    for _ in range(times):
        begun = time.thread_time()
        call()
        taken.append(time.thread_time() - begun)
    return min(taken)
