"""Pages behind tabs, of which one is seen; the keys go to what is on it.

Textual's own TabbedContent turns back to a page whenever something on it gets the focus, so that
quick turns can chase each other for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Tab, Tabs

from cnnlab.tui.sturdy import Sturdy


@dataclass(frozen=True)
class Page:
    """A page: its id, its title, and what is on it."""

    key: str
    title: str
    widgets: Sequence[Widget]


class _Tabs(Sturdy, Tabs, can_focus=False):
    """The titles; to be clicked."""


class Pages(Sturdy, Vertical):
    """Shows one of several pages; the first one at the start.

    Args:
        pages: in their order; a page's widget has the page's key as its id.
        takes_focus: whether what is on a page gets the focus when it is turned to.
    """

    DEFAULT_CSS = """
    Pages { width: 1fr; height: 1fr; }
    Pages ContentSwitcher { height: 1fr; }
    Pages .page { height: 1fr; }
    """

    class Turned(Message):
        """Another page is seen."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, pages: Sequence[Page], *, takes_focus: bool = True) -> None:
        super().__init__()
        self._pages = {page.key: page for page in pages}
        self._takes_focus = takes_focus

    def compose(self) -> ComposeResult:
        """The titles above the pages."""
        yield _Tabs(*(Tab(page.title, id=f"{key}-tab") for key, page in self._pages.items()))
        with ContentSwitcher(initial=next(iter(self._pages))):
            for key, page in self._pages.items():
                yield Vertical(*page.widgets, id=key, classes="page")

    @property
    def active(self) -> str:
        """The key of the page that is seen."""
        return self.query_one(_Tabs).active.removesuffix("-tab")

    def show(self, key: str) -> None:
        """Turns to a page."""
        self.query_one(_Tabs).active = f"{key}-tab"

    def turn(self, by: int) -> None:
        """Turns so many pages on, or back; behind the last one is the first."""
        keys = list(self._pages)
        self.show(keys[(keys.index(self.active) + by) % len(keys)])

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Shows the page that is wanted by now."""
        event.stop()
        switcher = self.query_one(ContentSwitcher)
        switcher.current = self.active
        if self._takes_focus and switcher.visible_content is not None:
            for widget in switcher.visible_content.query("*"):
                if widget.focusable:
                    widget.focus(scroll_visible=False)
                    break
        self.post_message(self.Turned(self.active))
