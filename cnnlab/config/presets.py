"""Presets: named configs in TOML, found among the shipped ones, the user's own, or by path.

A preset file holds a few words about itself (`title`, `description`, `source`, `published`,
`assumed`), perhaps `extends` (another preset, by name or by a path relative to the file), and
the tables of a config. Tables are laid over those of what it extends (`cnnlab.config.overrides`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import Field

from cnnlab.config.component import Section
from cnnlab.config.overrides import Table, apply_settings, merge
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import printable, unknown_field, validate
from cnnlab.errors import CnnlabError, ConfigError, unknown_name
from cnnlab.home import Home, shipped

_LARGEST_FILE = 1_000_000
"""Bytes; a preset is a page of text, anything larger is another kind of file."""


class Published(Section):
    """Figures that the source prints for this experiment, on the test split."""

    accuracy: float | None = Field(default=None, ge=0, le=1)
    """Share of test images classified correctly."""
    precision_macro: float | None = Field(default=None, ge=0, le=1)
    """Mean precision over the classes."""


class About(Section):
    """What a preset file says beside the config."""

    title: str = ""
    """A few words."""
    description: str = ""
    """What the experiment is and shows."""
    source: str = ""
    """Paper or report, and the place in it."""
    extends: str = ""
    """Preset that this one changes: a name, or a path relative to this file."""
    published: Published = Published()
    """Figures to compare with."""
    assumed: tuple[str, ...] = ()
    """Fields that the source leaves open and that were chosen here."""


class PresetFile(About, RunConfig):
    """The format of a preset file, as `cnnlab presets schema` prints it."""


@dataclass(frozen=True)
class Preset:
    """A preset, ready to run: `tables` are the plain values that `config` was validated from."""

    name: str
    path: Path
    about: About
    tables: Table
    config: RunConfig

    def with_settings(self, settings: Sequence[str]) -> RunConfig:
        """The config with ``field.path=value`` settings laid over it.

        Raises:
            ConfigError: an unknown field or a value that is not allowed.
        """
        return (
            validate(RunConfig, apply_settings(self.tables, settings)) if settings else self.config
        )


def folders(home: Home) -> list[Path]:
    """Where presets are looked up by name: the user's own first, then the shipped ones."""
    return [home.presets, shipped("presets")]


def names(home: Home) -> list[str]:
    """The names of all presets: their path below the folder, without the suffix."""
    found = {
        path.relative_to(folder).with_suffix("").as_posix()
        for folder in folders(home)
        for path in folder.rglob("*.toml")
        if _is_file(path)
    }
    return sorted(found)


def load(home: Home, name: str) -> Preset:
    """A preset by its name, or a file of the user's own by its path (ends in ``.toml``).

    Raises:
        ConfigError: there is none of that name, or the file is not a valid preset.
    """
    path = find(home, name)
    about, tables = _read_chain(home, path, ())
    label = path.stem if name.endswith(".toml") else name
    config = validate(RunConfig, tables, where=str(path))
    return Preset(label, path, about, tables, config)


def find(home: Home, name: str, beside: Path | None = None) -> Path:
    """The file of a preset; a path is looked up relative to `beside`, else to where we are."""
    if name.endswith(".toml"):
        path = (beside or Path()) / name
        if not _is_file(path):
            raise ConfigError(f"There is no preset file {path}.", "Check the path.")
        return path
    if _stays_inside(name):
        for folder in folders(home):
            path = folder / f"{name}.toml"
            if _is_file(path):
                return path
    if _is_file(Path(name)):
        raise ConfigError(f"{name} is not a preset file.", "Its name must end in .toml.")
    raise unknown_name("preset", name, names(home), "See `cnnlab presets list`.")


def _stays_inside(name: str) -> bool:
    """Whether a name leads to a place below the folder it is looked up in."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _is_file(path: Path) -> bool:
    """Whether there is such a file; names that no file can have are no error."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _read_chain(home: Home, path: Path, seen: tuple[Path, ...]) -> tuple[About, Table]:
    """What a file says about itself, and its tables over those of what it extends."""
    place = path.resolve()
    if place in seen:
        circle = (*seen[seen.index(place) :], place)
        raise ConfigError(
            f"The preset {path} extends itself: {' extends '.join(file.stem for file in circle)}.",
            "Let one of them extend another preset, or none.",
        )
    about, tables = _read(path, last=not seen)
    if not about.extends:
        return about, tables
    try:
        parent = find(home, about.extends, beside=path.parent)
    except ConfigError as error:
        raise ConfigError(f"{path}: extends: {error.message}", error.hint) from None
    _, below = _read_chain(home, parent, (*seen, place))
    return about, merge(below, tables)


def _read(path: Path, last: bool) -> tuple[About, Table]:
    """One file, split into what it says about itself and its config tables.

    The last file of a chain, where it is the only one, is checked whole, so that all that is
    wrong with it is said at once; a file that others extend may leave out anything.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ConfigError(f"{path} is too large for a preset.", "A preset is a TOML file.")
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    # Not TOML, not UTF-8, or a number with thousands of digits: each is a ValueError.
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.", "Mend the file.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.", "Check the file.") from None
    if last and "extends" not in tables:
        validate(PresetFile, tables, where=str(path))
    about = {field: tables.pop(field) for field in About.model_fields if field in tables}
    _refuse_unknown_tables(path, tables)
    return validate(About, about, where=str(path)), tables


def _refuse_unknown_tables(path: Path, tables: Table) -> None:
    """Names a misspelt table in its own file, before it is merged with others."""
    lines = [
        f"{path}: {printable(key)}: {unknown_field(PresetFile, PresetFile, key)}"
        for key in tables
        if key not in RunConfig.model_fields
    ]
    if lines:
        raise ConfigError("\n".join(lines))


def check(home: Home, name: str) -> CnnlabError | None:
    """What is wrong with a preset or preset file; None if nothing is."""
    try:
        load(home, name)
    except CnnlabError as error:
        return error
    return None


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a preset file, for editors.

    A file that `extends` another may give parts of tables, so nothing is required in it.
    """
    schema = PresetFile.model_json_schema()
    _relax(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "cnnlab preset",
    }


def _relax(node: Any) -> None:
    """Drops `required`, and lets a component be its bare name, throughout."""
    if isinstance(node, list):
        for entry in node:
            _relax(entry)
    elif isinstance(node, dict):
        node.pop("required", None)
        if "discriminator" in node:
            names = list(node.pop("discriminator")["mapping"])
            # A table without its name may fit several components: one is enough.
            node["anyOf"] = [*node.pop("oneOf"), {"enum": names}]
        for entry in node.values():
            _relax(entry)
