"""The fields of the form in the command palette: to jump to one by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from cnnlab.tui.screens.launch.form_view import FormView


class FieldCommands(Provider):
    """Offers to go to a field."""

    async def discover(self) -> Hits:
        """All of them."""
        for place, words, go in self._fields():
            yield DiscoveryHit(place, go, help=words)

    async def search(self, query: str) -> Hits:
        """Those whose path matches."""
        matcher = self.matcher(query)
        for place, words, go in self._fields():
            score = matcher.match(place)
            if score > 0:
                yield Hit(score, matcher.highlight(place), go, help=words)

    def _fields(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        view = self.screen.query_one(FormView)
        for field in view.form.fields():
            place = ".".join(map(str, field.path))
            yield place, field.help, partial(view.go_to, field.path)
