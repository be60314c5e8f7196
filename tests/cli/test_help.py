"""The help of every command, and the list of formats: words are never broken."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from typer.main import get_command

from cnnlab.cli.export import formats_table
from cnnlab.cli.main import app
from cnnlab.cli.tables import print_table
from cnnlab.export.formats import FORMATS


def commands(one: Any, name: str = "cnnlab") -> Iterator[tuple[str, Any]]:
    yield name, one
    for part, below in getattr(one, "commands", {}).items():
        yield from commands(below, f"{name} {part}")


@pytest.mark.parametrize(("name", "command"), list(commands(get_command(app))))
def test_no_line_of_a_help_is_broken_where_its_source_is(name: str, command: Any) -> None:
    # Typer joins the lines of the first paragraph alone.
    _, *paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    assert not [one for one in paragraphs if "\n" in one], name


def test_in_a_narrow_terminal_the_list_of_formats_goes_on_in_the_next_line() -> None:
    file = StringIO()
    print_table(Console(file=file, width=60, markup=False), formats_table())
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= 60
    assert len(lines) > len(FORMATS) + 1
    words = set(file.getvalue().split())
    for form in FORMATS.values():
        assert words >= set(form.what.split())
