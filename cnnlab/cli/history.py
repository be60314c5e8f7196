"""`cnnlab history`: the file with all runs, to be copied, checked and repaired."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.amounts import how_many
from cnnlab.cli.console import err, out
from cnnlab.home import Home, expanded

if TYPE_CHECKING:
    from cnnlab.history.repair import Repair

app = typer.Typer(help="Back up, check and repair the history.", no_args_is_help=True)


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the copy.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there already.")
    ] = False,
) -> None:
    """Write a whole copy of the history, while runs go on; without their checkpoints."""
    from cnnlab.export.format import format_bytes, one_line
    from cnnlab.history.backup import back_up

    made = back_up(Home.from_environment(), expanded(file), replace=force)
    out().print(
        f"{one_line(str(made.path))}: {how_many(made.runs, 'run')}, {format_bytes(made.bytes)}",
        soft_wrap=True,
    )


@app.command("check")
def check() -> None:
    """Check that the history is sound; nothing is changed."""
    from cnnlab.errors import HistoryError
    from cnnlab.export.format import one_line
    from cnnlab.history.copies import REPAIR_HINT
    from cnnlab.history.repair import problems

    home = Home.from_environment()
    found = problems(home)
    for line in found:
        out().print(one_line(line), soft_wrap=True)
    if found:
        raise HistoryError(f"The history {home.history} is damaged.", REPAIR_HINT)
    out().print(f"{one_line(str(home.history))}: sound", soft_wrap=True)


@app.command("repair")
def repair() -> None:
    """Replace a damaged history by what can be saved of it; the damaged file is kept."""
    from cnnlab.export.format import one_line
    from cnnlab.history.repair import repair as repair_history

    home = Home.from_environment()
    with err().status("Checking the history…"):
        done = repair_history(home)
    if done is None:
        out().print(f"{one_line(str(home.history))}: sound; nothing to repair", soft_wrap=True)
        return
    _tell(done)


def _tell(done: Repair) -> None:
    from cnnlab.cli.tables import plain_table, print_table
    from cnnlab.export.format import one_line

    for line in done.problems:
        err().print(f"Damage: {one_line(line)}", soft_wrap=True)
    table = plain_table("table", "rows saved")
    for name, count in done.rebuilt.saved.items():
        table.add_row(name, f"{count:,}")
    print_table(out(), table)
    if done.rebuilt.relinked:
        err().print(f"Checkpoints found in their folders: {done.rebuilt.relinked}.")
    if done.rebuilt.lost_runs:
        err().print(
            f"Runs whose rows are lost: {', '.join(done.rebuilt.lost_runs)}."
            " Their folders, if they have any, stay.",
            soft_wrap=True,
        )
    else:
        err().print("No run is known to be lost.")
    err().print(f"The damaged history is kept as {one_line(str(done.damaged))}.", soft_wrap=True)
