"""The line below each screen: what trains now, on what, and which home it goes to."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from cnnlab.export.format import one_line
from cnnlab.history.live import live_runs
from cnnlab.history.records import RunRecord
from cnnlab.history.watch import Watch
from cnnlab.home import shortened
from cnnlab.tui.sturdy import Sturdy

SECONDS = 1.0
"""Between two looks at the history; a screen that nobody sees does not look."""


class StatusLine(Sturdy, Static):
    """Running and waiting runs at the left, device and home at the right."""

    def __init__(self) -> None:
        super().__init__("")
        self._watch: Watch | None = None
        self._runs: list[RunRecord] = []
        self._shown: tuple[object, ...] = ()

    def on_mount(self) -> None:
        """Begins to look."""
        self._watch = Watch(self.lab.session.home)
        self._look()
        self.set_interval(SECONDS, self._look)

    def on_unmount(self) -> None:
        """Gives the connection back."""
        if self._watch is not None:
            self._watch.close()

    def on_resize(self) -> None:
        """Fills the new width."""
        self._shown = ()
        self._look()

    def _look(self) -> None:
        if self._watch is None or not self.screen.is_current:
            return
        session = self.lab.session
        if self._watch.changed():
            with session.reading() as reader:
                self._runs = live_runs(reader)
        shown = (
            self._training(),
            session.queue.activity,
            session.queue.waiting,
            self.lab.exports.words,
            self.size.width,
        )
        if shown != self._shown:
            self._shown = shown
            self.update(self._line())

    def _training(self) -> str:
        """The running run in words, and how many more there are."""
        if not self._runs:
            return ""
        run = self._runs[0]
        more = f" and {len(self._runs) - 1} more" if len(self._runs) > 1 else ""
        sign = "‖" if run.status == "paused" else "▶"
        epoch = min(run.epochs_done + 1, run.epochs_planned)
        return f"{sign} {one_line(run.name)} epoch {epoch}/{run.epochs_planned}{more}"

    def _line(self) -> Text:
        session = self.lab.session
        waiting = len(session.queue.waiting)
        parts = [
            self._training() or ("" if session.queue.activity else "nothing trains"),
            session.queue.activity,
            f"{waiting} waiting" if waiting else "",
            self.lab.exports.words,
        ]
        left = " · ".join(part for part in parts if part)
        machine, home = session.machine.name, one_line(shortened(session.home.root))
        for right in (f"{machine} · {home}", machine, ""):
            gap = self.size.width - 2 - Text(left).cell_len - Text(right).cell_len
            if gap >= 2:
                break
        line = Text(left, no_wrap=True, overflow="ellipsis")
        return line.append(" " * max(gap, 1)).append(right, "dim")
