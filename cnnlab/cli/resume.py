"""`cnnlab runs resume`: a run that ended before its time, trained on here and now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.cli.detaching import DetachOption, run_detached
from cnnlab.cli.interruptions import tell_interrupted
from cnnlab.cli.repeats import resume_group
from cnnlab.cli.tensorboard import TensorboardOption, write_tensorboard
from cnnlab.cli.training import outliving_the_terminal, report, shown, watch
from cnnlab.errors import ConfigError
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.execution.runner import RunThread


def resume(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="An id, its beginning, a name, or `latest`.")
    ] = "",
    group: Annotated[
        str, typer.Option(help="All that is left of a group of repeats, one after another.")
    ] = "",
    detach: DetachOption = False,
    tensorboard: TensorboardOption = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print the run as JSON when it has ended; with --detach as it is then, with "
            "--group the group with its runs.",
        ),
    ] = False,
) -> None:
    """Train a run on from its last checkpoint: one stopped, failed or interrupted.

    A run that waits in the queue of a process that is gone is trained too.

    Ctrl-C stops after the current step and keeps the checkpoints; a second one stops at once.
    """
    from cnnlab.data import library
    from cnnlab.history.queries import Reader
    from cnnlab.history.resumption import require_claimable

    home = Home.from_environment()
    tell_interrupted(home)
    if bool(run) == bool(group):
        raise ConfigError(
            "Name a run to resume, or a group of repeats with --group, and not both.",
            "`cnnlab runs list --filter status:interrupted` shows what can go on.",
        )
    write_tensorboard(tensorboard)
    if group:
        resume_group(home, group, as_json, detach=detach)
        return
    with Reader(home) as reader:
        found = reader.run(reader.resolve(run))
    # What is cheap to check comes before the wait for torch.
    require_claimable(home, found)
    library.check_name(home, found.dataset)

    if detach:
        run_detached(home, found.id, as_json)
        return

    def build() -> RunThread:
        from cnnlab.execution.building import resume

        return resume(home, found.id)

    with outliving_the_terminal(home):
        thread, display = shown(build)
        watch(thread, display)
        report(home, thread, as_json)
