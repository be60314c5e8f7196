"""A run on the console: built, shown while it trains, stopped with Ctrl-C, told when it is over."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import typer

from cnnlab.cli.console import err, out, print_json
from cnnlab.errors import TrainingError
from cnnlab.execution.terminal import TERMINATED, TerminalGuard, on_termination
from cnnlab.home import Home
from cnnlab.signals import answered

if TYPE_CHECKING:
    from cnnlab.cli.progress import Display, Overall
    from cnnlab.execution.requests import RunRequest
    from cnnlab.execution.runner import RunThread

STOPPED = 130
"""Exit code after Ctrl-C, as shells have it for SIGINT."""


def prepare(
    home: Home, request: RunRequest, overall: Overall | None = None
) -> tuple[RunThread, Display]:
    """Checks what is cheap to check, then loads torch and the images, and builds the run.

    Args:
        overall: where the run stands among others that are trained in a row.

    Raises:
        CnnlabError: the run cannot be trained as it is asked for; nothing was started.
    """
    from cnnlab.data import library

    library.check_name(home, request.config.data.name)

    def build() -> RunThread:
        from cnnlab.execution.building import build

        return build(home, request)

    return shown(build, overall)


def shown(
    build: Callable[[], RunThread], overall: Overall | None = None
) -> tuple[RunThread, Display]:
    """Builds a run, which takes a moment, and a display that listens to it."""
    with err().status("Loading PyTorch and the images…"):
        from cnnlab.cli.progress import make_display

        thread = build()
    hardware = thread.trainer.parts.hardware
    title = f"{thread.run_name} ({thread.run_id}) on {hardware.device} ({hardware.name})"
    display = make_display(err(), title, overall)
    thread.listen(display.on_event)
    return thread, display


def watch(thread: RunThread, display: Display) -> None:
    """Trains a prepared run to its ending and shows how far it is."""

    def interrupt() -> None:
        thread.interrupt("SIGTERM")
        display.say("SIGTERM: writing a checkpoint and stopping after this step.")

    with display, _stop_on_interrupt(thread, display), on_termination(interrupt):
        thread.start()
        while thread.is_alive():
            thread.join(0.1)


@contextmanager
def outliving_the_terminal(home: Home) -> Iterator[None]:
    """What trains goes on when the terminal is gone, and nothing is drawn any more."""

    def leave() -> None:
        err().quiet = out().quiet = True

    with TerminalGuard(home, leave):
        yield


@contextmanager
def _stop_on_interrupt(thread: RunThread, display: Display) -> Iterator[None]:
    """Ctrl-C once asks the run to stop, twice ends the process at once."""

    def on_interrupt(_number: int, _frame: object) -> None:
        if thread.trainer.stop.is_set():
            # A third one would wait for what the second is writing.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            thread.abandon()
            _write_at_once(f"\nStopped at once; see `cnnlab runs show {thread.run_id}`.\n")
            os._exit(STOPPED)
        thread.request_stop()
        display.say("Stopping after this step; press Ctrl-C again to stop at once.")

    with answered((signal.SIGINT,), on_interrupt):
        yield


def _write_at_once(text: str) -> None:
    """Writes to stderr, if it takes that without waiting.

    Not through the stream: this call may have interrupted a write to it, and the training may wait
    in another one for somebody who reads.
    """
    with suppress(OSError, ValueError):
        number = sys.stderr.fileno()
        if select.select([], [number], [], 0)[1]:
            os.write(number, text.encode())


def report(home: Home, thread: RunThread, as_json: bool) -> None:
    """Tells what a run came to.

    Raises:
        TrainingError: it failed.
        Exit: it was stopped, or interrupted; with the exit code that goes with it.
    """
    from cnnlab.events import RunFailed, RunFinished, RunInterrupted
    from cnnlab.history.queries import Reader

    with Reader(home) as reader:
        record = reader.run(thread.run_id)
        if as_json:
            from cnnlab.export.run_json import run_as_json

            print_json(run_as_json(reader, record))
        else:
            from cnnlab.cli.report import print_result
            from cnnlab.export.format import one_line

            if not isinstance(thread.ending, RunFailed):  # that is told below
                ending = f"{one_line(record.name)}: {record.status}, {record.message}"
                err().print(ending, soft_wrap=True)
            print_result(out(), reader, record)
    if isinstance(thread.ending, RunFailed):
        raise TrainingError(
            f"The run {record.name} ({record.id}) failed: {thread.ending.message}",
            f"`cnnlab runs show {record.id}` shows what was recorded.",
        )
    if isinstance(thread.ending, RunInterrupted):
        err().print(f"`cnnlab runs resume {record.id}` goes on from there.", soft_wrap=True)
        raise typer.Exit(TERMINATED)
    if not isinstance(thread.ending, RunFinished):
        raise typer.Exit(STOPPED)
