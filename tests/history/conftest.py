"""Places where a history cannot be written."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def seal() -> Iterator[Callable[[Path], None]]:
    """Makes a file or a folder read-only, even for root, until the test is over."""
    sealed: list[Path] = []

    def make_read_only(path: Path) -> None:
        bound = subprocess.run(["mount", "--bind", str(path), str(path)], capture_output=True)
        if bound.returncode:
            pytest.skip("needs to mount a path read-only: run the tests as root on Linux")
        sealed.append(path)
        subprocess.run(["mount", "-o", "remount,bind,ro", str(path)], check=True)

    yield make_read_only
    for path in reversed(sealed):
        subprocess.run(["umount", "--lazy", str(path)], check=True)
