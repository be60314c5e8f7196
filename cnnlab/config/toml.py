"""Configs and presets written back as TOML, complete with their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit

from cnnlab.config.presets import Preset


def preset_as_toml(preset: Preset) -> str:
    """A file that gives the same config when it is read; what it extends is written out."""
    words = preset.about.model_dump(mode="json", exclude_defaults=True, exclude={"extends"})
    return _dumped({**words, **preset.config.model_dump(mode="json", exclude_none=True)})


def config_as_toml(tables: Mapping[str, Any]) -> str:
    """A stored config, or a part of one, as a preset file; empty for an empty one.

    TOML has no null: fields without a value are left out.
    """
    return _dumped(without_null(tables))


def value_as_toml(value: Any) -> str:
    """A value on one line, as it stands behind `field =`; what is null in it is left out."""
    # In a list tomlkit writes tables on one line, too.
    line = tomlkit.array()
    line.append(without_null(value))
    return line.as_string()[1:-1]


def without_null(value: Any) -> Any:
    """The value without the fields and entries in it that are null, which TOML cannot say."""
    if isinstance(value, Mapping):
        return {key: without_null(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [without_null(one) for one in value if one is not None]
    return value


def _dumped(tables: Mapping[str, Any]) -> str:
    left_out = {"augmentation"} if tables.get("augmentation") == [] else set()
    chosen = {key: value for key, value in tables.items() if key not in left_out}
    return tomlkit.dumps(_with_readable_text(chosen))


def _with_readable_text(table: Mapping[str, Any]) -> dict[str, Any]:
    """Texts of several lines as such, not as one line with escapes.

    A carriage return must be escaped: read as it stands, it is part of the line's end.
    """
    return {
        key: tomlkit.string(value, multiline=True)
        if isinstance(value, str) and "\n" in value and "\r" not in value
        else value
        for key, value in table.items()
    }
