"""Preset files: their format, and reading one with what it extends.

A preset file holds a few words about itself (`title`, `description`, `source`, `published`,
`assumed`, `remark`, `figures`), perhaps `extends` (another file, by name or by a path relative to
this one), and the tables of a config. Tables are laid over those of what the file extends
(`cnnlab.config.overrides`). A file with `rows` is a study: its tables are what the rows have in
common, and each row lays its own over them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from cnnlab.config.component import Section
from cnnlab.config.overrides import Table, merge
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import printable, unknown_field, validate
from cnnlab.errors import ConfigError

_LARGEST_FILE = 1_000_000
"""Bytes; a preset is a page of text, anything larger is another kind of file."""

Share = Annotated[float, Field(ge=0, le=1)]
Figures = Literal["rounded", "cut"]
RowName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", examples=["lr-0.1"])]


class Published(Section):
    """Figures that the source prints for this experiment; on the test split, if not said."""

    accuracy: Share | None = None
    """Share of test images classified correctly."""
    train_accuracy: Share | None = None
    """The same on the training images."""
    validation_accuracy: Share | None = None
    """The same on the validation images."""
    top5_accuracy: Share | None = None
    """Share of test images whose class is among the five most likely ones."""
    precision_macro: Share | None = None
    """Mean precision over the classes."""
    train_precision_macro: Share | None = None
    """The same on the training images."""
    class_precision: tuple[Share, ...] | None = None
    """Precision of each class, in the order of the classes."""
    train_class_precision: tuple[Share, ...] | None = None
    """The same on the training images."""
    seconds: Annotated[float, Field(gt=0)] | None = None
    """Time the training took on the source's machine."""


class Words(Section):
    """What a preset, and a row of a study, say beside the config."""

    title: str = ""
    """A few words."""
    published: Published = Published()
    """Figures to compare with."""
    assumed: tuple[str, ...] = ()
    """Fields that the source leaves open and that were chosen here; those of what is extended are
    assumed too."""
    remark: str = ""
    """What to know when the figures are read: faults of the source, reasons for a difference."""


class About(Words):
    """What a preset file says beside the config."""

    description: str = ""
    """What the experiment is and shows."""
    source: str = ""
    """Paper or report, and the place in it."""
    figures: Figures = "rounded"
    """How the source shortens its figures: 0.9065 rounded to two digits is 0.91, cut it is 0.90."""
    extends: str = ""
    """Preset that this one changes: a name, or a path relative to this file."""


class RowWords(Words):
    """What a row of a study says beside its config."""

    name: RowName
    """The row's name: the last part of the preset's."""


class Row(RowWords, RunConfig):
    """A row of a study: what it changes."""


class PresetFile(About, RunConfig):
    """The format of a preset file, as `cnnlab presets schema` prints it."""

    rows: tuple[Row, ...] = ()
    """The rows of a study: each a run, with the tables above as what they share."""


@dataclass(frozen=True)
class PresetSource:
    """A preset file with what it extends: plain tables, not yet a config.

    `rows` holds each row's words and its tables, which already lie over the shared ones.
    """

    path: Path
    about: About
    tables: Table
    rows: tuple[tuple[RowWords, Table], ...]


def read(path: Path, find: Callable[[str, Path], Path]) -> PresetSource:
    """Reads a file and what it extends.

    Args:
        find: the file of what is extended, from its name and the folder it is relative to.

    Raises:
        ConfigError: a file cannot be read, is no preset, or extends itself.
    """
    about, tables, rows = _read_chain(path, find, ())
    over = tuple((words, merge(tables, own)) for words, own in rows)
    return PresetSource(path, about, tables, over)


def is_study(path: Path) -> bool:
    """Whether a file has rows, or looks as if it had; a file that is not TOML has none."""
    try:
        return "rows" in _parse(path)
    except ConfigError:
        return False


Rows = list[tuple[RowWords, Table]]


def _read_chain(
    path: Path, find: Callable[[str, Path], Path], seen: tuple[Path, ...]
) -> tuple[About, Table, Rows]:
    """What a file says about itself, its tables over those of what it extends, and its rows."""
    place = path.resolve()
    if place in seen:
        circle = (*seen[seen.index(place) :], place)
        raise ConfigError(
            f"The preset {path} extends itself: {' extends '.join(file.stem for file in circle)}.",
            "Let one of them extend another preset, or none.",
        )
    about, tables, rows = _read(path, last=not seen)
    if not about.extends:
        return about, tables, rows
    try:
        parent = find(about.extends, path.parent)
    except ConfigError as error:
        raise ConfigError(f"{path}: extends: {error.message}", error.hint) from None
    earlier, below, _ = _read_chain(parent, find, (*seen, place))
    # What this file says itself, for all its rows, is assumed no longer.
    said = [[tables, row] for _, row in rows] or [[tables]]
    open_still = [
        field
        for field in earlier.assumed
        if not all(any(_sets(one, field) for one in each) for each in said)
    ]
    assumed = tuple(dict.fromkeys((*about.assumed, *open_still)))
    return about.model_copy(update={"assumed": assumed}), merge(below, tables), rows


def _sets(tables: Table, field: str) -> bool:
    """Whether tables have a value, or a table, at a dotted path."""
    value: Any = tables
    for key in field.split("."):
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def _read(path: Path, last: bool) -> tuple[About, Table, Rows]:
    """One file, split into what it says about itself, its config tables and its rows.

    The last file of a chain, where it is the only one, is checked whole, so that all that is
    wrong with it is said at once; a file that others extend may leave out anything.
    """
    tables = _parse(path)
    if last and "extends" not in tables and "rows" not in tables:
        validate(PresetFile, tables, where=str(path))
    rows = tables.pop("rows", [])
    about = _words(About, tables, str(path))
    _refuse_unknown_tables(tables, str(path), PresetFile)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{path}: rows: these are no rows.", "Each begins with [[rows]].")
    return about, tables, [_row(row, number, path) for number, row in enumerate(rows, start=1)]


def _parse(path: Path) -> Table:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            raise ConfigError(f"{path} is too large for a preset.", "A preset is a TOML file.")
        return tomllib.loads(content.decode("utf-8"))
    # Not TOML, not UTF-8, or a number with thousands of digits: each is a ValueError.
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.", "Mend the file.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.", "Check the file.") from None


def _row(row: Table, number: int, path: Path) -> tuple[RowWords, Table]:
    where = f"{path}: row {number}"
    tables = dict(row)
    words = _words(RowWords, tables, where)
    _refuse_unknown_tables(tables, where, Row)
    return words, tables


def _words(kind: type[Any], tables: Table, where: str) -> Any:
    """Takes the words out of a file's tables."""
    words = {field: tables.pop(field) for field in kind.model_fields if field in tables}
    return validate(kind, words, where=where)


def _refuse_unknown_tables(tables: Table, where: str, kind: type[RunConfig]) -> None:
    """Names a misspelt table in its own file, before it is merged with others."""
    lines = [
        f"{where}: {printable(key)}: {unknown_field(kind, kind, key)}"
        for key in tables
        if key not in RunConfig.model_fields
    ]
    if lines:
        raise ConfigError("\n".join(lines))
