"""What reaches the terminal: text as text, never as a command."""

from __future__ import annotations

import io

import pytest
from rich.table import Table
from rich.text import Text

from cnnlab.cli.safe_console import SafeConsole

EVIL = ["\x1b]0;owned\x07", "\x1b[31mred", "\x9b31m", "a\rb", "\x7f", "\x08\x08"]


def printed(renderable: object) -> str:
    """What a coloured terminal would get."""
    file = io.StringIO()
    console = SafeConsole(
        file=file, force_terminal=True, color_system="truecolor", width=60, highlight=False
    )
    console.print(renderable)
    return file.getvalue()


@pytest.mark.parametrize("text", EVIL)
def test_control_characters_do_not_reach_the_terminal(text: str) -> None:
    table = Table("name")
    table.add_row(Text(text))
    for renderable in (text, Text(text), table):
        shown = printed(renderable)
        for style in ("\x1b[1m", "\x1b[0m"):  # the bold header of the table is Rich's own
            shown = shown.replace(style, "")
        assert shown.replace("\n", "").isprintable()


def test_styles_of_our_own_still_arrive() -> None:
    assert printed(Text("good", style="bold red")) == "\x1b[1;31mgood\x1b[0m\n"


def test_letters_of_all_languages_pass_unchanged() -> None:
    assert printed("æ 猫 🐈 é") == "æ 猫 🐈 é\n"
