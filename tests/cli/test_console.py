"""What reaches the terminal: text as text, never as a command."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from history.samples import add_run
from rich.table import Table
from rich.text import Text

from cnnlab.cli.safe_console import SafeConsole
from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0"}
LATIN = {"PYTHONIOENCODING": "latin-1"}
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


@pytest.mark.parametrize(("encoding", "shown"), [(ASCII, "? M?ller"), (LATIN, "? Müller")])
@pytest.mark.parametrize("command", ["list", "show"])
def test_an_encoding_without_a_character_gets_a_question_mark(
    home: Home, cnnlab: Cnnlab, encoding: dict[str, str], shown: str, command: str
) -> None:
    add_run(home, "aaaa0001", name="🚀 Müller")
    arguments = [] if command == "list" else ["latest"]
    done = cnnlab("runs", command, *arguments, env={**os.environ, **encoding}, encoding="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert shown in done.stdout


@pytest.mark.parametrize("encoding", [ASCII, LATIN])
def test_json_and_exported_text_are_utf_8_whatever_the_encoding_of_the_terminal(
    home: Home, cnnlab: Cnnlab, encoding: dict[str, str]
) -> None:
    add_run(home, "aaaa0001", name="🚀 Müller")
    environment = {**os.environ, **encoding}
    listed = cnnlab("runs", "list", "--json", env=environment, encoding="utf-8")
    assert json.loads(listed.stdout)[0]["name"] == "🚀 Müller"
    for form in ("markdown", "json"):
        done = cnnlab(
            *("export", "latest", "-f", form, "-o", "-"), env=environment, encoding="utf-8"
        )
        assert done.returncode == 0, done.stderr
        assert "🚀 Müller" in done.stdout


@pytest.mark.parametrize(
    ("command", "closed", "code"),
    [
        ("runs list", ">&-", 0),
        ("runs list", "<&- >&- 2>&-", 0),
        ("doctor", "<&-", 0),
        ("", ">&-", 2),
    ],
)
def test_closed_streams_end_no_command(home: Home, command: str, closed: str, code: int) -> None:
    add_run(home, "aaaa0001", name="here")
    line = f"{sys.executable} -m cnnlab {command} {closed}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "Unexpected" not in done.stderr
    assert "Cannot be checked" not in done.stdout
