"""Paths as users write them, and where the home is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnlab.errors import ConfigError
from cnnlab.home import Home, expanded


def test_a_tilde_is_a_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded(Path("~/a b")) == tmp_path / "a b"
    assert expanded(Path("a~/~b")) == Path("a~/~b")


def test_a_user_who_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="There is no home folder for ~nosuchuser") as seen:
        expanded(Path("~nosuchuser/a"))
    assert seen.value.hint == "Write ./~nosuchuser/a for a file whose name begins so."
    monkeypatch.setenv("CNNLAB_HOME", "~nosuchuser/cnnlab")
    with pytest.raises(ConfigError, match="There is no home folder for ~nosuchuser"):
        Home.from_environment()
