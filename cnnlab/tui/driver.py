"""Textual's driver for a terminal that may go away while the app, or a training in it, goes on.

As it comes, Textual's writer thread ends at the first write that fails, and the app then waits for
it for ever; its input thread reads from the dead terminal without a pause; and the SIGCONT that the
kernel sends with a hang-up starts a second input thread.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any

from textual.drivers.linux_driver import LinuxDriver

from cnnlab.execution.terminal import SteadyStream


class SteadyDriver(LinuxDriver):
    """Draws on the terminal as long as there is one."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # A descriptor of its own: standard error may be moved to a file while the app draws.
        number = os.dup(sys.__stderr__.fileno()) if sys.__stderr__ is not None else 2
        stream = os.fdopen(number, "w", encoding="utf-8", errors="replace")
        self._file = SteadyStream(stream)  # type: ignore[assignment]
        self._stopped = False

    def leave(self) -> None:
        """Ends reading from a terminal that is gone; called on any thread."""
        self.exit_event.set()

    def run_input_thread(self) -> None:
        """Reads keys until the app ends, or the terminal: one that hangs up fails a read."""
        with suppress(OSError):
            super().run_input_thread()

    def _sigtstp_application(self, *arguments: Any) -> None:
        self._stopped = True
        super()._sigtstp_application(*arguments)

    def _sigcont_application(self, *arguments: Any) -> None:
        if self._stopped:
            self._stopped = False
            super()._sigcont_application(*arguments)
