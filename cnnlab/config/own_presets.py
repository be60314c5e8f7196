"""Presets that a user saves: into the home, as short as they can be read back from.

A preset that extends another one holds only what differs, so that it says what it is about. Where
that cannot be (a row of a study, a field that the other sets and this one does not, a name that is
taken), it is written out whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from cnnlab.config import presets
from cnnlab.config.overrides import COMPONENTS, Table, merge
from cnnlab.config.preset_files import About
from cnnlab.config.presets import Preset
from cnnlab.config.run import RunConfig
from cnnlab.config.toml import preset_as_toml, without_null
from cnnlab.errors import ConfigError, StorageError
from cnnlab.home import Home, make_folder, open_private

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")


def check_preset_name(name: str) -> str:
    """The name of an own preset, without the blanks around it.

    Raises:
        ConfigError: it is no name that a preset can have.
    """
    name = name.strip()
    if not _NAME.fullmatch(name) or name.endswith(".toml") or len(name) > 100:
        raise ConfigError(
            f"A preset cannot be called {name!r}." if name else "A preset needs a name.",
            "Use lower-case letters, digits, '.', '_' and '-'; '/' makes folders.",
        )
    return name


def save_preset(home: Home, name: str, config: RunConfig, origin: str | None) -> Path:
    """Writes a config as a preset of the home, in place of one of that name; returns the file.

    Args:
        origin: the preset that the config began as; it is extended where that can be.

    Raises:
        ConfigError: the name cannot be one of a preset.
        StorageError: the file cannot be written.
    """
    name = check_preset_name(name)
    path = home.presets / f"{name}.toml"
    text = _as_toml(home, name, config, origin)
    make_folder(path.parent)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        with open(partial, "w", encoding="utf-8", opener=open_private) as file:
            file.write(text)
        partial.replace(path)
    except OSError as error:
        raise StorageError(
            f"The preset {path} cannot be written: {error.strerror}.", "Check the folder."
        ) from error
    return path


def _as_toml(home: Home, name: str, config: RunConfig, origin: str | None) -> str:
    taken = presets.files(home)
    # Others may extend what has the name already: extending one of them would make a circle.
    if origin is not None and origin in taken and name not in taken:
        difference = _difference_from(home, origin, config)
        if difference is not None:
            return tomlkit.dumps({"extends": origin, **difference})
    about = About()
    if origin is not None and origin != name:
        about = About(description=f"Saved from {origin}.")
    elif name in taken:
        about = _words_of(home, name)
    tables = config.model_dump(mode="json")
    return preset_as_toml(Preset(name, home.presets, about, tables, config))


def _words_of(home: Home, name: str) -> About:
    """What the preset of a name says about itself; nothing if it cannot be read."""
    try:
        return presets.load(home, name).about
    except ConfigError:
        return About()


def _difference_from(home: Home, origin: str, config: RunConfig) -> Table | None:
    """The tables that make a preset the config; None if tables laid over it cannot."""
    try:
        extended = presets.load(home, origin)
    except ConfigError:
        return None
    old, new = extended.config.model_dump(mode="json"), config.model_dump(mode="json")
    difference: Table = without_null(_differing(old, new))
    # A table laid over another takes nothing away: look whether it comes out the same.
    try:
        remade = RunConfig.model_validate(merge(extended.tables, difference))
    except ValueError:
        return None
    return difference if remade == config else None


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Table:
    found: Table = {}
    for key, value in new.items():
        before = old.get(key)
        if value == before:
            continue
        afresh = key in COMPONENTS and value["name"] != before["name"]  # type: ignore[index]
        tables = isinstance(value, Mapping) and isinstance(before, Mapping)
        found[key] = _differing(before, value) if tables and not afresh else value  # type: ignore[arg-type]
    return found
