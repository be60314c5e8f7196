"""Keys that several widgets know: those of vi beside the arrows."""

from __future__ import annotations

from textual.binding import Binding

ROWS = [
    Binding("j", "cursor_down", "Down", show=False),
    Binding("k", "cursor_up", "Up", show=False),
    Binding("g", "scroll_top", "First", show=False),
    Binding("G", "scroll_bottom", "Last", show=False),
]
"""For widgets with a cursor that goes up and down."""

CELLS = [
    *ROWS,
    Binding("h", "cursor_left", "Left", show=False),
    Binding("l", "cursor_right", "Right", show=False),
]
"""For widgets with a cursor that goes to the sides too."""

SCROLL = [
    Binding("j", "scroll_down", "Down", show=False),
    Binding("k", "scroll_up", "Up", show=False),
    Binding("g", "scroll_home", "First", show=False),
    Binding("G", "scroll_end", "Last", show=False),
]
"""For widgets that scroll and have no cursor."""
