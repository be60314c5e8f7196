"""Text from outside reaches the terminal as text: through every command, in a pipe and on a tty."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import typer
from hostile.texts import EVIL, unsafe

from cnnlab.cli import console, control
from cnnlab.cli.main import app, main
from cnnlab.export.format import visible


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def commands(group: Any = None, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command, as words."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name)


TOLD = [
    "runs list", "runs list --json", "runs show aa", "runs show bb --curves", "runs show aa --json",
    "runs show {EVIL}", "runs list --tag {EVIL}", "runs list --filter {EVIL}",
    "runs list --sort {EVIL}", "runs list --status {EVIL}", "runs mistakes aa",
    "runs tag aa bb --add {EVIL}2 --remove {EVIL}", "runs tag aa --add {EVIL}2",
    "runs tag aa --add -{EVIL}", "runs tag aa --add {EVIL} --remove {EVIL}",
    "runs note aa {EVIL}", "runs note {EVIL} -", "runs rename bb {EVIL}", "runs stop cc",
    "runs pause aa", "runs continue bb", "runs delete aa bb", "runs restore aa", "runs delete aa",
    "runs list --trash", "runs empty-trash --yes", "runs delete --for-good --yes bb",
    "presets list", "presets list --json", "presets show other{EVIL}", "presets show {EVIL}",
    "presets show sound",
    "presets show sound --json", "presets check other{EVIL}.toml sound broken{EVIL}.toml {EVIL}",
    "study list", "study list --json", "study show study", "study show study --json",
    "study show study{EVIL}", "study run study --rows {EVIL}", "study list --report {EVIL}",
    "data list", "data list --json", "data show small", "data show small --json",
    "data show b{EVIL}", "data import {EVIL} plain", "data import new {EVIL}",
    "data import new {EVIL}.zip", "data import new {EVIL}", "data import new plain --size {EVIL}",
    "data download {EVIL}", "data remove {EVIL} --yes", "data remove {EVIL}",
    "models show {EVIL}", "models show lenet --set {EVIL}=1", "models show lenet --shape {EVIL}",
    "models show lenet --data-set {EVIL}",
    "run {EVIL}", "run other{EVIL}.toml --set {EVIL}={EVIL}", "run --from {EVIL}", "run --from aa",
    "run sound --set model.name={EVIL}", "run sound --set training.device={EVIL}",
    "run broken{EVIL}.toml", "run study{EVIL}", "{EVIL}", "--{EVIL}", "--debug run {EVIL}",
    "runs show aa bb {EVIL}", "runs list --limit {EVIL}",
]  # fmt: skip
"""What is said of hostile things; what changes them comes last of its kind."""


def lines(*, terminal: bool) -> list[list[str]]:
    """What is typed; wrong words for every command in a pipe alone, which takes half the time."""
    told = [[word.replace("{EVIL}", EVIL) for word in shlex.split(line)] for line in TOLD]
    each = [[*command, *more] for command in commands() for more in ((EVIL,), (f"--{EVIL}",))]
    return told if terminal else [*told, *each]


@pytest.fixture(params=["pipe", "terminal"])
def typed(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Sequence[str]], str]]:
    """Runs a command line in this process; returns what it writes to stdout and stderr."""
    kind = Terminal if request.param == "terminal" else io.StringIO
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.setattr(control, "PATIENCE", 0.1)  # nobody trains the run that is asked to stop

    def run(words: Sequence[str]) -> str:
        console.out.cache_clear()
        console.err.cache_clear()
        streams = kind(), kind()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["cnnlab", *words])
            patch.setattr(sys, "stdin", io.StringIO())
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            with pytest.raises(SystemExit):
                main()
        return "".join(stream.getvalue() for stream in streams)

    yield run
    console.out.cache_clear()
    console.err.cache_clear()


@pytest.mark.usefixtures("hostile")
def test_no_command_lets_hostile_text_command_the_terminal(
    typed: Callable[[Sequence[str]], str], request: pytest.FixtureRequest
) -> None:
    terminal = "terminal" in request.node.name
    wrong, seen = [], 0
    for words in lines(terminal=terminal):
        text = typed(words)
        seen += "wild" in text
        if found := unsafe(text, terminal=terminal):
            wrong.append(f"{ascii(' '.join(words))[:80]}: {found[:3]!a} in {ascii(text)[:300]}")
        if "Unexpected" in text:
            wrong.append(f"{ascii(' '.join(words))[:80]}: {ascii(text)[:300]}")
    assert not wrong, "\n".join(wrong)
    assert seen > len(TOLD) // 2, "hostile text was hardly shown at all"


def test_a_run_that_is_called_something_hostile_is_told_as_text(
    inside: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    settings = {"training.epochs": 1, "training.batch_size": 500, "data.validation": 3500}
    changes = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    words = ["run", "quickstart", *changes, "--name", EVIL, "--tag", EVIL, "--note", EVIL]
    done = inside(*words)
    assert done.returncode == 0, done.stderr
    assert "wild" in done.stderr
    assert not unsafe(done.stdout + done.stderr, terminal=False)


def test_joiners_that_letters_and_emoji_are_made_with_pass_unchanged() -> None:
    for text in ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f469\u200d\U0001f52c"):
        assert visible(text) == text


def test_json_escapes_what_would_deceive_and_reads_back_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.print_json({"name": EVIL, "file": "not-utf8-\udcff"})
    written = capsys.readouterr().out
    assert not unsafe(written, terminal=False)
    assert json.loads(written) == {"name": EVIL, "file": "not-utf8-\udcff"}
