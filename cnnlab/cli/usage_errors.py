"""What Typer says of a wrong command line, with what it repeats of it made safe.

The words of a command line may be names of files (`cnnlab doctor *`), and so may hold anything.
Typer prints its errors on a console of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from typer.core import TyperGroup

from cnnlab.export.format import visible


class SafeGroup(TyperGroup):
    """A group of commands whose errors, and those of its commands, are plain text."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Reads the words before the command."""
        with _made_safe():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Reads the other words, and runs the command."""
        with _made_safe():
            return super().invoke(ctx)


@contextmanager
def _made_safe() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Typer does not export the class of its errors; this is what tells them from others.
        if hasattr(error, "format_message") and hasattr(error, "message"):
            error.message = visible(error.message)
        raise
