"""The table of runs, drawn line by line, so that ten thousand of them cost what one screen does.

The cursor and the marks hold on to runs, never to line numbers: what comes, goes or moves
leaves the selection on its run, and the view where the eye is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cnnlab.history.records import RunRecord
from cnnlab.tui.screens.history.columns import Placed, placed
from cnnlab.tui.screens.history.line_drawing import GUTTER, LineStyles, LineWriter, line_width
from cnnlab.tui.screens.history.listing import Group, Line, key_of
from cnnlab.tui.screens.history.rows import Read, Row, RowCache
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.keys import CELLS

_SIDE_STEP = 8
"""Terminal cells that a key scrolls to the side."""


class RunTable(Sturdy, ScrollView, can_focus=True):
    """Runs in lines under a header that stays; knows ids, and reads the runs that come into view.

    Args:
        read: gives the runs with some ids.
    """

    BINDINGS = [
        Binding("space", "mark", "Mark", tooltip="Mark this run, or take the mark off"),
        Binding("asterisk", "mark_all", "Mark all", show=False, tooltip="Mark all runs shown"),
        Binding("u", "unmark_all", "Unmark all", show=False, tooltip="Take all marks off"),
        Binding("up", "cursor_up", "Up", show=False),
        Binding("down", "cursor_down", "Down", show=False),
        Binding("left", "cursor_left", "Left", show=False),
        Binding("right", "cursor_right", "Right", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home", "scroll_top", "First", show=False),
        Binding("end", "scroll_bottom", "Last", show=False),
        *CELLS,
    ]
    COMPONENT_CLASSES = LineStyles.CLASSES

    @dataclass
    class Moved(Message):
        """The cursor is elsewhere; `by_hand` unless what it was on has gone."""

        by_hand: bool

    class Opened(Message):
        """A line was clicked twice."""

    @dataclass
    class HeaderClicked(Message):
        """The header of a column was clicked."""

        key: str

    class MarksChanged(Message):
        """Other runs are marked."""

    def __init__(self, read: Read) -> None:
        super().__init__()
        self.marks: set[str] = set()
        self.empty = ""
        """What is said where there are no lines."""
        self._rows = RowCache(read)
        self._lines: list[Line] = []
        self._at: dict[str, int] = {}
        self._cursor = ""
        self._chosen: tuple[str, ...] = ()
        self._columns: list[Placed] = []
        self._sorted = ("", False)

    # What it shows

    @property
    def cursor(self) -> str:
        """The key of the line that the cursor is on; empty without lines."""
        return self._cursor

    @property
    def line(self) -> Line | None:
        """The line that the cursor is on."""
        return self._lines[self._at[self._cursor]] if self._cursor else None

    @property
    def listed(self) -> list[str]:
        """The ids of all runs listed, also those of groups of which only the head is shown."""
        groups = [line for line in self._lines if isinstance(line, Group)]
        if groups:
            return [run_id for group in groups for run_id in group.ids]
        return [line for line in self._lines if isinstance(line, str)]

    @property
    def columns(self) -> list[str]:
        """The keys of the columns shown."""
        return [each.column.key for each in self._columns]

    def row(self) -> Row | None:
        """The run that the cursor is on."""
        line = self.line
        return self._rows.get(line, self._in_view) if isinstance(line, str) else None

    def show(self, lines: Sequence[Line]) -> None:
        """Shows other lines, or the same after a change of the history."""
        if lines != self._lines:
            self._replace(list(lines))
        # A change of a run in view redraws its line alone.
        for run_id in self._rows.reread(self._ids_in_view()):
            self._redraw(run_id)

    def choose_columns(self, chosen: Sequence[str]) -> None:
        """Shows the columns with these keys; the usual ones if there are none."""
        self._chosen = tuple(chosen)
        self._place_columns()

    def show_sorting(self, key: str, *, ascending: bool) -> None:
        """Marks the column that the lines are sorted by."""
        self._sorted = (key, ascending)
        self.refresh()

    def look_for_processes(self) -> bool:
        """Redraws runs whose processes came or went; says whether there were any."""
        differ = self._rows.look_for_processes(self._ids_in_view())
        for run_id in differ:
            self._redraw(run_id)
        return bool(differ)

    def gone(self) -> list[RunRecord]:
        """Runs in view whose processes are gone."""
        rows = [self._rows.known(run_id) for run_id in self._ids_in_view()]
        return [row.run for row in rows if row and row.gone]

    def _replace(self, lines: list[Line]) -> None:
        """Other lines, with the cursor on its run, where that was if the view had been moved."""
        held = self._at.get(self._cursor, 0) - self.scroll_offset.y
        was_scrolled = self.scroll_offset.y > 0
        at = {key_of(line): number for number, line in enumerate(lines)}
        cursor = self._cursor if self._cursor in at else self._neighbour(at, lines)
        moved = cursor != self._cursor
        self._lines, self._at, self._cursor = lines, at, cursor
        self._fit()
        if was_scrolled and cursor:
            self._scroll_to_line(at[cursor] - held)
        self._reveal()
        self.refresh()
        if moved:
            self.post_message(self.Moved(by_hand=False))

    def _neighbour(self, at: dict[str, int], lines: list[Line]) -> str:
        """The line still there that came next after the cursor's, else before it, else a first."""
        number = self._at.get(self._cursor, 0)
        for line in (*self._lines[number:], *reversed(self._lines[:number])):
            if key_of(line) in at:
                return key_of(line)
        return next((line for line in lines if isinstance(line, str)), "") or next(iter(at), "")

    # The cursor

    def move_to(self, key: str, *, by_hand: bool = True) -> None:
        """Puts the cursor on a line, and that into view; without such a line, nothing."""
        if key not in self._at:
            return
        before, self._cursor = self._cursor, key
        if before != key:
            self._redraw(before)
            self._redraw(key)
            self.post_message(self.Moved(by_hand))
        self._reveal()

    def _step(self, count: int) -> None:
        if self._lines:
            number = min(max(self._at[self._cursor] + count, 0), len(self._lines) - 1)
            self.move_to(key_of(self._lines[number]))

    @property
    def _room(self) -> Size:
        """What there is beside the scroll bars."""
        return self.scrollable_content_region.size

    @property
    def _page(self) -> int:
        """Lines below the header."""
        return max(self._room.height - 1, 1)

    def _reveal(self) -> None:
        """Scrolls as little as shows the cursor."""
        if not self._cursor or self._room.height < 2:
            return
        number, top = self._at[self._cursor], self.scroll_offset.y
        # With the first run of a group, its head.
        first = number > 0 and isinstance(self._lines[number - 1], Group)
        above = number - 1 if first else number
        if above < top:
            self._scroll_to_line(above)
        elif number > top + self._page - 1:
            self._scroll_to_line(number - self._page + 1)

    def _scroll_to_line(self, number: int) -> None:
        self.scroll_to(y=max(number, 0), animate=False, force=True)

    def action_cursor_up(self) -> None:
        """To the line above."""
        self._step(-1)

    def action_cursor_down(self) -> None:
        """To the line below."""
        self._step(1)

    def action_page_up(self) -> None:
        """A page up."""
        self._step(1 - self._page)

    def action_page_down(self) -> None:
        """A page down."""
        self._step(self._page - 1)

    def action_scroll_top(self) -> None:
        """To the first line."""
        self._step(-len(self._lines))

    def action_scroll_bottom(self) -> None:
        """To the last line."""
        self._step(len(self._lines))

    def action_cursor_left(self) -> None:
        """Shows columns further left."""
        self.scroll_to(x=self.scroll_offset.x - _SIDE_STEP, animate=False)

    def action_cursor_right(self) -> None:
        """Shows columns further right."""
        self.scroll_to(x=self.scroll_offset.x + _SIDE_STEP, animate=False)

    # Marks

    def mark(self, ids: Iterable[str]) -> None:
        """Marks these runs and no others."""
        self.marks = set(ids)
        self.refresh()
        self.post_message(self.MarksChanged())

    def turn_mark(self) -> None:
        """Turns the mark of the run under the cursor round, or those of a group."""
        line = self.line
        if line is not None:
            ids = set(line.ids if isinstance(line, Group) else (line,))
            self.mark(self.marks - ids if ids <= self.marks else self.marks | ids)

    def action_mark(self) -> None:
        """Turns the mark of a run round, or those of a group, and goes down."""
        self.turn_mark()
        self._step(1)

    def action_mark_all(self) -> None:
        """Marks all runs listed."""
        self.mark(self.marks | set(self.listed))

    def action_unmark_all(self) -> None:
        """Takes all marks off."""
        self.mark(())

    # The mouse

    def on_click(self, event: events.Click) -> None:
        """Chooses a line or, in the header, what to sort by; twice opens."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        event.stop()
        if offset.y == 0:
            writer = self._writer()
            key = writer.column_at(offset.x, self.scroll_offset.x, self._room.width)
            if key:
                self.post_message(self.HeaderClicked(key))
            return
        number = offset.y - 1 + self.scroll_offset.y
        if number >= len(self._lines):
            return
        self.move_to(key_of(self._lines[number]))
        if offset.x < GUTTER:
            self.turn_mark()
        elif event.chain == 2:
            self.post_message(self.Opened())

    # Drawing

    def on_resize(self) -> None:
        """Gives the columns the new width."""
        self._place_columns()
        self._reveal()

    def _place_columns(self) -> None:
        self._columns = placed(self._chosen, self._room.width - GUTTER)
        self._fit()
        self.refresh()

    def _fit(self) -> None:
        self.virtual_size = Size(line_width(self._columns), len(self._lines) + 1)

    def _in_view(self) -> Iterable[str]:
        """The ids of the runs in view, and of a page above and below."""
        top = self.scroll_offset.y
        lines = self._lines[max(top - self._page, 0) : top + 2 * self._page]
        return [line for line in lines if isinstance(line, str)]

    def _ids_in_view(self) -> list[str]:
        """The ids of the runs in view, and that under the cursor."""
        top = self.scroll_offset.y
        lines = [*self._lines[top : top + self._page], self.line]
        return list(dict.fromkeys(line for line in lines if isinstance(line, str)))

    def _redraw(self, key: str) -> None:
        if key in self._at:
            # Its line in the view, below the header.
            self.refresh_line(self._at[key] + 1)

    def _writer(self) -> LineWriter:
        return LineWriter(self._columns, LineStyles.of(self))

    def render_line(self, y: int) -> Strip:
        """A line of the widget, as Textual asks for it."""
        writer, width, x = self._writer(), self._room.width, self.scroll_offset.x
        if y == 0:
            return writer.header(*self._sorted).cut(x, width)
        number = y - 1 + self.scroll_offset.y
        if number >= len(self._lines):
            message = self.empty if not self._lines and y == self._room.height // 2 else ""
            return Strip([Segment(message.center(width), writer.styles.empty)], width)
        line = self._lines[number]
        on_it = key_of(line) == self._cursor
        if isinstance(line, Group):
            return writer.group(line, self.marks, cursor=on_it).cut(0, width)
        row = self._rows.get(line, self._in_view)
        return writer.run(row, marked=line in self.marks, cursor=on_it).cut(x, width)
