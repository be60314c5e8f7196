"""Bars on stderr for work that tells how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cnnlab.cli.console import err

if TYPE_CHECKING:
    from cnnlab.progress import Progress


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on stderr for work that tells how far it is; nothing where stderr is no terminal."""
    if not err().is_terminal:
        from cnnlab.progress import silent

        yield silent
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err(), transient=True) as bars:
        tasks = {}

        def show(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield show
