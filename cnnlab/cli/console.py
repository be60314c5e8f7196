"""The two consoles of the command line: data goes to stdout, narration to stderr.

Text from outside (names, class names, file names) is printed as text: neither console reads
markup or emoji codes out of it, and no terminal gets a control character from it. An encoding that
lacks a character, as that of an old terminal may, ends no command.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnlab.export.json_text import json_text

if TYPE_CHECKING:
    from rich.console import Console

    from cnnlab.errors import CnnlabError

UNLIMITED_WIDTH = 1_000_000
"""Columns where no terminal sets them."""


@cache
def out() -> Console:
    """The console for results, on stdout; nothing is cut or wrapped in a file or a pipe."""
    from cnnlab.cli.safe_console import SafeConsole

    width = None if sys.stdout.isatty() else UNLIMITED_WIDTH
    return SafeConsole(markup=False, emoji=False, highlight=False, width=width)


@cache
def err() -> Console:
    """The console for progress, remarks and errors, on stderr."""
    from cnnlab.cli.safe_console import SafeConsole

    return SafeConsole(stderr=True, markup=False, emoji=False, highlight=False)


def open_streams() -> None:
    """Gives the streams that were closed when the process began to the null device.

    Python has None in their place, and the next file that is opened would be the one that libraries
    take for standard output.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Open for as long as the process.
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115


def take_every_character() -> None:
    """Has both streams write a question mark for what the terminal's encoding does not have."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def print_json(value: Any) -> None:
    """Writes JSON to stdout, whole and uncoloured, whatever the width of the terminal.

    A file or a pipe gets UTF-8, whatever the terminal's encoding.
    """
    text = json_text(value, indent=2) + "\n"
    stream = sys.stdout
    if isinstance(stream, TextIOWrapper) and not stream.isatty():
        stream.flush()
        stream.buffer.write(text.encode())
    else:
        stream.write(text)


def print_error(error: CnnlabError) -> None:
    """Shows what is wrong and what to do, on stderr."""
    from rich.text import Text

    line = Text("cnnlab: ", style="bold red")
    line.append(error.message, style="default not bold")
    err().print(line, soft_wrap=True)
    if error.hint:
        err().print(Text(error.hint), soft_wrap=True)


def print_traceback(error: Exception) -> None:
    """Shows where an error came from, on stderr; its words may be anybody's."""
    import traceback

    from rich.text import Text

    err().print(Text("".join(traceback.format_exception(error))), soft_wrap=True)
