"""A table that is as wide as what stands in it, whenever it is drawn."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.widgets import DataTable

from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.keys import CELLS


class Table(Sturdy, DataTable[Text]):
    """A table of the screens.

    Textual measures new rows when the table is idle, and keeps the lines that were drawn before
    with their columns cut to the width of the headings. Here they are drawn anew once measured.
    """

    BINDINGS = [*CELLS]

    async def _on_idle(self, event: events.Idle) -> None:
        before = self._widths
        # Textual calls those of all base classes after this one; its own then finds nothing left.
        await super()._on_idle(event)
        if self._widths != before:
            self.notify_style_update()

    @property
    def _widths(self) -> list[int]:
        return [column.content_width for column in self.ordered_columns]
