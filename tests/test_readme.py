"""The README keeps its word: its commands exist and its facts are those of the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from cnnlab.cli.main import app
from cnnlab.config import presets
from cnnlab.home import Home, shipped

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def every_command() -> list[str]:
    """All commands as a user types them."""
    found: list[str] = []
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found += [f"{name} {one}" for one in inner] if inner else [name]
    return found


@pytest.mark.parametrize("command", every_command())
def test_each_command_has_help_and_stands_in_the_readme(command: str) -> None:
    group = typer.main.get_command(app)
    for part in command.split():
        group = group.commands[part]  # type: ignore[attr-defined]
    assert group.help
    assert f"cnnlab {command}" in README


@pytest.mark.parametrize("name", presets.names(Home(ROOT / "no-home")))
def test_each_shipped_preset_stands_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


def test_the_files_that_the_readme_points_to_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_the_shipped_data_has_its_licence_beside_it() -> None:
    words = (shipped("data") / "README.md").read_text(encoding="utf-8")
    assert "CC BY-SA 3.0" in words
    assert "mnist-5k.tar.xz" in words
