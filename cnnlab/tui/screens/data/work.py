"""Long work on data sets, one at a time: it says how far it is, and can be stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from cnnlab.errors import DataError
from cnnlab.home import Home

_PERCENT = re.compile(rb"(\d{1,3})(?:\.\d)?%")
_CHUNK = 4096
_SECONDS_TO_END = 5.0
_MESSAGE = b"cnnlab: "
"""What the command line begins an error with."""


class Stopped(Exception):  # noqa: N818 - it is no error
    """The user stopped the work."""


@dataclass
class Work:
    """Something that takes long; `progress` is called by its own thread, all else by others.

    Attributes:
        name: of the data set.
        aim: what it is then, such as `imported`.
        done, total: how far it is; the total is None where it is not known.
    """

    name: str
    aim: str
    what: str = ""
    done: int = 0
    total: int | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _process: subprocess.Popen[bytes] | None = None

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Takes note.

        Raises:
            Stopped: nobody wants it any more.
        """
        self.what, self.done, self.total = what, done, total
        if self._stop.is_set():
            raise Stopped

    def stop(self) -> None:
        """Ends it soon; what was stored before stays."""
        self._stop.set()
        self._interrupt()

    def download(self, home: Home, name: str, *, replace: bool) -> None:
        """Downloads a data set, in a process of its own.

        torchvision draws on the terminal and cannot be interrupted; there it does neither harm.

        Raises:
            DataError: it failed; the words are those of the process.
            Stopped: nobody wants it any more.
        """
        command = [sys.executable, "-m", "cnnlab", "data", "download", name]
        self._process = subprocess.Popen(
            command + ["--replace"] * replace,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "CNNLAB_HOME": str(home.root), "NO_COLOR": "1", "COLUMNS": "10000"},
            start_new_session=True,
        )
        if self._stop.is_set():
            self._interrupt()
        told = _listen(self._process, self._percent)
        if self._stop.is_set():
            raise Stopped
        if self._process.returncode:
            raise _failure(name, told)

    def _percent(self, percent: int) -> None:
        with suppress(Stopped):
            self.progress("downloading", percent, 100)

    def _interrupt(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        # As Ctrl-C does: then it takes the half of its files with it.
        process.send_signal(signal.SIGINT)
        threading.Thread(target=_see_to_its_end, args=(process,), daemon=True).start()


def _see_to_its_end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()


def _listen(process: subprocess.Popen[bytes], percent: Callable[[int], None]) -> bytes:
    """Reads what a process says until its end; tells each percentage, returns the last words."""
    told = b""
    if process.stderr is not None:
        while chunk := process.stderr.read1(_CHUNK):  # type: ignore[attr-defined]
            told = (told + chunk)[-_CHUNK:]
            found = _PERCENT.findall(chunk)
            if found:
                percent(min(int(found[-1]), 100))
        process.stderr.close()
    process.wait()
    return told


def _failure(name: str, told: bytes) -> DataError:
    """What the command line said, as the error that it was."""
    words = told.rpartition(_MESSAGE)[2].decode(errors="replace").strip()
    message, _, hint = words.partition("\n")
    if not message:
        return DataError(f"The data set {name} cannot be downloaded.")
    return DataError(message.strip(), hint.strip())
