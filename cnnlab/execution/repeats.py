"""One config trained with several seeds, as a group whose figures have a mean and a deviation.

All runs of a group get their rows before the first one trains (`building.build_group`), so that
nothing of it is forgotten when the process ends early: any process can train what is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError
from cnnlab.execution.requests import RunRequest
from cnnlab.history.filters import Query, matching
from cnnlab.history.ownership import LIVE, is_gone, is_mine, owner_words
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.history.recorder import new_run_id
from cnnlab.history.records import RunRecord

MOST = 1000
"""Repeats of one config; the history would take more, nobody's patience does."""


def repeated(request: RunRequest, count: int) -> list[RunRequest]:
    """The same request so many times, as one group.

    The seeds are that of the config and those after it; without one, a drawn one and those after
    it. A name becomes the stem of their names.

    Raises:
        ConfigError: there are too many, or a seed would be larger than seeds may be.
    """
    if count > MOST:
        raise ConfigError(f"{count:,} repeats are too many.", f"At most {MOST:,} make a group.")
    group = new_run_id()
    table = request.with_seed().config.model_dump(mode="json")
    requests = []
    for number in range(count):
        training = {**table["training"], "seed": table["training"]["seed"] + number}
        config = validate(RunConfig, {**table, "training": training})
        requests.append(replace(request, config=config, name="", stem=request.name, group=group))
    return requests


def unfinished(reader: Reader, group: str) -> tuple[list[RunRecord], list[RunRecord]]:
    """What a group lacks: the runs to be trained, or trained on, and those that others train.

    Others are processes that have a run, and are not known to be gone.

    Raises:
        ConfigError: there is no such group, all of it is finished, or others train what is left.
    """
    left = [run for run in runs_of_group(reader, group) if run.status != "finished"]
    if not left:
        raise ConfigError(
            f"Every run of the group {group} is finished.",
            f"`cnnlab runs compare --filter group:{group}` shows it.",
        )
    elsewhere = [run for run in left if _is_of_others(run)]
    if len(elsewhere) == len(left):
        raise ConfigError(
            f"What is left of the group {group} is trained by {owners_words(elsewhere)} already.",
            f"`cnnlab runs list --filter group:{group}` shows how far it is.",
        )
    return [run for run in left if run not in elsewhere], elsewhere


def _is_of_others(run: RunRecord) -> bool:
    return run.status in (*LIVE, "queued") and not (is_mine(run) or is_gone(run))


def owners_words(runs: Iterable[RunRecord]) -> str:
    """The processes of some runs in words."""
    return ", ".join(dict.fromkeys(map(owner_words, runs)))


def runs_of_group(reader: Reader, group: str) -> list[RunRecord]:
    """The runs of a group outside the trash, in the order in which they were made.

    Raises:
        ConfigError: there are none.
    """
    wanted = RunFilter(query=Query((matching("group", group),)))
    found = reader.runs(wanted, ascending=True)
    if not found:
        raise ConfigError(
            f"There is no group {group!r} of runs.",
            "`cnnlab run PRESET --repeat 5` trains one and names it.",
        )
    return found
