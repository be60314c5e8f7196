"""The help screen: what a screen is for, and its keys, made from the bindings that work there."""

from __future__ import annotations

from itertools import groupby

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import ModalScreen
from textual.widgets import Static

from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.keys import SCROLL


class HelpScreen(Sturdy, ModalScreen[None]):
    """Shows the keys of the screen below.

    Args:
        words: what that screen is for.
        bindings: those that work there, each with the node that has it; one node's stand together.
    """

    BINDINGS = [Binding("escape,q,question_mark,f1", "dismiss", "Back"), *SCROLL]

    def __init__(self, words: str, bindings: list[tuple[DOMNode, Binding]]) -> None:
        super().__init__()
        self._words = words
        self._entries = bindings

    def compose(self) -> ComposeResult:
        """The words, then the keys."""
        with VerticalScroll(classes="dialog help") as frame:
            frame.border_title = "Help"
            frame.border_subtitle = "Arrow keys and hjkl move everywhere; the mouse works too"
            if self._words:
                yield Static(Text(self._words), classes="words")
            told = ""
            for node, bindings in groupby(self._entries, key=lambda pair: pair[0]):
                where = "everywhere" if node is self.app else "here"
                title = where if where != told else None
                yield Static(self._table([binding for _, binding in bindings], title))
                told = where

    def on_mount(self) -> None:
        """Lets the arrow keys scroll."""
        self.query_one(VerticalScroll).focus()

    def _table(self, bindings: list[Binding], title: str | None) -> Table:
        """The keys of one node; only the first of the nodes of a place has its title."""
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 1, 0))
        table.add_column(no_wrap=True, width=10)
        table.add_column()
        rows: dict[str, list[str]] = {}
        for binding in bindings:
            words = binding.tooltip or binding.description
            rows.setdefault(words, []).append(self.app.get_key_display(binding))
        keys = Text("\n".join(" ".join(each) for each in rows.values()), style="bold")
        table.add_row(keys, Text("\n".join(rows)))
        if title is not None:
            table.title = Text(title, style="dim")
            table.title_justify = "left"
        return table
