"""A Rich console that shows control characters instead of sending them to the terminal.

A name, a note or a class name may hold anything. An escape sequence in it could recolour the
screen, rename the window, or answer for the user in some terminals.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from cnnlab.export.format import visible


class SafeConsole(Console):
    """Every segment of text is made safe; what Rich itself sends as control codes passes."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """See `Console.render`."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(visible(text), style)
