"""Laying config tables over one another, and the `--set field.path=value` of the command line.

Tables merge field by field. Where a component gets another `name`, it starts afresh from that
name's defaults: the momentum of SGD means nothing to Adam. Lists are replaced as a whole, and so
is a single name or table in the place of a list.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from cnnlab.config.component import listed
from cnnlab.config.validation import printable, shown
from cnnlab.errors import ConfigError

Table = dict[str, Any]

_DEEPEST = 10
"""Parts of a path; no field of a config lies deeper."""

COMPONENTS = ("model", "optimizer", "schedule", "loss")
"""The tables whose `name` decides which other fields they have."""

COMPONENT_LISTS = ("augmentation",)
"""The lists of such tables; a single name or table stands for a list of one."""


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Table:
    """The config tables of `base` with those of `over` laid over them."""
    merged = dict(base)
    for key, value in over.items():
        merged[key] = _merge_field(key, merged.get(key), value)
    return merged


def _merge_field(key: str, old: Any, new: Any) -> Any:
    if key in COMPONENTS:
        return _merge_component(old, new)
    if key not in COMPONENT_LISTS and isinstance(old, Mapping) and isinstance(new, Mapping):
        return merge(old, new)
    return new


def _merge_component(old: Any, new: Any) -> Any:
    """A component's table, begun afresh where the name is another one."""
    old, new = _table(old), _table(new)
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    if "name" in new and new["name"] != old.get("name"):
        return dict(new)
    return merge(old, new)


def _table(value: Any) -> Any:
    """A component given by its bare name, or not at all, as the table it stands for."""
    if value is None:
        return {}
    return {"name": value} if isinstance(value, str) else value


def apply_settings(config: Mapping[str, Any], settings: Sequence[str]) -> Table:
    """Lays ``field.path=value`` settings over a config's plain values.

    A table is set before its fields, and its `name` before its other fields, whatever the order
    of the settings. Values stay text, which the schema reads; lists, tables and quoted texts are
    read as TOML.

    Raises:
        ConfigError: a setting without ``=`` or a path, a list that is not TOML, or two values
            for one field.
    """
    parsed = [_parse(setting) for setting in settings]
    fields = [".".join(path) for path, _ in parsed]
    for field in fields:
        if fields.count(field) > 1:
            raise ConfigError(f"{printable(field)} is set more than once.", "Leave one of them.")
    parsed.sort(key=lambda item: (len(item[0]), item[0][-1] != "name"))
    result = dict(config)
    for path, value in parsed:
        result = merge(result, _nest(result, path, value))
    return result


def _parse(setting: str) -> tuple[list[str], Any]:
    path, equals, text = setting.partition("=")
    parts = [part.strip() for part in path.split(".")]
    if not equals or not all(parts) or len(parts) > _DEEPEST:
        raise ConfigError(
            f"The setting {shown(setting)} is not of the form field=value.",
            "For example: --set optimizer.lr=0.01",
        )
    return parts, _read_value(setting, text.strip())


def read_value(text: str) -> Any:
    """A written value: lists, tables and quoted texts as in TOML; else the text, for the schema.

    Raises:
        ValueError, RecursionError: it begins as one of them and is none.
    """
    if not text.startswith(("[", "{", '"')):
        return text
    return tomllib.loads(f"value = {text}")["value"]


def _read_value(setting: str, text: str) -> Any:
    try:
        return read_value(text)
    # A number with thousands of digits is a plain ValueError.
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"The value of the setting {shown(setting)} cannot be read: {error}.",
            "Lists are written as in TOML: --set 'model.channels=[16, 32]'",
        ) from None


def _nest(base: Any, path: Sequence[str], value: Any) -> Any:
    """The smallest overlay that sets one path; an entry of a list brings the whole list."""
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(base, list | tuple):
        return _with_entry(base, head, rest, value)
    inner = base.get(head) if isinstance(base, Mapping) else None
    if head in COMPONENT_LISTS:
        inner = listed(inner)
    return {head: _nest(inner, rest, value)}


def _with_entry(entries: Sequence[Any], index: str, rest: Sequence[str], value: Any) -> list[Any]:
    positions = {str(position): position for position in range(len(entries))}
    if index not in positions:
        raise ConfigError(
            f"There is no entry {shown(index)} in a list of {len(entries)}.",
            "Entries count from 0.",
        )
    changed = list(entries)
    old = changed[positions[index]]
    overlay = _nest(old, rest, value)
    # The tables in lists are components, as the augmentations are.
    changed[positions[index]] = _merge_component(old, overlay) if rest else overlay
    return changed
