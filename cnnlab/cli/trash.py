"""`cnnlab runs delete | restore | empty-trash`: runs out of the way, back again, or gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.amounts import how_many
from cnnlab.cli.console import err
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.history.records import CheckpointRecord, RunRecord

RunsArgument = Annotated[
    list[str], typer.Argument(metavar="RUN...", help="Ids, their beginnings, or names.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def delete(
    runs: RunsArgument,
    for_good: Annotated[
        bool, typer.Option("--for-good", help="Not to the trash: delete them at once.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Move runs to the trash; they keep their checkpoints until it is emptied."""
    from cnnlab.history.edits import delete_run
    from cnnlab.history.queries import Reader
    from cnnlab.history.trash import move_to_trash

    home = Home.from_environment()
    with Reader(home) as reader:
        ids = list(dict.fromkeys(reader.resolve(run) for run in runs))
        records = reader.runs_among(ids)
        checkpoints = reader.checkpoints(ids)
    if not for_good:
        move_to_trash(home, ids)
        for record in records:
            _tell(
                f"Moved {_words(record)} to the trash; `cnnlab runs restore {record.id}` "
                "brings it back."
            )
        return
    for record in records:
        _tell_what_goes(record, checkpoints[record.id])
    _ask(yes=yes)
    for record in records:
        delete_run(home, record)
        _tell(f"Deleted {_words(record)}.")


def restore(runs: RunsArgument) -> None:
    """Bring runs back from the trash."""
    from cnnlab.history import trash
    from cnnlab.history.queries import Reader

    home = Home.from_environment()
    with Reader(home) as reader:
        ids = list(dict.fromkeys(reader.resolve(run, trashed=True) for run in runs))
        records = reader.runs_among(ids)
    trash.restore(home, ids)
    for record in records:
        _tell(f"Restored {_words(record)}.")


def empty_trash(yes: YesOption = False) -> None:
    """Delete the runs in the trash for good, with their checkpoints."""
    from cnnlab.export.format import format_bytes
    from cnnlab.history import trash

    home = Home.from_environment()
    count, size = trash.trash_size(home)
    if not count:
        _tell("The trash is empty.")
        return
    _tell(f"{how_many(count, 'run')} in the trash, {format_bytes(size)}.")
    _ask(yes=yes)
    deleted, freed = trash.empty_trash(home)
    _tell(f"Deleted {how_many(deleted, 'run')}, {format_bytes(freed)} freed.")


def _ask(*, yes: bool) -> None:
    if not yes and not typer.confirm("Delete for good?", err=True):
        raise typer.Exit(1)


def _tell_what_goes(run: RunRecord, checkpoints: Sequence[CheckpointRecord]) -> None:
    from cnnlab.export.format import format_bytes, one_line
    from cnnlab.history.edits import require_deletable
    from cnnlab.history.ownership import LIVE

    require_deletable(run)
    freed = format_bytes(sum(one.bytes for one in checkpoints))
    count = how_many(len(checkpoints), "checkpoint")
    state = f"{run.status} on {run.host}" if run.status in LIVE else run.status
    _tell(f"{run.id}  {one_line(run.name)}  {state}, {count}, {freed}")


def _words(run: RunRecord) -> str:
    from cnnlab.export.format import one_line

    return f"{one_line(run.name)} ({run.id})"


def _tell(line: str) -> None:
    err().print(line, soft_wrap=True)
