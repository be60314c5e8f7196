"""The last line of each screen: the keys that work now.

Textual's own footer makes a widget of each key anew whenever the keys change, and what it binds
to itself is never let go (Textual 8.2). Here they are one line of text, drawn again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.events import Click
from textual.screen import Screen
from textual.widgets import Static

from cnnlab.tui.sturdy import Sturdy

_ALWAYS = ("help", "quit")
"""Actions that stand at the right however many keys there are."""


@dataclass(frozen=True)
class _Key:
    """One or several keys with a common description; a click presses `key`."""

    key: str
    shown: str
    words: str
    enabled: bool
    action: str


class KeyLine(Sturdy, Static):
    """The keys with their descriptions, as far as they fit; help has them all."""

    COMPONENT_CLASSES = {"key-line--key", "key-line--off"}

    def __init__(self) -> None:
        super().__init__("")
        self._keys: tuple[_Key, ...] = ()

    def on_mount(self) -> None:
        """Follows what works on the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def on_resize(self) -> None:
        """Fills the new width."""
        self._draw()

    def on_click(self, event: Click) -> None:
        """Presses the key that is clicked."""
        key = event.style.meta.get("key")
        if key:
            self.app.simulate_key(key)

    def _follow(self, screen: Screen[object]) -> None:
        keys = tuple(_keys(screen))
        if keys != self._keys:
            self._keys = keys
            self._draw()

    def _draw(self) -> None:
        left = [self._text(one) for one in self._keys if one.action not in _ALWAYS]
        right = Text("  ").join(self._text(one) for one in self._keys if one.action in _ALWAYS)
        room = self.size.width - 2 - right.cell_len
        line = Text(no_wrap=True)
        for number, one in enumerate(left):
            rest = 3 if number + 1 < len(left) else 0  # for the sign that there are more
            if line.cell_len + one.cell_len + 2 + rest > room:
                line.append("… ")
                break
            line.append_text(one).append("  ")
        line.pad_right(max(room - line.cell_len, 0))
        self.update(line.append_text(right))

    def _text(self, key: _Key) -> Text:
        name = "key-line--key" if key.enabled else "key-line--off"
        text = Text(no_wrap=True).append(key.shown, self.get_component_rich_style(name))
        text.append(f" {key.words}", Style() if key.enabled else self._off())
        text.stylize(Style(meta={"key": key.key}))
        return text

    def _off(self) -> Style:
        return self.get_component_rich_style("key-line--off")


def _keys(screen: Screen[object]) -> Iterator[_Key]:
    """The keys to show; those of one group stand together."""
    app, seen = screen.app, set()
    active = [one for one in screen.active_bindings.values() if one.binding.show]
    for _node, binding, enabled, _tooltip in active:
        if binding.action in seen:
            continue
        together = [binding]
        words = binding.description
        if binding.group is not None:
            together = [one.binding for one in active if one.binding.group == binding.group]
            words = binding.group.description
        seen |= {one.action for one in together}
        shown = "".join(app.get_key_display(one) for one in together)
        yield _Key(_first_key(binding), shown, words, enabled, binding.action)


def _first_key(binding: Binding) -> str:
    return binding.key.split(",")[0]
