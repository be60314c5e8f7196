"""The tab with the log of a run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from cnnlab.export.format import visible
from cnnlab.history.records import LogRecord
from cnnlab.tui.screens.result.tab import Page, ResultTab

_SIGNS = {"warning": "▲", "error": "×"}


class LogTab(ResultTab):
    """Each line with its time and level."""

    def compose(self) -> Iterable[Widget]:
        """One long text."""
        with Page():
            yield Static(classes="text")

    async def fill(self) -> None:
        """Shows all lines."""
        text = Text("\n").join([self._line(one) for one in self.facts.log])
        self.query_one(".text", Static).update(text if self.facts.log else "The log is empty.")

    def _line(self, one: LogRecord) -> Text:
        time = datetime.fromisoformat(one.logged_at).astimezone().strftime("%m-%d %H:%M:%S")
        colour = self.app.theme_variables.get(one.level, "")
        text = Text(f"{time}  ", style="dim")
        text.append(f"{_SIGNS.get(one.level, ' ')} {one.level:<8}", style=colour)
        return text.append(visible(one.message))
