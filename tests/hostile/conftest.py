"""A home full of hostile names."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.conftest import inside
from hostile.texts import fill
from tui.conftest import opened

from cnnlab.home import Home

__all__ = ["hostile", "inside", "opened"]


@pytest.fixture
def hostile(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home where every text that can be chosen is hostile; we are in a folder of such files."""
    fill(home, tmp_path)
    monkeypatch.chdir(tmp_path)
    return home
