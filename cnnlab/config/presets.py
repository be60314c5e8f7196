"""Presets: named configs, found among the shipped ones, the user's own, or by path.

A name is the path of a file below a folder of presets, without its suffix. A file with rows is
a study, and each of its rows a preset of its own: ``chen/learning-rate/lr-0.1``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cnnlab.config import preset_files
from cnnlab.config.differences import fields_in
from cnnlab.config.overrides import Table, apply_settings
from cnnlab.config.preset_files import About, PresetFile, PresetSource, RowWords
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError, unknown_name
from cnnlab.home import Home, shipped


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
    """The names of all presets that stand alone; the rows of studies are not among them."""
    return sorted(name for name, path in files(home).items() if not preset_files.is_study(path))


def files(home: Home) -> dict[str, Path]:
    """All files of presets and studies, by name."""
    found: dict[str, Path] = {}
    for folder in folders(home):
        for path in sorted(folder.rglob("*.toml")):
            if _is_file(path):
                name = path.relative_to(folder).with_suffix("").as_posix()
                found.setdefault(name, path)
    return found


def load(home: Home, name: str) -> Preset:
    """A preset by its name, or a file of the user's own by its path (ends in ``.toml``).

    Raises:
        ConfigError: there is none of that name, or the file is not a valid preset.
    """
    study, _, row = name.rpartition("/")
    path = file_named(home, study) if study and file_named(home, name) is None else None
    if path is not None and preset_files.is_study(path):
        return _row_named(home, path, study, row)
    path = find(home, name)
    source = read(home, path)
    if source.rows:
        first = source.rows[0][0].name
        raise ConfigError(
            f"{name} is a study, not a single preset.",
            f"Run all of it with `cnnlab study run {name}`, or one row, such as "
            f"`cnnlab run {name}/{first}`.",
        )
    config = validate(RunConfig, source.tables, where=str(path))
    return Preset(label(home, path), path, source.about, source.tables, config)


def label(home: Home, path: Path) -> str:
    """What the runs of a file are filed under, however it was named: its name, or its stem."""
    for folder in folders(home):
        with suppress(ValueError):
            inside = path.resolve().relative_to(folder.resolve())
            return inside.with_suffix("").as_posix()
    return path.stem


def rows(home: Home, source: PresetSource) -> tuple[tuple[RowWords, Preset], ...]:
    """The rows of a study as presets.

    Raises:
        ConfigError: a row is not a valid config, or two have one name.
    """
    taken: set[str] = set()
    for words, _ in source.rows:
        if words.name in taken:
            raise ConfigError(f"{source.path}: there are two rows named {words.name!r}.")
        taken.add(words.name)
    study = label(home, source.path)
    return tuple(
        (words, _row_preset(source, study, words, tables)) for words, tables in source.rows
    )


def _row_named(home: Home, path: Path, study: str, name: str) -> Preset:
    source = read(home, path)
    for words, tables in source.rows:
        if words.name == name:
            return _row_preset(source, label(home, path), words, tables)
    known = [words.name for words, _ in source.rows]
    raise unknown_name(f"row of {study}", name, known, f"See `cnnlab study show {study}`.")


def _row_preset(source: PresetSource, study: str, words: RowWords, tables: Table) -> Preset:
    shared = source.about
    config = validate(RunConfig, tables, where=f"{source.path}: row {words.name}")
    # A field that the others leave open may not exist in this row's model or schedule.
    open_fields = dict.fromkeys((*shared.assumed, *words.assumed))
    assumed = fields_in(config, open_fields)
    about = About(
        title=f"{shared.title}: {words.title}" if words.title else shared.title,
        description=shared.description,
        source=shared.source,
        figures=shared.figures,
        published=words.published,
        assumed=assumed,
        remark="\n".join(remark for remark in (shared.remark, words.remark) if remark),
    )
    return Preset(f"{study}/{words.name}", source.path, about, tables, config)


def read(home: Home, path: Path) -> PresetSource:
    """A preset file with what it extends.

    Raises:
        ConfigError: a file cannot be read, is no preset, or extends itself.
    """
    return preset_files.read(path, lambda name, beside: find(home, name, beside))


def file_named(home: Home, name: str) -> Path | None:
    """The file of a preset or study by its name or path; None if there is none."""
    if name.endswith(".toml"):
        return Path(name) if _is_file(Path(name)) else None
    if _stays_inside(name):
        for folder in folders(home):
            path = folder / f"{name}.toml"
            if _is_file(path):
                return path
    return None


def find(home: Home, name: str, beside: Path | None = None) -> Path:
    """The file of a preset; a path is looked up relative to `beside`, else to where we are.

    Raises:
        ConfigError: there is none.
    """
    if name.endswith(".toml"):
        path = (beside or Path()) / name
        if not _is_file(path):
            raise ConfigError(f"There is no preset file {path}.", "Check the path.")
        return path
    found = file_named(home, name)
    if found is not None:
        return found
    if _is_file(Path(name)):
        raise ConfigError(f"{name} is not a preset file.", "Its name must end in .toml.")
    raise unknown_name("preset", name, files(home), "See `cnnlab presets list`.")


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


def load_all(home: Home, name: str) -> list[Preset]:
    """The preset of a name or path, or every row of a study.

    Raises:
        ConfigError: there is none, or it cannot be trained.
    """
    path = file_named(home, name)
    if path is not None and preset_files.is_study(path):
        return [preset for _, preset in rows(home, read(home, path))]
    return [load(home, name)]


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
