"""Bars on a terminal, and what they say."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
from cnnlab.cli.bars import progress_bar
with progress_bar() as progress:
    progress("of [b] and [/red] [x]", 1, 2)
"""


def test_a_bar_shows_its_words_as_they_are() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "FORCE_COLOR": "1", "COLUMNS": "80"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "of [b] and [/red] [x]" in done.stderr
    assert "1/2" in done.stderr
