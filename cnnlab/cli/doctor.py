"""`cnnlab doctor`: what is well with the home, this machine and this terminal, and what is not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.amounts import how_many
from cnnlab.cli.console import err, out, print_json
from cnnlab.cli.options import JsonOption
from cnnlab.home import Home

if TYPE_CHECKING:
    from rich.text import Text

    from cnnlab.execution.diagnosis import Finding

SIGNS = {"good": ("✓", "green"), "warning": ("!", "yellow"), "bad": ("×", "red")}
"""How a state is shown, on terminals without colours too."""

_SMALLEST = (80, 24)


def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every checkpoint and data set whole.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check home, history, checkpoints, PyTorch, devices and terminal, and say what to do."""
    from cnnlab.execution.diagnosis import diagnose
    from cnnlab.execution.home_checks import home_checks
    from cnnlab.execution.machine_checks import machine_checks

    checks = home_checks(Home.from_environment(), deep=deep)
    with err().status("Checking…"):
        found = list(diagnose({**checks, **machine_checks()}))
    # Not while something moves on the terminal: the streams are not its own then.
    found += diagnose({"terminal": _terminal})
    sick = any(one.state == "bad" for one in found)
    if as_json:
        print_json({"well": not sick, "findings": [vars(one) for one in found]})
    else:
        _print(found)
        _tell_sum(found)
    if sick:
        raise typer.Exit(1)


def _print(found: Sequence[Finding]) -> None:
    """One line a finding, its remedy below it; a check is named before its first one."""
    from rich.table import Table
    from rich.text import Text

    width = max(len(one.check) for one in found)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    before = ""
    for one in found:
        (sign, style), name = SIGNS[one.state], "" if one.check == before else one.check
        before = one.check
        if out().is_terminal:
            table.add_row(Text(sign, style=style), name, _words(one))
            continue
        # A table would fill every line with blanks up to the longest one.
        lines = _words(one).plain.replace("\n", "\n" + " " * (width + 5))
        out().print(f"{sign}  {name:{width}}  {lines}", soft_wrap=True)
    if out().is_terminal:
        out().print(table)


def _words(one: Finding) -> Text:
    from rich.text import Text

    from cnnlab.export.format import format_bytes, one_line

    text = Text(one_line(one.text))
    if one.bytes is not None:
        text.append(f": {format_bytes(one.bytes)}")
    if one.remedy:
        text.append(f"\n{one_line(one.remedy)}", style="dim" if one.state == "good" else "bold")
    return text


def _tell_sum(found: Sequence[Finding]) -> None:
    bad = sum(one.state == "bad" for one in found)
    warnings = sum(one.state == "warning" for one in found)
    if not bad and not warnings:
        err().print("All is well.")
        return
    parts = [how_many(bad, "problem")] if bad else []
    parts += [how_many(warnings, "warning")] if warnings else []
    err().print(f"{' and '.join(parts)}.")


def _terminal(check: str) -> Iterator[Finding]:
    """What the environment tells of the terminal; the terminal itself is asked nothing."""
    from cnnlab.execution.diagnosis import Finding

    kind = os.environ.get("TERM", "")
    if not all(each.isatty() for each in (sys.stdin, sys.stdout, sys.stderr)):
        yield Finding(check, "good", "the output goes to none; the screens need one")
    elif kind in ("", "dumb"):
        remedy = "Set TERM to what your terminal is, such as xterm-256color."
        yield Finding(check, "warning", f"TERM is {kind or 'not set'}", remedy)
    else:
        yield from _real_terminal(check, kind)
    encoding = sys.stdout.encoding.lower().replace("-", "")
    if encoding != "utf8":
        remedy = "Set LANG to a locale with UTF-8, such as C.UTF-8."
        yield Finding(check, "warning", f"texts are written in {sys.stdout.encoding}", remedy)


def _real_terminal(check: str, kind: str) -> Iterator[Finding]:
    from cnnlab.execution.diagnosis import Finding
    from cnnlab.tui.widgets.kitty import speaks

    columns, lines = os.get_terminal_size(sys.stdout.fileno())
    colours = {"truecolor": "all colours", "256": "256 colours", "standard": "16 colours"}
    within = [
        name
        for name, variables in {
            "tmux": ("TMUX",), "screen": ("STY",), "ssh": ("SSH_CONNECTION", "SSH_TTY"),
        }.items()
        if any(os.environ.get(each) for each in variables)
    ]  # fmt: skip
    facts = [
        kind,
        f"{columns}x{lines}",
        colours.get(out().color_system or "", "no colours"),
        "pictures by kitty's protocol" if speaks(os.environ) else "pictures of half blocks",
        *(f"within {name}" for name in within),
    ]
    yield Finding(check, "good", ", ".join(facts))
    if columns < _SMALLEST[0] or lines < _SMALLEST[1]:
        text = f"{columns}x{lines} is small for the screens"
        yield Finding(check, "warning", text, f"Widen it to {_SMALLEST[0]}x{_SMALLEST[1]} or more.")
    if "ssh" in within and not {"tmux", "screen"} & set(within):
        text = "a line that drops ends this terminal, but no run: `cnnlab attach` finds it again"
        yield Finding(check, "good", text)
