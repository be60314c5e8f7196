"""The tab with the log of a run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rich.text import Text
from textual.widget import Widget

from cnnlab.export.format import visible
from cnnlab.history.records import LogRecord
from cnnlab.tui.screens.result.tab import Page, ResultTab, Row, Rows

_SIGNS = {"warning": "▲", "error": "×"}


class LogTab(ResultTab):
    """Each line with its time and level."""

    def compose(self) -> Iterable[Widget]:
        """One long text."""
        with Page():
            yield Rows()

    async def fill(self) -> None:
        """Shows all lines."""
        empty = (Text(), Text("The log is empty."))
        self.query_one(Rows).show([self._row(one) for one in self.facts.log] or [empty])

    def _row(self, one: LogRecord) -> Row:
        time = datetime.fromisoformat(one.logged_at).astimezone().strftime("%m-%d %H:%M:%S")
        colour = self.app.theme_variables.get(one.level, "")
        head = Text.assemble(
            (f"{time}  ", "dim"), (f"{_SIGNS.get(one.level, ' ')} {one.level:<8}", colour)
        )
        return head, Text(visible(one.message))
