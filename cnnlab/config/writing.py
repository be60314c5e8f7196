"""Configs written back as TOML, complete: the way from a preset or a run to an editable file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.items import Item

from cnnlab.config.presets import About
from cnnlab.config.run import RunConfig


def config_toml(config: RunConfig) -> str:
    """The tables of a config with all defaults; fields without a value are left out."""
    return _document(config.model_dump(mode="json", exclude_none=True))


def preset_toml(about: About, config: RunConfig) -> str:
    """A whole preset file: what it says about itself, then the complete config.

    `extends` is left out, for the config is complete without it.
    """
    words = about.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    words.pop("extends", None)
    return _document({**words, **config.model_dump(mode="json", exclude_none=True)})


def _document(tables: Mapping[str, Any]) -> str:
    """TOML with plain values before tables, for what follows a table's head belongs to it."""
    document = tomlkit.document()
    plain = {key: value for key, value in tables.items() if not _is_table(value)}
    for key, value in {**plain, **tables}.items():
        document.add(key, _item(value))
    return tomlkit.dumps(document)


def _is_table(value: Any) -> bool:
    entries = value if isinstance(value, list) else [value]
    return any(isinstance(entry, Mapping) for entry in entries)


def _item(value: Any) -> Item:
    """A text of several lines stays on several lines."""
    if isinstance(value, str) and "\n" in value and value.replace("\n", "").isprintable():
        return tomlkit.string(value, multiline=True)
    item: Item = tomlkit.item(value)
    return item
