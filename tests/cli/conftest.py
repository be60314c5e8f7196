"""The command as a user starts it: a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cnnlab.home import Home


@pytest.fixture
def cnnlab(home: Home) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command to its end, in the test's own home."""
    del home  # named by the environment
    program = str(Path(sys.executable).with_name("cnnlab"))

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,
        )

    return run
