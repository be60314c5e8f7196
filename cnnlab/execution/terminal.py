"""A process that trains outlives its terminal, and ends in order when the machine is taken back.

A line that drops sends SIGHUP, then makes every write fail and every read come back empty. Here
SIGHUP is ignored, the hang-up is noticed with `poll`, and the standard streams are moved to the
null device and to the log of the home, so that nothing spins on a terminal that is gone.

Limits: Unix. What a machine does with the processes of a session that ended, such as systemd's
`KillUserProcesses`, is its administrator's choice.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self

from cnnlab.errors import StorageError
from cnnlab.home import Home, make_folder, open_log
from cnnlab.signals import answered

TERMINATED = 143
"""Exit code after SIGTERM, as shells have it."""


class SteadyStream:
    """A text stream to a terminal on which writing never fails because the terminal is gone."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes a text, or drops it."""
        with _nothing_if_gone():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Sends what waits, or drops it."""
        with _nothing_if_gone():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _nothing_if_gone() -> Iterator[None]:
    """Passes over the error of a terminal that hung up; a pipe that nobody reads is one still."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EIO:
            raise


class TerminalGuard:
    """While it is entered, on the main thread, the process outlives its terminal.

    Args:
        home: its log takes what is written after the terminal is gone.
        leave: called once, on another thread, when the terminal is gone; from then on it must be
            neither read nor drawn on.

    Attributes:
        gone: set when the process has no terminal any more.
    """

    def __init__(self, home: Home, leave: Callable[[], None]) -> None:
        self.gone = threading.Event()
        self._home = home
        self._leave = leave
        self._watcher: threading.Thread | None = None

    def __enter__(self) -> Self:
        # Ignored, not handled: that is inherited by the workers that load images, too.
        self._before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self._streams = sys.stdout, sys.stderr
        terminal = next((number for number in (0, 1, 2) if _is_terminal(number)), None)
        if terminal is not None:
            sys.stdout, sys.stderr = SteadyStream(sys.stdout), SteadyStream(sys.stderr)
            self._done, self._end = os.pipe()
            self._watcher = threading.Thread(
                target=self._watch, args=(os.dup(terminal),), name="terminal-guard", daemon=True
            )
            self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._watcher is not None:
            os.close(self._end)
            self._watcher.join()
        sys.stdout, sys.stderr = self._streams
        if not self.gone.is_set():
            signal.signal(signal.SIGHUP, self._before)

    def _watch(self, terminal: int) -> None:
        """Waits for the hang-up; needs neither a signal nor the main thread, which may be stuck."""
        poller = select.poll()
        poller.register(terminal, 0)
        poller.register(self._done, 0)
        ready = {number for number, _ in poller.poll()}
        if terminal in ready:
            self._leave()
            self._move_streams()
            self.gone.set()
        os.close(terminal)
        os.close(self._done)

    def _move_streams(self) -> None:
        with Path(os.devnull).open("r+b", buffering=0) as null:
            for number in (0, 1, 2):
                os.dup2(null.fileno(), number)
        with suppress(OSError, StorageError):
            make_folder(self._home.root)
            with open_log(self._home.log) as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)


def _is_terminal(number: int) -> bool:
    try:
        return os.isatty(number)
    except OSError:
        return False


@contextmanager
def on_termination(end: Callable[[], None]) -> Iterator[None]:
    """Answers SIGTERM, by which a scheduler takes the machine back, with a call of `end`.

    On the main thread. By `signal`, not by an event loop, which may be stuck on a stalled terminal.
    """

    def answer(_number: int, _frame: object) -> None:
        end()

    with answered((signal.SIGTERM,), answer):
        yield
