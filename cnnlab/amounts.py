"""Numbers, shapes and lists of things as messages tell them."""

from __future__ import annotations

from collections.abc import Sequence


def how_many(count: int, noun: str) -> str:
    """A number with its noun: `1 run`, `2,000 runs`; for nouns that take an s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names from outside in one line, which they cannot break; of many the first ones."""
    shown = ", ".join(repr(name) for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def enumerated(parts: Sequence[str], conjunction: str = "and") -> str:
    """Parts of a sentence: `a`, `a and b`, `a, b and c`; empty for none."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {conjunction} {parts[-1]}"


def format_shape(shape: Sequence[int]) -> str:
    """`3x32x32`."""
    return "x".join(map(str, shape))
