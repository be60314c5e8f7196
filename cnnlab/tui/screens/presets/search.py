"""The line to search in, above the tree."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from cnnlab.tui.sturdy import Sturdy


class SearchInput(Sturdy, Input):
    """Words that must all stand in the name or the title of a preset."""

    BINDINGS = [Binding("down,enter,escape", "leave", "To the tree", key_display="↓")]

    class Left(Message):
        """The keys go back to the tree."""

    def __init__(self) -> None:
        super().__init__(placeholder="/ search", compact=True, id="search")

    def action_leave(self) -> None:
        """Goes to what was found."""
        self.post_message(self.Left())


class SearchLine(Sturdy, Horizontal):
    """The search, and how much it found."""

    def compose(self) -> ComposeResult:
        """Input and count."""
        yield SearchInput()
        yield Static("", id="count")

    def on_mount(self) -> None:
        """Leaves the keys to the tree at first."""
        self.query_one(SearchInput).select_on_focus = False

    @property
    def words(self) -> list[str]:
        """What is searched for, in small letters."""
        return self.query_one(SearchInput).value.casefold().split()

    def clear(self) -> None:
        """Searches for nothing."""
        self.query_one(SearchInput).value = ""

    def say(self, found: int | None, total: int) -> None:
        """Says how many presets there are, and how many of them were found."""
        count = f"{total:,}" if found is None else f"{found:,} of {total:,}"
        self.query_one("#count", Static).update(count)
