"""Long work on data sets, one at a time: it says how far it is, and can be stopped."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field

from cnnlab.home import Home
from cnnlab.tui.own_process import OwnProcess, Stopped

_PERCENT = re.compile(r"(\d{1,3})(?:\.\d)?%")


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
    _process: OwnProcess | None = None

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
        if self._process is not None:
            self._process.interrupt()

    def download(self, home: Home, name: str, *, replace: bool) -> None:
        """Downloads a data set, in a process of its own.

        torchvision draws on the terminal and cannot be interrupted; there it does neither harm.

        Raises:
            CnnlabError: it failed; the words are those of the process.
            Stopped: nobody wants it any more.
        """
        command = ["data", "download", name, *["--replace"] * replace]
        self._process = OwnProcess(home, heard=self._hear)
        if self._stop.is_set():
            self._process.interrupt()
        self._process.answer(command)

    def _hear(self, said: str) -> None:
        found = _PERCENT.findall(said)
        if found:
            with suppress(Stopped):
                self.progress("downloading", min(int(found[-1]), 100), 100)
