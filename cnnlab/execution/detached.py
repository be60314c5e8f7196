"""Training without a terminal from the beginning: in a process of its own that outlives its parent.

The parent asks (`start_detached`) and waits for the answer: the run, or why there is none. The
process (`python -m cnnlab.execution.detached`) reads the order on its standard input, builds the
run, answers in one line on its standard output, and trains. It has a session of its own, so no
hang-up reaches it; what it or a library prints goes to the log of the home. Of a group of repeats
it answers with the first run, and trains the others after it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import cnnlab.errors
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.errors import CnnlabError, StorageError, TrainingError
from cnnlab.events import RunStopped
from cnnlab.execution.repeats import unfinished
from cnnlab.execution.requests import RunRequest
from cnnlab.execution.terminal import TERMINATED, on_termination
from cnnlab.history.queries import Reader
from cnnlab.home import Home, make_folder, open_log

if TYPE_CHECKING:
    from cnnlab.execution.runner import RunThread


@dataclass(frozen=True)
class Repeats:
    """An order to train a group of repeats: all of them, each with its seed."""

    requests: tuple[RunRequest, ...]


@dataclass(frozen=True)
class RestOfGroup:
    """An order to train what a group of repeats still lacks."""

    group: str


Order = RunRequest | str | Repeats | RestOfGroup
"""What to train, or the id of a run to resume."""


@dataclass(frozen=True)
class Detached:
    """A run that trains in a process of its own."""

    run_id: str
    name: str
    pid: int


def start_detached(home: Home, order: Order) -> Detached:
    """Starts a process that trains; returns once the run is built and about to train.

    Raises:
        CnnlabError: as the process raised it; nothing trains then.
    """
    process = _start(home)
    try:
        with process.stdin as orders, process.stdout as answers:  # type: ignore[union-attr]
            with suppress(BrokenPipeError):  # it is over already, which the answer tells
                orders.write(json.dumps(_as_json(order)))
                orders.close()
            line = answers.readline()
    except (OSError, KeyboardInterrupt):
        process.kill()
        raise
    # The process is left to itself; Python would warn that nobody waited for it.
    process.returncode = 0
    if not line:
        raise TrainingError(
            "The process that was to train ended without a word.", f"Its output is in {home.log}."
        )
    answer = json.loads(line)
    if "error" in answer:
        kind = getattr(cnnlab.errors, answer["error"], TrainingError)
        raise kind(answer["message"], answer["hint"])
    return Detached(answer["run_id"], answer["name"], process.pid)


def _start(home: Home) -> subprocess.Popen[str]:
    make_folder(home.root)
    try:
        with open_log(home.log) as log:
            return subprocess.Popen(
                [sys.executable, "-m", "cnnlab.execution.detached"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "CNNLAB_HOME": str(home.root)},
                start_new_session=True,
                text=True,
            )
    except OSError as error:
        raise StorageError(
            f"The log {home.log} cannot be written: {error.strerror}.",
            "Check the free space and the permissions of the home.",
        ) from error


def _as_json(order: Order) -> dict[str, Any]:
    if isinstance(order, str):
        return {"resume": order}
    if isinstance(order, RestOfGroup):
        return {"group": order.group}
    if isinstance(order, Repeats):
        return {"repeats": [_as_json(request) for request in order.requests]}
    return {"run": {**asdict(order), "config": order.config.model_dump(mode="json")}}


def _request(order: dict[str, Any]) -> RunRequest:
    told = order["run"]
    config = validate(RunConfig, told["config"])
    return RunRequest(**{**told, "config": config, "tags": tuple(told["tags"])})


def _ordered(home: Home, order: dict[str, Any]) -> list[Callable[[], RunThread]]:
    """What builds each of the runs that are ordered, at least one.

    Raises:
        CnnlabError: the order cannot be carried out.
    """
    from cnnlab.execution.building import build, build_group, build_or_resume, resume

    if "resume" in order:
        return [partial(resume, home, order["resume"])]
    if "run" in order:
        return [partial(build, home, _request(order))]
    if "repeats" in order:
        first, (_, *others) = build_group(home, [_request(one) for one in order["repeats"]])
        return [lambda: first, *(partial(build_or_resume, home, run_id) for run_id in others)]
    with Reader(home) as reader:
        left, _ = unfinished(reader, order["group"])
    return [partial(build_or_resume, home, run.id) for run in left]


def _built(builds: Iterator[Callable[[], RunThread]]) -> Iterator[RunThread]:
    """Builds one run after another; one that cannot be built is told in the log and left out."""
    for build in builds:
        try:
            yield build()
        except CnnlabError as error:
            sys.stderr.write(f"{error}\n")


def main() -> int:
    """Trains what is ordered on standard input; returns the exit code."""
    # A stop of the parent is no stop of what it left to itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    home = Home.from_environment()
    try:
        builds = iter(_ordered(home, json.load(sys.stdin)))
        run = next(builds)()
    except CnnlabError as error:
        kind, message, hint = type(error).__name__, error.message, error.hint
        _answer({"error": kind, "message": message, "hint": hint})
        return error.exit_code
    _answer({"run_id": run.run_id, "name": run.run_name})
    for one in chain([run], _built(builds)):
        _train(one)
        if one.trainer.inbox.interruption:
            return TERMINATED
        if isinstance(one.ending, RunStopped):
            break
    return 0


def _train(run: RunThread) -> None:
    with on_termination(lambda: run.interrupt("SIGTERM")):
        run.start()
        while run.is_alive():
            # In short stretches, so that a signal is answered.
            run.join(0.5)


def _answer(words: dict[str, str]) -> None:
    """Writes the answer; from then on standard output is that of the log."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()
    os.dup2(2, 1)


if __name__ == "__main__":
    sys.exit(main())
