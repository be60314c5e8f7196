"""Repeats on the console: one config with several seeds, and what they come to together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cnnlab.amounts import how_many
from cnnlab.cli.console import err, out, print_json
from cnnlab.cli.detaching import run_detached
from cnnlab.cli.in_turn import Prepare, Turn, train_in_turn
from cnnlab.cli.training import shown
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.execution.requests import RunRequest
    from cnnlab.execution.runner import RunThread
    from cnnlab.history.records import RunRecord


def train_repeats(
    home: Home, request: RunRequest, count: int, as_json: bool, *, detach: bool
) -> None:
    """Trains one config with several seeds, as a group, here or in the background.

    Raises:
        CnnlabError: it cannot be trained; or some of the runs failed.
        Exit: Ctrl-C or SIGTERM stopped a run, and the rest with it.
    """
    from cnnlab.cli.progress import Overall
    from cnnlab.data import library
    from cnnlab.execution.repeats import repeated
    from cnnlab.history.queries import Reader

    library.check_name(home, request.config.data.name)
    requests = repeated(request, count)
    group = str(requests[0].group)
    if detach:
        from cnnlab.execution.detached import Repeats

        run_detached(home, Repeats(tuple(requests)), as_json)
        _tell_group(group, as_json)
        return
    ids: list[str] = []

    def build() -> RunThread:
        from cnnlab.execution.building import build_group

        thread, ids[:] = build_group(home, requests)
        return thread

    # The first one is built before anything is written: what cannot be trained leaves no rows.
    first = shown(build, Overall("run", 0, count))
    with Reader(home) as reader:
        runs = reader.runs_among(ids)
    _train(home, group, runs, as_json, lambda _overall: first)


def resume_group(home: Home, group: str, as_json: bool, *, detach: bool) -> None:
    """Trains what a group still lacks: runs that ended early, and those that were never begun.

    Those that another process trains, or has in its queue, are left to it and told.

    Raises:
        ConfigError: there is no such group, or it lacks nothing that this process could train.
        CnnlabError: some of the runs failed, or cannot go on.
        Exit: Ctrl-C or SIGTERM stopped a run, and the rest with it.
    """
    from cnnlab.execution.repeats import owners_words, unfinished
    from cnnlab.history.queries import Reader

    with Reader(home) as reader:
        left, elsewhere = unfinished(reader, group)
    if elsewhere:
        count, owners = how_many(len(elsewhere), "run"), owners_words(elsewhere)
        err().print(f"Left out: {count} of the group, trained by {owners}.", soft_wrap=True)
    if detach:
        from cnnlab.execution.detached import RestOfGroup

        run_detached(home, RestOfGroup(group), as_json)
        _tell_group(group, as_json)
        return
    _train(home, group, left, as_json)


def _tell_group(group: str, as_json: bool) -> None:
    if not as_json:
        shows = f"`cnnlab runs compare --filter group:{group}`"
        err().print(f"The others follow it; {shows} shows what they come to.", soft_wrap=True)


def _train(
    home: Home,
    group: str,
    runs: Sequence[RunRecord],
    as_json: bool,
    first: Prepare | None = None,
) -> None:
    """Trains runs of a group one after another; the first may be built already."""
    turns = [Turn(run.name, f"{run.name} ({run.id})", _preparing(home, run.id)) for run in runs]
    if first is not None:
        turns[0] = replace(turns[0], prepare=first)
    go_on = f"cnnlab runs resume --group {group}"
    train_in_turn(home, turns, go_on, lambda: _report(home, group, as_json))


def _preparing(home: Home, run_id: str) -> Prepare:
    """Builds a run when its turn comes."""

    def build() -> RunThread:
        from cnnlab.execution.building import build_or_resume

        return build_or_resume(home, run_id)

    return lambda overall: shown(build, overall)


def _report(home: Home, group: str, as_json: bool) -> None:
    """What the runs of a group come to: mean, standard deviation, best and number."""
    from cnnlab.execution.repeats import runs_of_group
    from cnnlab.export.comparison_document import comparison_document
    from cnnlab.export.job import ExportOptions
    from cnnlab.history.queries import Reader

    with Reader(home) as reader:
        runs = runs_of_group(reader, group)
        if as_json:
            from cnnlab.export.run_json import runs_as_json

            print_json({"group": group, "runs": runs_as_json(reader, runs)})
            return
        from cnnlab.cli.documents import Wanted, print_document

        document = comparison_document(reader, [run.id for run in runs], ExportOptions())
        print_document(out(), document, Wanted(curves=False, listings=False))
    err().print(f"see it again: cnnlab runs compare --filter group:{group}", soft_wrap=True)
