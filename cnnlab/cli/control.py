"""`cnnlab runs stop | pause | continue`: changing the course of a run from anywhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.cli.console import err
from cnnlab.events import Command
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.history.records import RunRecord

PATIENCE = 15.0
"""Seconds to wait for a run to answer; a step of a large network takes a while."""

RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="An id, its beginning, a name, or `latest`.")
]


def stop(run: RunArgument = "latest") -> None:
    """Stop a run after the step under way, with a checkpoint."""
    _ask(run, Command("stop"), done="stopped")


def pause(run: RunArgument = "latest") -> None:
    """Pause a run after the step under way; its process stays and keeps its memory."""
    _ask(run, Command("pause"), done="paused")


def go_on(run: RunArgument = "latest") -> None:
    """Let a paused run go on."""
    _ask(run, Command("continue"), done="running")


def _ask(text: str, command: Command, done: str) -> None:
    """Sends a command and waits until the run has that status, or another ending."""
    from cnnlab.errors import HistoryError
    from cnnlab.history import commands
    from cnnlab.history.ownership import LIVE
    from cnnlab.history.queries import Reader

    home = Home.from_environment()
    with Reader(home) as reader:
        run = reader.run(reader.resolve(text))
        if run.status == done:
            _tell(run)
            return
        commands.send(home, run, command)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            run = reader.run(run.id)
            if run.status == done or run.status not in LIVE:
                _tell(run)
                return
            time.sleep(0.1)
    raise HistoryError(
        f"The run {run.name} ({run.id}) has not answered yet; it will, after its step.",
        f"See `cnnlab runs show {run.id}`.",
    )


def _tell(run: RunRecord) -> None:
    from cnnlab.export.format import one_line

    message = f": {run.message}" if run.message else ""
    err().print(f"{one_line(run.name)} ({run.id}) is {run.status}{message}.", soft_wrap=True)
