"""What a user asks to be trained, and its row in the history. Knows nothing of torch."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cnnlab.config.run import RunConfig
from cnnlab.execution.provenance import git_state, versions
from cnnlab.history.naming import checked_name
from cnnlab.history.recorder import NewRun, create_runs
from cnnlab.home import Home


@dataclass(frozen=True)
class RunRequest:
    """What a user asks for: a config, and the words to find the run again by.

    Where `name` is empty, one is made of `stem`, else of the preset, and a free number. `group` is
    that of the repeats that it is one of.

    Raises:
        ConfigError: the name is blank, or a word that stands for another run.
    """

    config: RunConfig
    preset: str | None = None
    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    stem: str = ""
    group: str | None = None

    def __post_init__(self) -> None:
        if self.name:
            checked_name(self.name)

    def with_seed(self) -> RunRequest:
        """The same request with a seed drawn, if its config has none."""
        return replace(self, config=with_seed(self.config))


def with_seed(config: RunConfig) -> RunConfig:
    """The config with a seed drawn, if it has none."""
    if config.training.seed is not None:
        return config
    training = config.training.model_copy(update={"seed": secrets.randbelow(2**31)})
    return config.model_copy(update={"training": training})


def record_requests(home: Home, requests: Mapping[str, RunRequest]) -> list[str]:
    """Writes the rows of several runs, by their ids, all or none; returns the runs' names.

    Args:
        requests: with their seeds drawn.

    Raises:
        HistoryError, StorageError: the history cannot be written.
    """
    with_what, from_where = versions(), git_state()
    rows: dict[str, NewRun] = {
        run_id: {
            "config": request.config.model_dump(mode="json"),
            "dataset": request.config.data.name,
            "model": request.config.model.name,
            "monitor": request.config.training.monitor,
            "epochs": request.config.training.epochs,
            "preset": request.preset,
            "name": request.name,
            "stem": request.stem,
            "tags": request.tags,
            "note": request.note,
            "versions": with_what,
            "git": from_where,
            "group": request.group,
        }
        for run_id, request in requests.items()
    }
    return create_runs(home, rows)
