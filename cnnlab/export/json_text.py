"""JSON as text: UTF-8 that any program reads, and that a terminal can be shown."""

from __future__ import annotations

import json
import math
import re
from itertools import groupby
from typing import Any

from cnnlab.export.format import DECEPTIVE


def _ranges() -> str:
    """The deceptive characters as the inside of a class of a regular expression."""
    numbered = enumerate(sorted(DECEPTIVE))
    runs = [[code for _, code in group] for _, group in groupby(numbered, lambda x: x[1] - x[0])]
    return "".join(f"\\U{run[0]:08x}-\\U{run[-1]:08x}" for run in runs)


_DECEPTIVE = re.compile(f"[{_ranges()}]")
"""What JSON leaves as it is, though terminals obey some of it, and readers of lines some."""


def finite(value: Any) -> Any:
    """The value with null for what JSON cannot say: infinities, and what is not a number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return value


def json_text(value: Any, *, indent: int | None = None) -> str:
    """A value as JSON on one line, unless indented; characters that deceive are escaped.

    Raises:
        ValueError: a number is none, or infinite.
    """
    separators = (",", ":") if indent is None else None
    text = json.dumps(
        value, indent=indent, ensure_ascii=False, allow_nan=False, separators=separators
    )
    return _DECEPTIVE.sub(lambda match: json.dumps(match[0])[1:-1], text)
