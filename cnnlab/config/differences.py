"""Where configs differ, field by field."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError

MACHINE_FIELDS = frozenset(
    {
        "training.seed",
        "training.checkpoint.epochs",
        "training.checkpoint.minutes",
        "training.device",
        "training.precision",
        "training.memory_format",
        "training.compile",
        "data.residence",
    }
)
"""Fields that say where and how a run is computed, not what: its results compare without them."""


def flat(config: RunConfig) -> dict[str, Any]:
    """The fields of a config by their dotted paths; a list counts as one value."""
    return flat_table(config.model_dump(mode="json"))


def flat_stored(table: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a stored config; those that are newer than it have their defaults.

    A config that no longer fits the schema is given as it was stored.
    """
    try:
        return flat(validate(RunConfig, table))
    except ConfigError:
        return flat_table(table)


def flat_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a config as it is stored, also of one that no longer fits the schema."""
    return dict(_flat(table))


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def without(table: Mapping[str, Any], paths: Collection[str], before: str = "") -> dict[str, Any]:
    """A stored config without the fields at some dotted paths, and without tables left empty."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        path = f"{before}{key}"
        if isinstance(value, Mapping) and value:
            inner = without(value, paths, f"{path}.")
            if inner:
                found[key] = inner
        elif path not in paths:
            found[key] = value
    return found


def compared(config: RunConfig) -> dict[str, Any]:
    """The fields of a config without those of the machine; equal where runs compare."""
    return {path: value for path, value in flat(config).items() if path not in MACHINE_FIELDS}


def fields_in(config: RunConfig, paths: Iterable[str]) -> tuple[str, ...]:
    """Those of the dotted paths at which a config has a field or a table."""
    fields = flat(config)
    return tuple(
        path
        for path in paths
        if any(field == path or field.startswith(f"{path}.") for field in fields)
    )


def differing(configs: Sequence[RunConfig]) -> list[str]:
    """The paths of the fields that are not the same in all configs, in the config's order.

    Where components of several names meet, a field that one of them lacks differs too.
    """
    return [path for path in unlike(list(map(flat, configs))) if path not in MACHINE_FIELDS]


def unlike(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """The paths that are not the same in all flat configs, in their order; machine's too."""
    paths = dict.fromkeys(path for table in tables for path in table)
    absent = object()
    return [
        path
        for path in paths
        if any(table.get(path, absent) != tables[0].get(path, absent) for table in tables)
    ]
