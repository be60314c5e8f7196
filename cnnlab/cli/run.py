"""`cnnlab run`: a preset, a preset file or an earlier run, trained here and now."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.cli.console import err, out, print_json
from cnnlab.errors import ConfigError, TrainingError
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.cli.progress import Display
    from cnnlab.execution.runner import RunRequest, RunThread

STOPPED = 130
"""Exit code after Ctrl-C, as shells have it for SIGINT."""


def run(
    preset: Annotated[
        str | None, typer.Argument(help="Name of a preset, or path of a preset file (.toml).")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change a field; repeatable."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Fix weights, split, order and draws.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Number of epochs.")] = None,
    name: Annotated[
        str, typer.Option(help="Name of the run; made from the preset if absent.")
    ] = "",
    tag: Annotated[list[str] | None, typer.Option(help="Tag the run; repeatable.")] = None,
    note: Annotated[str, typer.Option(help="A note to keep with the run.")] = "",
    source: Annotated[
        str | None, typer.Option("--from", metavar="RUN", help="Repeat an earlier run.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the finished run as JSON on stdout.")
    ] = False,
) -> None:
    """Train a preset, a preset file of your own, or an earlier run again.

    Ctrl-C stops after the current step and keeps the checkpoints; a second one stops at once.
    """
    home = Home.from_environment()
    changes = list(settings or [])
    for field, value in (("seed", seed), ("device", device), ("epochs", epochs)):
        if value is not None:
            changes.append(f"training.{field}={value}")
    request = _request(home, preset, source, changes, name, tuple(tag or ()), note)
    thread, display = _prepare(home, request)
    with display, _stop_on_interrupt(thread, display):
        thread.start()
        while thread.is_alive():
            thread.join(0.1)
    _report(home, thread, as_json)


def _request(
    home: Home,
    preset: str | None,
    source: str | None,
    changes: list[str],
    name: str,
    tags: tuple[str, ...],
    note: str,
) -> RunRequest:
    """What to train, validated whole."""
    from cnnlab.config import presets
    from cnnlab.config.overrides import apply_settings
    from cnnlab.config.run import RunConfig
    from cnnlab.config.validation import validate
    from cnnlab.execution.runner import RunRequest

    if (preset is None) == (source is None):
        raise ConfigError(
            "Name a preset to train, or an earlier run with --from, and not both.",
            "`cnnlab run quickstart` is a first one; `cnnlab presets list` shows all.",
        )
    if preset is not None:
        loaded = presets.load(home, preset)
        return RunRequest(loaded.with_settings(changes), loaded.name, name, tags, note)
    from cnnlab.history.queries import Reader

    with Reader(home) as reader:
        earlier = reader.run(reader.resolve(str(source)))
    config = validate(RunConfig, apply_settings(earlier.config, changes))
    return RunRequest(config, earlier.preset, name, tags, note)


def _prepare(home: Home, request: RunRequest) -> tuple[RunThread, Display]:
    """Checks what is cheap to check, then loads torch and the images, and builds the run."""
    from cnnlab.data import library

    library.check_name(home, request.config.data.name)
    with err().status("Loading PyTorch and the images…"):
        from cnnlab.cli.progress import make_display
        from cnnlab.execution.runner import prepare_run

        dataset = library.require(home, request.config.data.name)
        thread = prepare_run(home, request, dataset)
    hardware = thread.trainer.parts.hardware
    display = make_display(
        err(), f"{thread.run_name} ({thread.run_id}) on {hardware.device} ({hardware.name})"
    )
    thread.listener = display.on_event
    return thread, display


@contextmanager
def _stop_on_interrupt(thread: RunThread, display: Display) -> Iterator[None]:
    """Ctrl-C once asks the run to stop, twice ends the process at once."""

    def on_interrupt(_number: int, _frame: object) -> None:
        if thread.trainer.stop.is_set():
            thread.abandon()
            sys.stderr.write(f"\nStopped at once; see `cnnlab runs show {thread.run_id}`.\n")
            sys.stderr.flush()
            os._exit(STOPPED)
        thread.request_stop()
        display.say("Stopping after this step; press Ctrl-C again to stop at once.")

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _report(home: Home, thread: RunThread, as_json: bool) -> None:
    """What the run came to, and the exit code that goes with it."""
    from cnnlab.events import RunFailed, RunFinished
    from cnnlab.history.queries import Reader

    with Reader(home) as reader:
        record = reader.run(thread.run_id)
        if as_json:
            from cnnlab.export.run_json import runs_as_json

            print_json(runs_as_json(reader, [record])[0])
        else:
            from cnnlab.cli.format import one_line
            from cnnlab.cli.report import print_result

            if not isinstance(thread.ending, RunFailed):  # that is told below
                ending = f"{one_line(record.name)}: {record.status}, {record.message}"
                err().print(ending, soft_wrap=True)
            print_result(out(), reader, record)
    if isinstance(thread.ending, RunFailed):
        raise TrainingError(
            f"The run {record.name} ({record.id}) failed: {thread.ending.message}",
            f"`cnnlab runs show {record.id}` shows what was recorded.",
        )
    if not isinstance(thread.ending, RunFinished):
        raise typer.Exit(STOPPED)
