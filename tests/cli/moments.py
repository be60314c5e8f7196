"""`cnnlab`, and something happens in a certain epoch: `python -m cli.moments ACT EPOCH WORD...`.

Nobody can see from outside that a training is at one place, and act before it is at another. So
this is done by the thread that trains, after the epoch is recorded and told.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]


def start(act: str, epoch: int, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """Starts a command in the test's home; something happens to what it trains."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli.moments", act, str(epoch), *arguments],
        **{"cwd": TESTS, "text": True, **options},
    )


def main(act: str, epoch: str, *arguments: str) -> None:
    """Runs the command, whose arguments follow."""
    from cnnlab.cli.main import main as cnnlab
    from cnnlab.events import EpochFinished, Event
    from cnnlab.execution.runner import RunThread

    def kill(_run: RunThread) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def interrupt(run: RunThread) -> None:
        """As by Ctrl-C; the training goes on when that was heard."""
        os.kill(os.getpid(), signal.SIGINT)
        run.trainer.stop.wait()

    def hold(_run: RunThread) -> None:
        """The training goes on when standard input is over."""
        sys.stdin.read()

    acts: dict[str, Callable[[RunThread], None]] = {
        "kill": kill, "interrupt": interrupt, "hold": hold,
    }  # fmt: skip
    begin = RunThread.start

    def begin_watched(run: RunThread) -> None:
        def take(event: Event) -> None:
            if isinstance(event, EpochFinished) and event.epoch == int(epoch):
                acts[act](run)

        run.listen(take)
        begin(run)

    RunThread.start = begin_watched  # type: ignore[method-assign]
    sys.argv = ["cnnlab", *arguments]
    cnnlab()


if __name__ == "__main__":
    main(*sys.argv[1:])
