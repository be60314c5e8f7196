"""`cnnlab attach`: the live screen of a run that trains here or in another process."""

from __future__ import annotations

from typing import Annotated

import typer

from cnnlab.cli.screens import open_screens
from cnnlab.errors import HistoryError
from cnnlab.home import Home


def attach(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="An id, its beginning, or a name.")
    ] = "",
) -> None:
    """Open the live screen of a run, whatever process trains it: by itself the newest that trains.

    A run that is over opens with its result. Closing the screen leaves the run alone.
    """
    from cnnlab.history.live import live_runs
    from cnnlab.history.queries import Reader

    home = Home.from_environment()
    with Reader(home) as reader:
        if run:
            run_id = reader.resolve(run)
        else:
            live = live_runs(reader)
            if not live:
                raise HistoryError(
                    "Nothing trains in this home.",
                    "Name a run to open it; `cnnlab runs list` shows all.",
                )
            run_id = live[0].id
    open_screens(home, run_id)
