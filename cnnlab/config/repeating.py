"""The settings that make a preset a given config again: what `--set` would have to say."""

from __future__ import annotations

from typing import Any

from cnnlab.config.differences import flat
from cnnlab.config.overrides import COMPONENTS
from cnnlab.config.presets import Preset
from cnnlab.config.run import RunConfig
from cnnlab.config.toml import value_as_toml
from cnnlab.errors import ConfigError


def settings_between(preset: Preset, config: RunConfig) -> list[str] | None:
    """``field.path=value`` settings with which the preset is exactly the config, seed included.

    None where settings cannot do that: none takes a value away.
    """
    old, new = flat(preset.config), flat(config)
    afresh = [f"{name}." for name in COMPONENTS if old[f"{name}.name"] != new[f"{name}.name"]]
    settings = [
        f"{path}={_written(value)}"
        for path, value in new.items()
        if value is not None
        and (path not in old or old[path] != value or path.startswith(tuple(afresh)))
    ]
    try:
        remade = preset.with_settings(settings)
    except ConfigError:
        return None
    return settings if remade == config else None


def _written(value: Any) -> str:
    """A value as `overrides.read_value` takes it: lists, tables and odd texts as in TOML."""
    if isinstance(value, str) and value == value.strip() and value[:1] not in ("[", "{", '"', ""):
        return value
    return value_as_toml(value)
