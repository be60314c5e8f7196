"""Text for a log or a mail: no colours, no control codes, lines of at most 80 columns.

It is the same whether stdout is a terminal, a pipe or a file, and whatever `FORCE_COLOR` says; a
narrower terminal, or `COLUMNS`, makes it narrower. Only what cannot be wrapped is longer: paths,
and tables with long names.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

WIDTH, _LEAST_WIDTH = 80, 40

OnceOption = Annotated[
    bool,
    typer.Option("--once", help="Print plain text as it is now: no colours, at most 80 columns."),
]


@contextmanager
def plain_console() -> Iterator[Console]:
    """A console whose text goes to stdout at the end, without blanks at the ends of lines."""
    from cnnlab.cli.safe_console import SafeConsole

    written = StringIO()
    columns = shutil.get_terminal_size((WIDTH, 24)).columns
    yield SafeConsole(
        file=written,
        width=min(max(columns, _LEAST_WIDTH), WIDTH),
        color_system=None,
        force_terminal=False,
        markup=False,
        emoji=False,
        highlight=False,
    )
    for line in written.getvalue().removesuffix("\n").split("\n"):
        sys.stdout.write(line.rstrip() + "\n")
