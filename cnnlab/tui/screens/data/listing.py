"""The list of data sets, with a sign for where each is."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.binding import Binding

from cnnlab.export.format import format_bytes, one_line
from cnnlab.tui.screens.data.shelf import Entry
from cnnlab.tui.screens.data.words import SIGNS
from cnnlab.tui.widgets.table import Table

_NAME = 14
"""Columns of a name; longer ones are told whole beside the list."""
_SIZE = 8


class DatasetTable(Table):
    """One row a data set; the cursor holds on to names."""

    BINDINGS = [
        Binding("home", "scroll_top", "First", show=False),
        Binding("end", "scroll_bottom", "Last", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(cursor_type="row", show_header=False, cell_padding=1)
        self._entries: Sequence[Entry] = ()

    def on_mount(self) -> None:
        """Makes the columns."""
        for width in (1, _NAME, _SIZE):
            self.add_column("", width=width)

    @property
    def entry(self) -> Entry | None:
        """The one under the cursor."""
        return self._entries[self.cursor_row] if self._entries else None

    def show(self, entries: Sequence[Entry]) -> None:
        """Shows other data sets, or the same after a change."""
        name = self.entry.name if self.entry is not None else ""
        self._entries = entries
        self.clear()
        for entry in entries:
            size = format_bytes(entry.bytes) if entry.stored else ""
            self.add_row(
                Text(SIGNS[entry.place]),
                Text(one_line(entry.name), no_wrap=True, overflow="ellipsis"),
                Text(size, "dim", justify="right", no_wrap=True),
            )
        names = [entry.name for entry in entries]
        if name in names:
            self.move_cursor(row=names.index(name), animate=False)
