"""Names from outside, such as those of runs, as parts of the names of files."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[^\w.+=@-]+")
_LONGEST = 150
"""Bytes; file systems take 255, and what a name begins or ends with needs room too."""


def file_stem(name: str) -> str:
    """A name as the name of a file, without a suffix, that needs no quotes in a shell.

    It is at most 150 bytes long in UTF-8; `run` where nothing is left of it.
    """
    stem = _UNSAFE.sub("-", name).strip("-.")
    return stem.encode()[:_LONGEST].decode(errors="ignore").rstrip("-.") or "run"
