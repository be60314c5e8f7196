"""Studies: tables of runs, with the figures that their source prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cnnlab.config import preset_files, presets
from cnnlab.config.differences import compared
from cnnlab.config.preset_files import About, RowWords
from cnnlab.config.presets import Preset
from cnnlab.errors import ConfigError, unknown_name
from cnnlab.home import Home


@dataclass(frozen=True)
class StudyRow:
    """One run of a study: its words, and the preset that `cnnlab run` knows it by."""

    words: RowWords
    preset: Preset

    @property
    def name(self) -> str:
        """The last part of the preset's name."""
        return self.words.name

    @property
    def title(self) -> str:
        """What the source calls it."""
        return self.words.title or self.words.name

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The fields by which its runs are known, by their dotted paths."""
        return compared(self.preset.config)


@dataclass(frozen=True)
class Study:
    """A table of runs; `name` is its path below a folder of presets."""

    name: str
    path: Path
    about: About
    rows: tuple[StudyRow, ...]

    @property
    def report(self) -> str:
        """The folder it lies in; empty for a file of one's own elsewhere."""
        return self.name.rpartition("/")[0]

    def chosen(self, names: Sequence[str]) -> tuple[StudyRow, ...]:
        """The rows of these names, in the study's order; all if none is named.

        Raises:
            ConfigError: there is no row of a name.
        """
        known = [row.name for row in self.rows]
        for name in names:
            if name not in known:
                raise unknown_name(f"row of {self.name}", name, known)
        return tuple(row for row in self.rows if not names or row.name in names)


def names(home: Home) -> list[str]:
    """The names of all studies."""
    return sorted(name for name, path in presets.files(home).items() if preset_files.is_study(path))


def load(home: Home, name: str) -> Study:
    """A study by its name, or a file of the user's own by its path (ends in ``.toml``).

    Raises:
        ConfigError: there is none of that name, or a row of it cannot be trained.
    """
    path = presets.file_named(home, name)
    if path is None and name.endswith(".toml"):
        raise ConfigError(f"There is no preset file {name}.", "Check the path.")
    if path is None:
        raise _unknown(home, name)
    source = presets.read(home, path)
    if not preset_files.is_study(path):
        raise ConfigError(f"{name} is a single preset, no study.", f"Run it: `cnnlab run {name}`.")
    rows = tuple(StudyRow(words, preset) for words, preset in presets.rows(home, source))
    if not rows:
        raise ConfigError(f"{path}: the study has no rows.", "Each begins with [[rows]].")
    # What is extended may leave fields open that no row of this study has.
    fields = {field for row in rows for field in row.preset.about.assumed}
    assumed = tuple(field for field in source.about.assumed if field in fields)
    return Study(name, path, source.about.model_copy(update={"assumed": assumed}), rows)


def _unknown(home: Home, name: str) -> ConfigError:
    """There is no such study; a row or a report is told to be one."""
    known = names(home)
    study = name.rpartition("/")[0]
    if study in known:
        return ConfigError(
            f"{name} is no study; {study} is one.",
            f"`cnnlab study show {study}` lists the rows; `cnnlab run {study}/ROW` trains one.",
        )
    if any(each.startswith(f"{name}/") for each in known):
        return ConfigError(
            f"{name} is a report, no study.", f"See `cnnlab study list --report {name}`."
        )
    return unknown_name("study", name, known, "See `cnnlab study list`.")
