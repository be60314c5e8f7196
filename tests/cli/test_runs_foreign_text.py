"""Text from outside is shown by `cnnlab runs` and obeyed by no terminal."""

from __future__ import annotations

import io
import re
import sys
import unicodedata

import pytest
from cli.conftest import Cnnlab, Terminal
from cli.runs import STYLES, add_run, assert_refused

from cnnlab.events import Logged, RunFailed
from cnnlab.history.edits import add_note
from cnnlab.history.recorder import Recorder
from cnnlab.home import Home

EVIL = "a\x1b]0;title\x07b\x1b[35;5mc\rd\x9b35me\x7ff"


def add_evil_run(home: Home, text: str) -> None:
    add_run(
        home, "10000001", text, preset=text, dataset=text, tags=(text,), note=text, epochs=2,
        accuracy=0.5, classes=(text, f"{text}2"), ending=RunFailed(text),
    )  # fmt: skip
    with Recorder(home, "10000001") as recorder:
        recorder.record(Logged("warning", text))


def control_characters(text: str) -> set[str]:
    """Those that a terminal would obey, but for the ends of lines."""
    return {sign for sign in text if unicodedata.category(sign) == "Cc"} - {"\n"}


COMMANDS: list[list[str]] = [
    ["list"],
    ["list", "--json"],
    ["show", "1000"],
    ["show", "--json", "1000"],
    ["delete", "--for-good", "1000"],
    ["delete", "1000"],
    ["show", "nothing-like-it"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_control_character_gets_out(
    inside: Cnnlab, home: Home, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_evil_run(home, EVIL)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    done = inside("runs", *command)
    assert control_characters(done.stdout) == set()
    assert control_characters(done.stderr) == set()
    assert "10000001" in done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS[:4], ids=" ".join)
def test_no_control_character_reaches_a_terminal(
    home: Home, command: list[str], terminal: Terminal
) -> None:
    add_evil_run(home, EVIL)
    shown = terminal("runs", *command, columns=100)
    for sequence in ("\x1b]0;", "\x1b[35;5m", "\x07", "\x9b", "\x7f"):
        assert sequence not in shown
    assert control_characters(STYLES.sub("", shown)) == set()


def test_several_evil_names_are_listed_safely(inside: Cnnlab, home: Home) -> None:
    for number in (1, 2):
        add_run(home, f"1000000{number}", EVIL)
    done = inside("runs", "show", EVIL)
    assert_refused(done, 2, "several runs")
    assert control_characters(done.stderr) == set()


def test_a_name_with_control_characters_loses_no_others(inside: Cnnlab, home: Home) -> None:
    add_run(home, "10000001", "x\x1b" * 8 + "end", accuracy=0.5, classes=("y\x1b" * 8 + "end", "z"))
    assert "end " in inside("runs", "list").stdout
    shown = inside("runs", "show", "1").stdout
    assert re.search(r"^y.*end +0\.5000", shown, re.MULTILINE)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x85"], ids=ascii)
def test_a_name_cannot_pretend_to_be_another_row(
    inside: Cnnlab, home: Home, end: str, terminal: Terminal
) -> None:
    add_run(home, "10000001", f"one{end}99999999  forged  finished", dataset=f"a{end}b")
    for shown in (inside("runs", "list").stdout, terminal("runs", "list")):
        assert shown.count("\n") == 2


def test_a_class_cannot_pretend_to_be_another_row(inside: Cnnlab, home: Home) -> None:
    add_run(home, "10000001", "one", accuracy=0.5, classes=("a\nb", "c"))
    shown = inside("runs", "show", "one").stdout.splitlines()
    header = next(at for at, line in enumerate(shown) if line.startswith("class "))
    assert shown[header + 3].startswith("macro average")


def test_markup_is_only_text(inside: Cnnlab, home: Home) -> None:
    names = ("[red]x[/red]", ":smile:", "[/]", "$(true)", "\\[bold]", "%s{0}")
    for number, name in enumerate(names):
        add_run(home, f"1000000{number}", name)
    add_run(home, "20000000", "all", accuracy=0.5, classes=names)
    for name in names:
        add_note(home, "20000000", name)
    table = inside("runs", "list").stdout
    shown = inside("runs", "show", "all").stdout
    for name in names:
        assert f"  {name} " in table
        assert f"\n{name} " in shown
        assert f"note: {name}\n" in shown
