"""What the tabs of the result screen have in common."""

from __future__ import annotations

from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.message import Message

from cnnlab.tui.screens.result.facts import Choice, Facts
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.keys import SCROLL


class Page(Sturdy, VerticalScroll, can_focus=True):
    """A text to scroll through."""

    BINDINGS = [*SCROLL]


class ResultTab(Sturdy, Vertical, can_focus=True):
    """A tab: filled when it is first shown, and then given the focus each time.

    The focus goes to the first widget in it that takes keys, else to the tab, which has some too.
    """

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self.facts = facts
        self.filled = False

    async def enter(self) -> None:
        """Is called whenever the tab is shown."""
        if not self.filled:
            self.filled = True
            await self.fill()
        inside = (widget for widget in self.query("*") if widget.can_focus and widget.display)
        next(inside, self).focus(scroll_visible=False)

    async def fill(self) -> None:
        """Puts in what takes time to read or to draw."""


class SplitTab(ResultTab):
    """A tab whose figures are those of a split and a checkpoint."""

    BINDINGS = [
        Binding("s", "next_split", "Split", tooltip="Show another split: train, validation, test"),
        Binding("b", "other_checkpoint", "Best/last", tooltip="Show the other checkpoint"),
    ]

    class Chosen(Message):
        """Another split or checkpoint shall be shown, by all tabs."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, facts: Facts, choice: Choice) -> None:
        super().__init__(facts)
        self.choice = choice

    async def take(self, choice: Choice) -> None:
        """Shows another split or checkpoint, at once or when the tab is next shown."""
        self.choice = choice
        self.filled = False

    def action_next_split(self) -> None:
        """Asks for the next split."""
        self.post_message(self.Chosen(self.choice.with_next_split()))

    def action_other_checkpoint(self) -> None:
        """Asks for the other checkpoint."""
        self.post_message(self.Chosen(self.choice.with_other_checkpoint()))
