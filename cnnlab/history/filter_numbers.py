"""Numbers and durations as the terms of a filter spell them."""

from __future__ import annotations

import math
import re
from contextlib import suppress

_LONGEST = 40
_NUMBER = re.compile(r"[+-]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?", re.I)
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?[smhd])+", re.I)
_DURATION_PART = re.compile(r"([0-9.]+)([smhd])", re.I)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def number_of(text: str) -> int | float | None:
    """A finite number that SQLite can hold; None where the text is none."""
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    with suppress(ValueError):
        whole = int(text)
        return whole if abs(whole) < 2**63 else float(whole)
    with suppress(ValueError):
        return float(text) if math.isfinite(float(text)) else None
    return None


def seconds_of(text: str) -> float | None:
    """Seconds, with or without units: `90`, `1h30m`; None where the text is none."""
    if len(text) > _LONGEST or not _DURATION.fullmatch(text):
        return number_of(text)
    parts = _DURATION_PART.findall(text)
    return sum(float(amount) * _SECONDS[unit.lower()] for amount, unit in parts)
