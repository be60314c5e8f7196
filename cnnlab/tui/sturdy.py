"""An error in one screen or widget is told, and the app lives on.

Textual ends the app when a handler raises. A pump that is sturdy reports what its handlers raise
and goes on with the next message; so a fault in one screen never takes a training down with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
            self.lab.report(error)
