"""Training in the background, from the command line: started, and told how to come back to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.cli.console import err, print_json
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.execution.detached import Order

DetachOption = Annotated[
    bool, typer.Option("--detach", help="Train in the background, without this terminal.")
]


def run_detached(home: Home, order: Order, as_json: bool) -> None:
    """Starts a process that trains and tells how to attach; of a group, to its first run.

    Args:
        as_json: whether to print that run as JSON instead.

    Raises:
        CnnlabError: it cannot be trained; nothing was started.
    """
    from cnnlab.execution.detached import start_detached
    from cnnlab.export.format import one_line
    from cnnlab.history.queries import Reader

    with err().status("Starting…"):
        run = start_detached(home, order)
    if as_json:
        from cnnlab.export.run_json import run_as_json

        with Reader(home) as reader:
            print_json(run_as_json(reader, reader.run(run.run_id)))
        return
    err().print(
        f"{one_line(run.name)} ({run.run_id}) trains in the background, in process {run.pid}.\n"
        f"`cnnlab attach {run.run_id}` shows it, `cnnlab runs stop {run.run_id}` stops it.",
        soft_wrap=True,
    )
