"""The line above each screen: the main screens with their keys, and where one is."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from cnnlab.export.format import one_line
from cnnlab.tui.settings import MainScreen
from cnnlab.tui.sturdy import Sturdy

PLACES: dict[MainScreen, str] = {
    "presets": "Presets",
    "run": "Run",
    "history": "History",
    "data": "Data",
}
"""The main screens in the order of their keys, 1 to 4."""


class _Place(Sturdy, Static):
    """One of the main screens, to be clicked."""

    def __init__(self, number: int, place: MainScreen, *, here: bool) -> None:
        title = Text.assemble((f"{number} ", "dim"), PLACES[place])
        super().__init__(title, classes="place -here" if here else "place")
        self._place = place

    async def on_click(self) -> None:
        """Goes there."""
        await self.lab.run_action(f"show('{self._place}')")


class TopBar(Horizontal):
    """The main screens at the left, what is shown of them at the right.

    Args:
        here: the main screen that is marked.
        words: what is shown of it, such as the name of a run; plain text.
    """

    def __init__(self, here: MainScreen, words: str = "") -> None:
        super().__init__()
        self._here = here
        self._words = words

    def compose(self) -> ComposeResult:
        """One entry a main screen, then the words."""
        for number, place in enumerate(PLACES, start=1):
            yield _Place(number, place, here=place == self._here)
        yield Static(self._text(), classes="words")

    def say(self, words: str) -> None:
        """Changes the words at the right."""
        self._words = words
        if self.is_mounted:
            self.query_one(".words", Static).update(self._text())

    def _text(self) -> Text:
        return Text(one_line(self._words), no_wrap=True, overflow="ellipsis", justify="right")
