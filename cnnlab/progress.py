"""How long work tells how far it is, to whoever listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Is called now and then with what is being done, how much is done, and of how much."""

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Takes note; `total` is None where it is not known."""


def silent(what: str, done: int, total: int | None) -> None:
    """Listens to nothing."""
