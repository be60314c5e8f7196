"""The rest of a path, suggested while it is written."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.suggester import Suggester

_MOST_LOOKED_AT = 5_000
"""Entries of a folder; one with more is one of images, where nobody wants a name."""


class PathSuggester(Suggester):
    """Suggests the first file or folder that begins as what is written."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The whole text that is suggested."""
        return await asyncio.to_thread(completed, value)


def completed(text: str) -> str | None:
    """A text made longer, to the first path that begins with it; None if there is none."""
    folder, _, start = text.rpartition("/")
    if not folder and not text.startswith("/"):
        return None
    try:
        parent = Path(f"{folder}/").expanduser()
        entries = [one for one, _ in zip(parent.iterdir(), range(_MOST_LOOKED_AT), strict=False)]
        found = sorted(
            one.name + "/" * one.is_dir()
            for one in entries
            if one.name.startswith(start) and (start or not one.name.startswith("."))
        )
    except (OSError, RuntimeError, ValueError):
        return None
    return f"{folder}/{found[0]}" if found and found[0].isprintable() else None
