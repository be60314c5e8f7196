"""Python's garbage collector, kept away from what stays anyway."""

from __future__ import annotations

import atexit
import gc


def spare_what_is_loaded() -> None:
    """Takes all that is there out of garbage collection until the process ends.

    Half a million objects of libraries, looked through at each full collection, would keep the
    screens waiting half a second each time.
    """
    gc.freeze()
    # A library that counts what is left at the end would complain.
    atexit.unregister(gc.unfreeze)
    atexit.register(gc.unfreeze)
