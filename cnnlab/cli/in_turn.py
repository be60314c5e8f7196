"""Several runs on the console, one after another: told as they end, stopped all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import typer

from cnnlab.cli.console import err, print_error
from cnnlab.cli.training import STOPPED, outliving_the_terminal, watch
from cnnlab.errors import CnnlabError, TrainingError
from cnnlab.execution.terminal import TERMINATED
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.cli.progress import Display, Overall
    from cnnlab.events import Ending
    from cnnlab.execution.runner import RunThread


Prepare: TypeAlias = "Callable[[Overall], tuple[RunThread, Display]]"
"""Builds a run, and a display that shows where it stands among others."""


@dataclass(frozen=True)
class Turn:
    """A run among others: what to call it, also where it fails, and how it is built in its turn."""

    name: str
    full_name: str
    prepare: Prepare


def train_in_turn(
    home: Home, turns: Sequence[Turn], go_on: str, report: Callable[[], None]
) -> None:
    """Trains one run after another, and then reports, whether some failed or not.

    Args:
        go_on: the command that trains what is left, told where it ends early.

    Raises:
        TrainingError: some of the runs failed.
        Exit: Ctrl-C or SIGTERM stopped a run, and the rest with it; there is no report then.
    """
    with outliving_the_terminal(home):
        failures = _train_all(home, turns, go_on)
        report()
    if failures:
        raise TrainingError(
            f"{len(failures)} of {len(turns)} runs failed: {', '.join(dict.fromkeys(failures))}.",
            f"`{go_on}` tries them again.",
        )


def _train_all(home: Home, turns: Sequence[Turn], go_on: str) -> list[str]:
    """The names of the runs that failed."""
    from cnnlab.events import RunFailed, RunFinished, RunInterrupted

    failures = []
    for number, turn in enumerate(turns):
        ending: Ending | None = None
        trouble: CnnlabError | None = None
        try:
            thread = _train(turn, number, len(turns))
            ending = thread.ending
        except CnnlabError as error:
            trouble = error
        except KeyboardInterrupt:
            pass
        if isinstance(ending, RunFailed):
            trouble = TrainingError(ending.message)
        if trouble is not None:
            print_error(TrainingError(f"{turn.full_name}: {trouble.message}", trouble.hint))
            failures.append(turn.name)
        elif isinstance(ending, RunFinished):
            _tell_finished(home, turn, thread.run_id)
        else:
            left = f"{len(turns) - number} of {len(turns)} runs are left"
            err().print(f"Stopped; {left}: `{go_on}` goes on.", soft_wrap=True)
            raise typer.Exit(TERMINATED if isinstance(ending, RunInterrupted) else STOPPED)
    return failures


def _train(turn: Turn, number: int, total: int) -> RunThread:
    from cnnlab.cli.progress import Overall

    thread, display = turn.prepare(Overall("run", number, total))
    watch(thread, display)
    return thread


def _tell_finished(home: Home, turn: Turn, run_id: str) -> None:
    from cnnlab.export.format import format_duration, format_figure, one_line
    from cnnlab.history.queries import Reader

    with Reader(home) as reader:
        run = reader.run(run_id)
    err().print(
        f"{one_line(turn.name)}, seed {run.seed}: "
        f"test accuracy {format_figure(run.test_accuracy)}, "
        f"{format_duration(run.duration_s)} ({run.id})",
        soft_wrap=True,
    )
