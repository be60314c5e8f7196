"""A command of cnnlab that a process of its own carries out for a screen.

torch's global random state belongs to the run that trains in the process of the screens; what is
measured there would not be true of a run alone; and a process can be ended when nobody waits for
its answer any more. It never draws on the terminal, and no key of the terminal reaches it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from cnnlab.errors import CnnlabError
from cnnlab.home import Home

_CHUNK = 4096
_SECONDS_TO_END = 5.0
"""How long a process that is interrupted may take to clear up."""
_NICENESS = 10
_ERROR = "cnnlab: "
"""What the command line begins an error with."""
_PLAIN = {"NO_COLOR": "1", "COLUMNS": "10000", "PYTHONUTF8": "1"}
_COLOURED = ("FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
"""What makes programs write colours where there is no terminal."""


class Stopped(Exception):  # noqa: N818 - it is no error
    """Nobody wants the work any more, and it was ended."""


def unheard(_words: str) -> None:
    """Listens to nothing."""


class OwnProcess:
    """One command; `answer` waits for its end, `interrupt` and `kill` end it from other threads.

    Args:
        gives_way: whether the machine does everything else first.
        heard: takes what it writes to standard error, in pieces as they come.
    """

    def __init__(
        self,
        home: Home,
        *,
        gives_way: bool = False,
        heard: Callable[[str], None] = unheard,
    ) -> None:
        self._home = home
        self._gives_way = gives_way
        self._heard = heard
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def answer(self, command: Sequence[str]) -> str:
        """What a command writes to standard output; to be asked for once.

        Args:
            command: the arguments of `cnnlab`.

        Raises:
            Stopped: it was ended before it was done.
            CnnlabError: it failed; the words are its own.
        """
        process = self._start(command)
        written: list[bytes] = []
        reading = threading.Thread(target=_read, args=(process, written), daemon=True)
        reading.start()
        said = self._listen(process)
        reading.join()
        process.wait()
        if process.returncode:
            raise Stopped if self._stopped else _failure(said)
        return b"".join(written).decode("utf-8", "replace")

    def interrupt(self) -> None:
        """Ends it as Ctrl-C does, so that it takes what it has half written with it."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is not None and process.poll() is None:
            _signal(process, signal.SIGINT)
            threading.Thread(target=_see_to_its_end, args=(process,), daemon=True).start()

    def kill(self) -> None:
        """Ends it at once, with all that it started."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is not None and process.poll() is None:
            _signal(process, signal.SIGKILL)

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise Stopped
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "cnnlab", *command],
                env=_environment(self._home),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        if self._gives_way:
            _give_way(process.pid)
        return process

    def _listen(self, process: subprocess.Popen[bytes]) -> str:
        """Passes on what the process says until its end; returns the last of it."""
        said = b""
        if process.stderr is not None:
            with process.stderr as stream:
                while chunk := stream.read1(_CHUNK):  # type: ignore[attr-defined]
                    said = (said + chunk)[-_CHUNK:]
                    self._heard(chunk.decode("utf-8", "replace"))
        return said.decode("utf-8", "replace")


def _environment(home: Home) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _COLOURED}
    return {**inherited, **_PLAIN, "CNNLAB_HOME": str(home.root)}


def _read(process: subprocess.Popen[bytes], written: list[bytes]) -> None:
    if process.stdout is not None:
        with process.stdout as stream:
            written.append(stream.read())


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """It has a session of its own, so the group is it and what it started."""
    with suppress(OSError):
        os.killpg(process.pid, number)


def _see_to_its_end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)


def _give_way(pid: int) -> None:
    import psutil

    with suppress(psutil.Error, OSError):
        psutil.Process(pid).nice(_NICENESS)


def _failure(said: str) -> CnnlabError:
    """What the command line said at its end, as the error that it was."""
    message, _, hint = said.rpartition(_ERROR)[2].strip().partition("\n")
    return CnnlabError(message.strip() or "The process ended without a word.", hint.strip())
