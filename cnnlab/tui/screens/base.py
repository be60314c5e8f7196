"""What every screen is: sturdy, with the top bar, the status line and the keys around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget

from cnnlab.tui.session import Session
from cnnlab.tui.settings import MainScreen
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.key_line import KeyLine
from cnnlab.tui.widgets.status_line import StatusLine
from cnnlab.tui.widgets.top_bar import TopBar


class CnnlabScreen(Sturdy, Screen[None]):
    """A screen of the app; says what it holds in `body`.

    Attributes:
        PLACE: the main screen that it is, or that it belongs to; marked in the top bar.
        HELP: a few sentences above the keys in the help screen; plain text.
    """

    PLACE: ClassVar[MainScreen] = "presets"
    HELP = ""

    @property
    def session(self) -> Session:
        """Home, settings, queue and machine."""
        return self.lab.session

    def compose(self) -> ComposeResult:
        """The frame, with the body of the screen in it."""
        yield TopBar(self.PLACE, self.place_in_words())
        with Vertical(classes="body"):
            yield from self.body()
        yield StatusLine()
        yield KeyLine()

    def body(self) -> Iterable[Widget]:
        """The widgets between top bar and status line."""
        return ()

    def place_in_words(self) -> str:
        """What stands at the right of the top bar, such as a run's name; plain text."""
        return ""
