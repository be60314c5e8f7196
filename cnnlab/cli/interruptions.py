"""Runs whose process ended without a word: told by whichever command looks next."""

from __future__ import annotations

from cnnlab.cli.console import err
from cnnlab.home import Home


def tell_interrupted(home: Home) -> None:
    """Marks runs whose process is gone as interrupted, and tells each with what to do about it.

    Raises:
        HistoryError, StorageError: the history cannot be read.
    """
    from cnnlab.history.interruption import mark_interrupted

    for run in mark_interrupted(home):
        from cnnlab.export.format import one_line
        from cnnlab.history.resumption import last_checkpoint

        last = last_checkpoint(home, run.id)
        if last is None:
            way = f"it has no checkpoint, so `cnnlab run --from {run.id}` trains it again"
        else:
            way = f"`cnnlab runs resume {run.id}` goes on from step {last.step:,}"
        what = f"{one_line(run.name)} ({run.id}) was interrupted: {one_line(run.message or '')}"
        err().print(f"{what}; {way}.", soft_wrap=True)
