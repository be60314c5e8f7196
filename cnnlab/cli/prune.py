"""`cnnlab runs prune`: room on the disk, by freeing checkpoints that a rule names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.amounts import how_many
from cnnlab.cli.console import err, out
from cnnlab.cli.filtering import query_of
from cnnlab.errors import ConfigError, known_name
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.history.pruning import PrunedRun

_AGE = re.compile(r"([0-9]{1,6})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


def prune(
    keep: Annotated[
        str, typer.Option(metavar="best", help="Keep the best checkpoint of each run.")
    ] = "",
    keep_last: Annotated[
        int, typer.Option(metavar="N", min=0, help="Leave the N newest runs as they are.")
    ] = 0,
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="Only of runs that ended so long ago: 30d, 12h, 8w.")
    ] = "",
    filter_text: Annotated[
        str,
        typer.Option("--filter", metavar="TERMS", help='Only of such runs: "acc<0.5 -tag:keep".'),
    ] = "",
    unfinished: Annotated[
        bool,
        typer.Option(
            "--unfinished",
            help="Also of stopped, failed and interrupted runs; they cannot be resumed then.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Free the checkpoints of finished runs by rule; the runs and their figures stay."""
    from cnnlab.history import pruning

    if not (keep or keep_last or older_than or filter_text):
        raise ConfigError(
            "No rule says which checkpoints to free.",
            "Give one or more of --keep best, --keep-last N, --older-than 30d, --filter TERMS; "
            "`--dry-run` shows what would go.",
        )
    if keep:
        known_name("kind to keep", keep, ["best"])
    rule = pruning.PruningRule(
        bool(keep), keep_last, _age(older_than), query_of(filter_text), unfinished
    )
    home = Home.from_environment()
    planned = pruning.plan(home, rule)
    if not planned:
        err().print("Nothing to free by this rule.")
        return
    _show(planned)
    if dry_run:
        return
    if not yes and not typer.confirm("Free these files for good?", err=True):
        raise typer.Exit(1)
    freed = pruning.prune(home, rule, planned)
    err().print(f"Freed {_sum(freed)}.", soft_wrap=True)


def _age(text: str) -> timedelta:
    if not text:
        return timedelta()
    found = _AGE.fullmatch(text)
    if found is None:
        raise ConfigError(
            f"--older-than {text!r} is no age.", "Write a number and h, d or w, such as 30d."
        )
    return timedelta(hours=int(found[1]) * _HOURS[found[2]])


def _show(planned: Sequence[PrunedRun]) -> None:
    from rich.text import Text

    from cnnlab.cli.tables import clipped, plain_table, print_table
    from cnnlab.export.format import format_bytes
    from cnnlab.export.run_words import STATUS_STYLES
    from cnnlab.history.pruning import UNFINISHED

    table = plain_table(
        "id", "name", "status", "frees", "files", "size", left=4, flexible=("name",)
    )
    for one in planned:
        kinds = ", ".join(row.kind for row in one.checkpoints) or "left over"
        status = Text(one.run.status, style=STATUS_STYLES[one.run.status])
        size = format_bytes(one.bytes)
        table.add_row(one.run.id, clipped(one.run.name), status, kinds, f"{len(one.files)}", size)
    print_table(out(), table)
    err().print(f"{_sum(planned)}.", soft_wrap=True)
    ended = [
        one for one in planned
        if one.run.status in UNFINISHED and any(row.kind == "last" for row in one.checkpoints)
    ]  # fmt: skip
    if ended:
        count = f"{len(ended)} of these runs are" if len(ended) > 1 else "One of these runs is"
        err().print(f"{count} not finished, and could no longer be resumed.")


def _sum(runs: Sequence[PrunedRun]) -> str:
    from cnnlab.export.format import format_bytes

    files = sum(len(one.files) for one in runs)
    of = how_many(len(runs), "run")
    total = format_bytes(sum(one.bytes for one in runs))
    return f"{how_many(files, 'file')} of {of}, {total}"
