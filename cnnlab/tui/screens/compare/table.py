"""A table that shows a sheet, and changes only where the sheet has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.coordinate import Coordinate

from cnnlab.tui.screens.compare.sheets import Cell, Sheet, Tone
from cnnlab.tui.widgets.table import Table


class SheetTable(Table):
    """Shows a sheet; its first column stays when the others scroll."""

    BINDINGS = [Binding("enter", "select_cursor", "Select", show=False)]
    COMPONENT_CLASSES = {"sheet--muted", "sheet--good", "sheet--bad", "sheet--best"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as all widgets name it
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, cell_padding=1)
        self._sheet: Sheet | None = None

    def on_mount(self) -> None:
        """Takes the colours of a new theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._refill())

    def show(self, sheet: Sheet) -> None:
        """Shows another sheet; the cursor stays in its place."""
        if sheet == self._sheet:
            return
        self._sheet = sheet
        self._refill()

    def action_page_down(self) -> None:
        """Goes a page down, or scrolls the words below where all rows are seen."""
        self._page(super().action_page_down, 1)

    def action_page_up(self) -> None:
        """Goes a page up, or scrolls the words below where all rows are seen."""
        self._page(super().action_page_up, -1)

    def _page(self, page: Callable[[], None], by: int) -> None:
        if self.max_scroll_y:
            page()
        else:
            self.call_later(self.run_action, f"screen.scroll_words({by})")

    def _refill(self) -> None:
        sheet = self._sheet
        if sheet is None:
            return
        at, scroll = self.cursor_coordinate, self.scroll_offset
        self.clear(columns=True)
        for column in sheet.columns:
            self.add_column(self._text(column))
        self.add_rows([self._text(cell) for cell in row] for row in sheet.rows)
        self.fixed_columns = min(1, len(sheet.columns))
        if sheet.rows:
            row = min(at.row, len(sheet.rows) - 1)
            self.cursor_coordinate = Coordinate(row, min(at.column, len(sheet.columns) - 1))
        self.scroll_to(scroll.x, scroll.y, animate=False)

    def _text(self, cell: Cell) -> Text:
        justify: Literal["left", "right"] = "right" if cell.number else "left"
        return Text(cell.text, self._style(cell.tone), justify=justify, no_wrap=True)

    def _style(self, tone: Tone) -> Style:
        if not tone:
            return Style.null()
        return self.get_component_rich_style(f"sheet--{tone}", partial=True)
