"""A real pseudo-terminal with a terminal emulator behind it: what a user sees of a program."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte
from waiting import SECONDS

KEYS = {"enter": "\r", "escape": "\x1b", "up": "\x1b[A", "down": "\x1b[B", "tab": "\t"}

_UNKNOWN = re.compile(rb"\x1b\[[<>=][0-9;]*[A-Za-z]|\x1b\[\?[0-9;]*\$p|\x1b\[\?[0-9;]*u")
"""Private sequences that pyte 0.8.2 takes for text."""
_UNFINISHED = re.compile(rb"\x1b(\[[<>=?]?[0-9;]*)?$")


class Terminal:
    """A program in a terminal of its own.

    Attributes:
        received: bytes that the program has sent so far.
        pid: the process of the program.
        status: the exit code once it is over, the negative signal where one ended it.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._rest = b""
        self.received = 0
        self.status: int | None = None
        self._closed = False
        kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
        variables = {**kept, "TERM": "xterm-256color", **(environment or {})}
        size = struct.pack("HHHH", rows, columns, 0, 0)
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            try:
                # Here, and not by the parent: the program may ask for it before that comes to it.
                fcntl.ioctl(0, termios.TIOCSWINSZ, size)
                os.execvpe(command[0], list(command), variables)
            finally:
                os._exit(127)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.hang_up()

    def hang_up(self) -> None:
        """Closes the terminal under the program, as a window is closed."""
        if not self._closed:
            os.close(self._master)
            self._closed = True

    def send(self, *keys: str) -> None:
        """Types keys: those with a name by it, other texts as they are."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def read(self, seconds: float) -> None:
        """Shows what comes in this time, or until the program is over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self._read_some(left):
            pass

    def wait_for(self, text: str | re.Pattern[str], seconds: float = SECONDS) -> float:
        """Reads until a text or pattern stands on the screen; returns the seconds that it took.

        Raises:
            AssertionError: it does not come in time; holds the screen.
        """
        begun = time.monotonic()
        pattern = re.compile(re.escape(text)) if isinstance(text, str) else text
        while not pattern.search(self.text()):
            left = begun + seconds - time.monotonic()
            if left <= 0 or not self._read_some(left):
                raise AssertionError(f"no {pattern.pattern!r} after {seconds} s on\n{self.text()}")
        return time.monotonic() - begun

    def wait(self, seconds: float = SECONDS) -> int:
        """Waits for the program's end; returns its exit code."""
        end = time.monotonic() + seconds
        while self.status is None:
            if time.monotonic() > end:
                raise AssertionError(f"not over after {seconds} s:\n{self.text()}")
            self._read_some(0.05)
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def text(self) -> str:
        """The screen, as lines without blanks at their ends."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def _read_some(self, seconds: float) -> bool:
        """Shows what comes first; False once the program has closed the terminal."""
        ready, _, _ = select.select([self._master], [], [], min(seconds, 0.5))
        if not ready:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux ends a pseudo-terminal's output with EIO
            data = b""
        if not data:
            time.sleep(0.01)
            return False
        self.received += len(data)
        data = self._rest + data
        unfinished = _UNFINISHED.search(data)
        self._rest = unfinished.group() if unfinished else b""
        self._stream.feed(_UNKNOWN.sub(b"", data[: len(data) - len(self._rest)]))
        return True
