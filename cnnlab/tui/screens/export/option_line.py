"""One of several values on one line: the arrows take the next."""

from __future__ import annotations

from rich.text import Text
from textual.binding import Binding
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from cnnlab.tui.screens.export.choices import Option
from cnnlab.tui.sturdy import Sturdy

LABEL = 13
"""Columns of the names of what is chosen."""


class OptionLine(Sturdy, Static, can_focus=True):
    """An option with its value, and what that is."""

    BINDINGS = [
        Binding("left,h", "step(-1)", "Value before", show=False),
        Binding("right,l,space", "step(1)", "Next value", show=False),
        Binding("up,k", "app.focus_previous", "Line before", show=False),
        Binding("down,j", "app.focus_next", "Next line", show=False),
    ]

    class Changed(Message):
        """Another value was chosen."""

    def __init__(self, option: Option, value: str) -> None:
        super().__init__()
        self.option = option
        self.value = value if value in option.meanings else next(iter(option.meanings))

    def render(self) -> Text:
        """Name, value between arrows, meaning."""
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{self.option.label:<{LABEL}}", "dim")
        width = max(map(len, self.option.meanings))
        line.append("◂ ", "dim").append(f"{self.value:<{width}}").append(" ▸  ", "dim")
        return line.append(self.option.meanings[self.value], "dim")

    def action_step(self, by: int) -> None:
        """Takes the next value, or the one before; it goes round."""
        values = list(self.option.meanings)
        self.value = values[(values.index(self.value) + by) % len(values)]
        self.refresh()
        self.post_message(self.Changed())

    def on_click(self, event: Click) -> None:
        """Takes the next value."""
        event.stop()
        self.focus()
        self.action_step(1)
