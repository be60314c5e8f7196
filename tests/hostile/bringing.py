"""A kind of file from outside: how it is brought, and how it is used."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cnnlab.home import Home

Bring = Callable[[random.Random, Path], Path]
"""Makes a hostile file or folder below a fresh folder."""

Use = Callable[[Home, Path], object]
"""What a user does with it; `Home` is one that holds earlier work."""


@dataclass(frozen=True)
class Attempt:
    """A kind of file, as it is brought and as it is used."""

    bring: Bring
    use: Use


def file_of(name: str, content: Callable[[random.Random], bytes]) -> Bring:
    def bring(chance: random.Random, folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content(chance))
        return path

    return bring
