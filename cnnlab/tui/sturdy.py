"""An error in one screen or widget is told, and the app lives on.

Textual ends the app when a handler raises. A pump that is sturdy reports what its handlers raise
and goes on with the next message; so a fault in one screen never takes a training down with it.

What is put away loses its children before its own handlers have ended. That one of them no longer
finds a child is no fault, and is not told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.message import Message
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from cnnlab.tui.app import CnnlabApp


class Sturdy(MessagePump):
    """To be mixed into screens and widgets, before Textual's own class."""

    @property
    def lab(self) -> CnnlabApp:
        """The app that this belongs to."""
        app: CnnlabApp = self.app  # type: ignore[assignment]
        return app

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not (isinstance(error, NoMatches) and self._is_put_away()):
                self.lab.report(error)

    def _is_put_away(self) -> bool:
        nodes = self.ancestors_with_self if isinstance(self, DOMNode) else ()
        return self.lab.ending or any(node._pruning for node in nodes)
