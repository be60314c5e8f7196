"""A confusion matrix as a heat map: true classes in rows, predicted ones in columns.

Each cell has its number, so the colours only help the eye. Correct answers and mistakes have a
scale each: a few mistakes among thousands of correct answers would have no colour otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.color import Color
from textual.geometry import Region, Size, Spacing
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cnnlab.export.format import one_line
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.keys import CELLS

_LONGEST_LABEL = 16
_WIDEST_CELL = 9


class HeatMap(Sturdy, ScrollView, can_focus=True):
    """A matrix of counts with a cursor; posts `Moved` and `Opened`."""

    DEFAULT_CSS = """
    HeatMap { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }
    """
    BINDINGS = [
        *CELLS,
        Binding("up", "cursor_up", "Up", show=False),
        Binding("down", "cursor_down", "Down", show=False),
        Binding("left", "cursor_left", "Left", show=False),
        Binding("right", "cursor_right", "Right", show=False),
        Binding("home", "scroll_top", "First", show=False),
        Binding("end", "scroll_bottom", "Last", show=False),
        Binding("enter", "open", "Images", tooltip="Show the images of this cell"),
    ]

    class Moved(Message):
        """The cursor is at another cell, or the matrix is another one."""

        def __init__(self, true: int, predicted: int) -> None:
            super().__init__()
            self.true = true
            self.predicted = predicted

    class Opened(Message):
        """The images of a cell are asked for."""

        def __init__(self, true: int, predicted: int) -> None:
            super().__init__()
            self.true = true
            self.predicted = predicted

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self._matrix: Sequence[Sequence[int]] = ()
        self._sums: list[int] = []
        self._most_wrong = 0.0
        self._percent = False
        self._label, self._cell = 1, 1
        self._row, self._column = 0, 0

    def show(
        self, names: Sequence[str], matrix: Sequence[Sequence[int]], *, percent: bool = False
    ) -> None:
        """Shows a matrix; the cursor stays.

        Args:
            names: of the classes.
            matrix: images by true class and predicted class.
            percent: whether cells show shares of their row.
        """
        self._names = tuple(one_line(name) for name in names)
        self._matrix, self._percent = matrix, percent
        self._sums = [sum(row) for row in matrix]
        shares = (
            self._share(row, column)
            for row in range(len(matrix))
            for column in range(len(matrix))
            if row != column
        )
        self._most_wrong = max(shares, default=0.0)
        self._measure()
        self._go(self._row, self._column)

    def on_resize(self) -> None:
        """Gives the cells the room that there is."""
        self._measure()

    def _measure(self) -> None:
        """Settles the widths: the cells as wide as fits, up to the names above them."""
        count = len(self._matrix)
        if not count:
            return
        longest = max(Text(name).cell_len for name in self._names)
        self._label = min(longest, _LONGEST_LABEL) + 1
        numbers = 4 if self._percent else len(str(max(map(max, self._matrix))))
        room = (self.size.width - self._label) // count
        self._cell = max(numbers + 2, min(room, longest + 2, _WIDEST_CELL))
        self.virtual_size = Size(self._label + count * self._cell, 1 + count)
        self.refresh()

    def _share(self, row: int, column: int) -> float:
        return self._matrix[row][column] / max(self._sums[row], 1)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """The names of the columns, or a row of the matrix as far as it is in sight."""
        base = self.rich_style
        width = self.size.width
        row = y - 1 + self.scroll_offset.y
        if not self._matrix or (y and row >= len(self._matrix)):
            return Strip.blank(width, base)
        first = self.scroll_offset.x // self._cell
        visible = range(first, min(first + width // self._cell + 2, len(self._matrix)))
        if y == 0:
            label = Segment(" " * self._label, base)
            cells = [self._heading(column, base) for column in visible]
        else:
            strong = Style(bold=True) if row == self._row else Style()
            label = Segment(_fit(self._names[row], self._label, right=False), base + strong)
            cells = [self._number(row, column, base) for column in visible]
        offset = self.scroll_offset.x - first * self._cell
        seen = Strip(cells).crop(offset, offset + width - self._label)
        return Strip([label, *seen]).adjust_cell_length(width, base)

    def _heading(self, column: int, base: Style) -> Segment:
        strong = Style(bold=True) if column == self._column else Style(dim=True)
        return Segment(_fit(self._names[column], self._cell), base + strong)

    def _number(self, row: int, column: int, base: Style) -> Segment:
        count = self._matrix[row][column]
        text = self._text(row, column)
        heat = self._heat(row, column)
        style = base + Style(color=heat.get_contrast_text().rich_color, bgcolor=heat.rich_color)
        if (row, column) == (self._row, self._column):
            # Brackets: the cursor must be seen without colours too.
            return Segment(f"[{text}]".rjust(self._cell), style + Style(bold=True, reverse=True))
        if not count:
            style = base + Style(bgcolor=heat.rich_color, dim=True)
        return Segment(f"{text} ".rjust(self._cell), style)

    def _text(self, row: int, column: int) -> str:
        count = self._matrix[row][column]
        if not count:
            return "·"
        if not self._percent:
            return str(count)
        share = 100 * self._share(row, column)
        return f"{share:.1f}" if share < 99.95 else "100"

    def _heat(self, row: int, column: int) -> Color:
        colours = self.app.theme_variables
        background = Color.parse(colours["background"])
        share = self._share(row, column)
        if row == column:
            return background.blend(Color.parse(colours["primary"]), 0.75 * share)
        strength = 0.85 * share / self._most_wrong if self._most_wrong else 0.0
        return background.blend(Color.parse(colours["error"]), strength)

    # Moving

    def _go(self, row: int, column: int) -> None:
        count = len(self._matrix)
        if not count:
            return
        self._row = max(0, min(row, count - 1))
        self._column = max(0, min(column, count - 1))
        cell = Region(self._label + self._column * self._cell, 1 + self._row, self._cell, 1)
        self.scroll_to_region(
            cell, spacing=Spacing(1, 0, 0, self._label), animate=False, force=True
        )
        self.refresh()
        self.post_message(self.Moved(self._row, self._column))

    def action_cursor_up(self) -> None:
        """Goes to the row above."""
        self._go(self._row - 1, self._column)

    def action_cursor_down(self) -> None:
        """Goes to the row below."""
        self._go(self._row + 1, self._column)

    def action_cursor_left(self) -> None:
        """Goes to the column before."""
        self._go(self._row, self._column - 1)

    def action_cursor_right(self) -> None:
        """Goes to the next column."""
        self._go(self._row, self._column + 1)

    def action_scroll_top(self) -> None:
        """Goes to the first cell."""
        self._go(0, 0)

    def action_scroll_bottom(self) -> None:
        """Goes to the last cell."""
        self._go(len(self._matrix), len(self._matrix))

    def action_open(self) -> None:
        """Asks for the images of the cell."""
        if self._matrix:
            self.post_message(self.Opened(self._row, self._column))

    def on_click(self, event: events.Click) -> None:
        """Puts the cursor on a cell; opens the one that has it."""
        if event.y == 0 or event.x < self._label:
            return
        row = event.y - 1 + self.scroll_offset.y
        column = (event.x - self._label + self.scroll_offset.x) // self._cell
        if not (row < len(self._matrix) and column < len(self._matrix)):
            return
        if (row, column) == (self._row, self._column):
            self.action_open()
        self._go(row, column)


def _fit(text: str, width: int, *, right: bool = True) -> str:
    """A text in so many columns, the last of them (or the first) empty."""
    cut = Text(text)
    cut.truncate(width - 1, overflow="ellipsis")
    blank = " " * (width - cut.cell_len)
    return f"{blank[1:]}{cut.plain} " if right else f"{cut.plain}{blank}"
