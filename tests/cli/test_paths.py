"""Paths that cannot be, given to any command that takes one: a sentence, and nothing is done."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlab.home import Home

COMMANDS = (
    ["runs", "import", "{}"],
    ["history", "backup", "{}"],
    ["data", "import", "mine", "{}"],
    ["run", "quickstart", "--tensorboard", "{}"],
    ["export", "--all", "-o", "{}.json"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("path", ["~nosuchuser/x", "x" * 300], ids=["no user", "too long"])
def test_a_path_that_cannot_be_is_told_in_a_sentence(
    inside: Callable[..., subprocess.CompletedProcess[str]],
    home: Home,
    run_id: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    path: str,
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    del run_id  # there is something to back up and to export
    before = sorted(home.root.rglob("*"))
    done = inside(*(word.format(path) for word in command))
    assert done.returncode in (1, 2)
    assert "Unexpected" not in done.stderr
    words = "no home folder for ~nosuchuser" if path[0] == "~" else "File name too long"
    assert words in " ".join(done.stderr.split())
    assert not list(folder.iterdir())
    assert {one.name for one in set(home.root.rglob("*")) - set(before)} <= {
        "history.db-shm", "history.db-wal",
    }  # fmt: skip
