"""Carrying out a study: which runs are still to be trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnlab.analysis.study_results import finished_runs
from cnnlab.config.differences import differing
from cnnlab.config.run import RunConfig
from cnnlab.config.studies import StudyRow
from cnnlab.errors import ConfigError
from cnnlab.history.queries import Reader

_LONGEST_SEED = 18
"""Digits; every such number fits a seed's 63 bits."""


@dataclass(frozen=True)
class Job:
    """A run that a study still needs."""

    row: StudyRow
    config: RunConfig


def missing_jobs(
    reader: Reader,
    rows: Sequence[StudyRow],
    settings: Sequence[str],
    seeds: Sequence[int],
    *,
    force: bool,
) -> list[Job]:
    """The runs that are not in the history yet, row by row.

    A finished run counts if it has the config that would be trained now, settings included. A
    run that was stopped or failed is trained again.

    Args:
        settings: ``field.path=value``, laid over every row.
        seeds: one run for each; without any, one run of any seed is enough.
        force: whether rows that were trained are trained again.

    Raises:
        ConfigError: a setting does not fit a row.
    """
    jobs = []
    for row in rows:
        done = [] if force else [config for _, config in finished_runs(reader, row)]
        for seed in seeds or (None,):
            changes = [*settings, *([] if seed is None else [f"training.seed={seed}"])]
            config = row.preset.with_settings(changes)
            if not any(_is_same(config, run, any_seed=seed is None) for run in done):
                jobs.append(Job(row, config))
    return jobs


def parse_seeds(text: str) -> list[int]:
    """Seeds as a user writes them, separated by commas; each once.

    Raises:
        ConfigError: one is no whole number.
    """
    seeds = [part.strip() for part in text.split(",") if part.strip()]
    for seed in seeds:
        if not (seed.isascii() and seed.isdigit() and len(seed) <= _LONGEST_SEED):
            raise ConfigError(f"{seed!r} is no seed.", "Write whole numbers, such as 1,2,3.")
    return [int(seed) for seed in dict.fromkeys(seeds)]


def _is_same(wanted: RunConfig, done: RunConfig, *, any_seed: bool) -> bool:
    if differing([wanted, done]):
        return False
    return any_seed or wanted.training.seed == done.training.seed
