"""A home full of hostile names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile.texts import fill

from cnnlab.home import Home


@pytest.fixture
def hostile(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home where every text that can be chosen is hostile; we are in a folder of such files."""
    fill(home, tmp_path)
    monkeypatch.chdir(tmp_path)
    return home
