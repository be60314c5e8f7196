"""The command palette: every action that works now, from the same bindings as the footer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode
from textual.screen import Screen


def bindings_in_order(screen: Screen[Any]) -> Iterator[tuple[DOMNode, Binding]]:
    """The bindings that work now, each action once, with the node that has it."""
    seen = set()
    for active in screen.active_bindings.values():
        binding = active.binding
        named = (active.node, binding.action)
        if active.enabled and binding.description and named not in seen:
            seen.add(named)
            yield active.node, binding


class ActionCommands(Provider):
    """Offers what the keys do."""

    async def discover(self) -> Hits:
        """All of them."""
        for title, hint, action in self._actions():
            yield DiscoveryHit(title, action, help=hint)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for title, hint, action in self._actions():
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, matcher.highlight(title), action, help=hint)

    def _actions(self) -> Iterator[tuple[str, str, Callable[[], Awaitable[bool]]]]:
        for node, binding in bindings_in_order(self.screen):
            key = self.app.get_key_display(binding)
            title = binding.tooltip or binding.description
            act = partial(self.app.run_action, binding.action, node)
            yield title, f"key {key}", act
