"""What stands beside the tree: the entry under the cursor, in words."""

from __future__ import annotations

from rich.console import RenderableType
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.keys import SCROLL


class Details(Sturdy, VerticalScroll):
    """Words that may be longer than the screen."""

    BINDINGS = [*SCROLL, Binding("left,h,escape", "outwards", "To the tree", key_display="←")]

    class Outwards(Message):
        """The keys go back to the tree."""

    def compose(self) -> ComposeResult:
        """One text, which is replaced as a whole."""
        yield Static("", id="words")

    def show(self, words: RenderableType, *, from_top: bool) -> None:
        """Shows words; those of the same entry stay where they were scrolled to."""
        self.query_one("#words", Static).update(words)
        if from_top:
            self.scroll_home(animate=False)

    def action_outwards(self) -> None:
        """Goes back."""
        self.post_message(self.Outwards())
