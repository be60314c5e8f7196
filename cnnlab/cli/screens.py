"""Opening the screens from the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import typer

from cnnlab.cli.console import err
from cnnlab.home import Home


def open_screens(home: Home, run_id: str = "", *, instead: Callable[[], str] | None = None) -> None:
    """Runs the app on a terminal and ends with its exit code.

    Args:
        run_id: the run that is shown first.
        instead: gives what is printed where there is no terminal, on which it could only hang.

    Raises:
        Exit: always.
    """
    streams = (sys.stdin, sys.stdout, sys.stderr)  # Textual draws on the last one
    if not all(each.isatty() for each in streams) or os.environ.get("TERM") == "dumb":
        if instead is not None:
            typer.echo(instead())
        err().print("The screens of cnnlab need a terminal; the commands work without one.")
        raise typer.Exit(2)
    from cnnlab.tui.app import run_app
    from cnnlab.tui.session import Session

    raise typer.Exit(run_app(Session.begin(home), run_id))
