"""`cnnlab run`: a preset, a preset file or an earlier run, trained here and now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.cli.console import err
from cnnlab.cli.detaching import DetachOption, run_detached
from cnnlab.cli.interruptions import tell_interrupted
from cnnlab.cli.preflight import print_preflight
from cnnlab.cli.repeats import train_repeats
from cnnlab.cli.tensorboard import TensorboardOption, write_tensorboard
from cnnlab.cli.training import outliving_the_terminal, prepare, report, watch
from cnnlab.errors import ConfigError
from cnnlab.history.naming import given_tags
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.execution.requests import RunRequest


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
    repeat: Annotated[
        int,
        typer.Option(min=1, help="Train so many seeds, from --seed on, as one group."),
    ] = 1,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Measure what it would take on a few steps; train nothing."),
    ] = False,
    detach: DetachOption = False,
    tensorboard: TensorboardOption = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print the run as JSON when it has ended; with --detach the queued one, with "
            "--repeat the group with its runs, with --dry-run what was measured.",
        ),
    ] = False,
) -> None:
    """Train a preset, a preset file of your own, or an earlier run again.

    Ctrl-C stops after the current step and keeps the checkpoints; a second one stops at once.

    A terminal that goes away stops nothing: `cnnlab attach` shows the run from another one.
    """
    home = Home.from_environment()
    changes = list(settings or [])
    for field, value in (("seed", seed), ("device", device), ("epochs", epochs)):
        if value is not None:
            changes.append(f"training.{field}={value}")
    tags = given_tags(tag or ())
    request = _request(home, preset, source, changes, name.strip(), tags, note.strip())
    if dry_run:
        print_preflight(home, request, as_json)
        if repeat > 1:
            err().print(f"So much for each of the {repeat} runs, one after another.")
        return
    write_tensorboard(tensorboard)
    tell_interrupted(home)
    if repeat > 1:
        train_repeats(home, request, repeat, as_json, detach=detach)
        return
    if detach:
        run_detached(home, request, as_json)
        return
    with outliving_the_terminal(home):
        thread, display = prepare(home, request)
        watch(thread, display)
        report(home, thread, as_json)


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
    from cnnlab.execution.requests import RunRequest

    if (preset is None) == (source is None):
        raise ConfigError(
            "Name a preset to train, or an earlier run with --from, and not both.",
            "`cnnlab run quickstart` is a first one; `cnnlab presets list` shows all.",
        )
    if preset is not None:
        loaded = presets.load(home, preset)
        return RunRequest(loaded.with_settings(changes), loaded.name, name, tags, note)
    from cnnlab.history.origins import require_config
    from cnnlab.history.queries import Reader

    with Reader(home) as reader:
        earlier = reader.run(reader.resolve(str(source)))
    require_config(earlier)
    config = validate(RunConfig, apply_settings(earlier.config, changes))
    return RunRequest(config, earlier.preset, name, tags, note)
