"""Refusing what would not fit into memory, before it is read."""

from __future__ import annotations

import psutil

from cnnlab.errors import DataError


def check_fits(what: str, needed: int, hint: str) -> None:
    """Refuses work that needs more memory than is free.

    Args:
        what: what shall be read, as the subject of a sentence.
        needed: bytes.
        hint: what the user can do about it.

    Raises:
        DataError: more is needed than is free.
    """
    available = psutil.virtual_memory().available
    if needed > available:
        raise DataError(
            f"{what} would take {needed / 1e9:,.1f} GB of memory; {available / 1e9:,.1f} GB "
            "are free.",
            hint,
        )
