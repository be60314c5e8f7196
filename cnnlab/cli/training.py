"""A run on the console: built, shown while it trains, stopped with Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cnnlab.cli.console import err
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.cli.progress import Display, Overall
    from cnnlab.execution.requests import RunRequest
    from cnnlab.execution.runner import RunThread

STOPPED = 130
"""Exit code after Ctrl-C, as shells have it for SIGINT."""


def prepare(
    home: Home, request: RunRequest, overall: Overall | None = None
) -> tuple[RunThread, Display]:
    """Checks what is cheap to check, then loads torch and the images, and builds the run.

    Args:
        overall: where the run stands among others that are trained in a row.

    Raises:
        CnnlabError: the run cannot be trained as it is asked for; nothing was started.
    """
    from cnnlab.data import library

    library.check_name(home, request.config.data.name)
    with err().status("Loading PyTorch and the images…"):
        from cnnlab.cli.progress import make_display
        from cnnlab.execution.runner import prepare_run

        dataset = library.require(home, request.config.data.name)
        thread = prepare_run(home, request, dataset)
    hardware = thread.trainer.parts.hardware
    title = f"{thread.run_name} ({thread.run_id}) on {hardware.device} ({hardware.name})"
    display = make_display(err(), title, overall)
    thread.listener = display.on_event
    return thread, display


def watch(thread: RunThread, display: Display) -> None:
    """Trains a prepared run to its ending and shows how far it is."""
    with display, _stop_on_interrupt(thread, display):
        thread.start()
        while thread.is_alive():
            thread.join(0.1)


@contextmanager
def _stop_on_interrupt(thread: RunThread, display: Display) -> Iterator[None]:
    """Ctrl-C once asks the run to stop, twice ends the process at once."""

    def on_interrupt(_number: int, _frame: object) -> None:
        if thread.trainer.stop.is_set():
            thread.abandon()
            sys.stderr.write(f"\nStopped at once; see `cnnlab runs show {thread.run_id}`.\n")
            sys.stderr.flush()
            os._exit(STOPPED)
        thread.request_stop()
        display.say("Stopping after this step; press Ctrl-C again to stop at once.")

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
