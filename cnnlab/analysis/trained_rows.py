"""Which rows of studies were trained: as the study says, or with other settings alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from cnnlab.config.differences import MACHINE_FIELDS, compared
from cnnlab.config.run import RunConfig
from cnnlab.config.studies import StudyRow
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError
from cnnlab.history.queries import Reader

Status = Literal["measured", "not comparable", "not run"]
"""Of a row: it has a finished run of its own config, one of another config alone, or none."""


@dataclass(frozen=True)
class TrainedCount:
    """How many of some rows were trained.

    Attributes:
        as_said: those that have a finished run of their own config.
        otherwise: those of which all finished runs have another config.
    """

    rows: int
    as_said: int
    otherwise: int


def count_of(statuses: Iterable[Status]) -> TrainedCount:
    """How many rows of such statuses were trained."""
    each = list(statuses)
    return TrainedCount(len(each), each.count("measured"), each.count("not comparable"))


@dataclass(frozen=True)
class TrainedConfigs:
    """What the finished runs of each preset were trained with.

    Attributes:
        of: the configs of a preset's runs as they are stored, without the fields of the machine.
    """

    of: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def status(self, row: StudyRow) -> Status:
        """Whether a row was trained; runs whose config no longer fits the schema do not count."""
        known = [found for text in self.of.get(row.preset.name, ()) if (found := _settings(text))]
        if row.settings in known:
            return "measured"
        return "not comparable" if known else "not run"

    def count(self, rows: Iterable[StudyRow]) -> TrainedCount:
        """How many of the rows were trained."""
        return count_of(map(self.status, rows))


def trained_configs(reader: Reader) -> TrainedConfigs:
    """What the finished runs outside the trash were trained with.

    Raises:
        HistoryError: the history cannot be read.
    """
    found: dict[str, set[str]] = {}
    for preset, config in reader.finished_configs(MACHINE_FIELDS):
        found.setdefault(preset, set()).add(config)
    return TrainedConfigs({preset: frozenset(configs) for preset, configs in found.items()})


@lru_cache(maxsize=4096)
def _settings(text: str) -> dict[str, Any]:
    """The fields of a stored config by which it compares; empty if it does not fit the schema."""
    try:
        return compared(validate(RunConfig, json.loads(text)))
    except ConfigError:
        return {}
