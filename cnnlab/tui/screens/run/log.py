"""The log of a run: the newest line last, and in sight unless one has scrolled away from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from cnnlab.export.format import visible
from cnnlab.history.records import LogRecord
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.keys import SCROLL

_MOST = 500
"""Older lines are on the Result screen."""
_SIGNS = {"warning": "▲ ", "error": "× "}


class LogView(Sturdy, VerticalScroll):
    """The last lines of a log."""

    BINDINGS = [*SCROLL]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as all widgets name it
        super().__init__(id=id)
        self._shown: Sequence[LogRecord] = ()

    def compose(self) -> ComposeResult:
        """The lines."""
        yield Static("")

    def show(self, lines: Sequence[LogRecord]) -> None:
        """Shows a log; follows it where its end was in sight."""
        if list(lines) == list(self._shown):
            return
        self._shown = tuple(lines)
        at_end = self.is_vertical_scroll_end
        self._draw()
        if at_end:
            self.scroll_end(animate=False)

    def on_mount(self) -> None:
        """Takes the colours of a new theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def _draw(self) -> None:
        text = Text("\n").join([self._line(one) for one in self._shown[-_MOST:]])
        self.query_one(Static).update(text)

    def on_show(self) -> None:
        """Begins with the newest line."""
        self.scroll_end(animate=False)

    def _line(self, one: LogRecord) -> Text:
        time = datetime.fromisoformat(one.logged_at).astimezone().strftime("%H:%M:%S")
        colour = self.app.theme_variables.get(one.level, "")
        line = Text(f"{time}  ", "dim")
        line.append(_SIGNS.get(one.level, ""), colour)
        return line.append(visible(one.message), colour if one.level in _SIGNS else "not dim")
