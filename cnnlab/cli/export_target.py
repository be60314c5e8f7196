"""What `cnnlab export` writes and where to, from what a user wrote; contradictions are told."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlab.amounts import enumerated
from cnnlab.errors import ConfigError, suggestion
from cnnlab.home import expanded

if TYPE_CHECKING:
    from cnnlab.cli.selecting import Selection
    from cnnlab.export.formats import ExportFormat
    from cnnlab.export.job import ExportOptions

STDOUT = ("-", "/dev/stdout")
_OF_TABLES = ("csv", "parquet")
_CALLED = {"tables": "table", "wide": "columns"}
"""Options that are called otherwise on the command line."""


def chosen_format(name: str, output: str) -> ExportFormat:
    """The format that was asked for, or that the output's ending tells.

    Raises:
        ConfigError: neither tells one.
    """
    from cnnlab.export.formats import FORMATS, export_format, format_of

    if name:
        return export_format(name)
    ending = Path(output).suffix if output not in STDOUT else ""
    found = format_of(ending)
    if found is None:
        if ending:
            named = [(form.suffix or form.name).lstrip(".") for form in FORMATS.values()]
            known = [one for one in named if format_of(f".{one}") is not None]
            raise ConfigError(
                f"No format has the ending {ending}.",
                f"{suggestion(ending[1:], known)} With --format a file is called as you like.",
            )
        raise ConfigError(
            "No format is named.",
            f"Give --format with one of {', '.join(FORMATS)}; `cnnlab export --formats` tells "
            "what each is.",
        )
    return found


def chosen_tables(names: Sequence[str]) -> tuple[str, ...]:
    """The tables that were named, each once.

    Raises:
        ConfigError: several are named in one word.
    """
    for name in names:
        several = [part.strip() for part in name.split(",") if part.strip()]
        if len(several) > 1:
            options = " ".join(f"--table {one}" for one in several)
            raise ConfigError(f"--table takes one table, not {name!r}.", f"Write {options}.")
    return tuple(dict.fromkeys(names))


def require_options_of(form: ExportFormat, options: ExportOptions) -> None:
    """Checks that whatever was asked for, other than what is chosen by itself, concerns the format.

    Raises:
        ConfigError: it does not.
    """
    from cnnlab.export.formats import FORMATS
    from cnnlab.export.job import ExportOptions

    by_itself = ExportOptions()
    for field in dataclasses.fields(ExportOptions):
        name = _CALLED.get(field.name, field.name)
        chosen = getattr(options, field.name) != getattr(by_itself, field.name)
        if chosen and name not in form.options:
            those = enumerated([one.name for one in FORMATS.values() if name in one.options])
            raise ConfigError(f"--{name} is for {those}, not for {form.name}.", "Leave it out.")


def require_split_of_one(options: ExportOptions, selection: Selection) -> None:
    """Checks that images other than those of the test are asked for of one run alone.

    Raises:
        ConfigError: they are asked for of several, or of a study.
    """
    if options.split != "test" and (len(selection.run_ids) != 1 or selection.study is not None):
        raise ConfigError(
            "--split is for one run: several, and studies, are compared by their test images.",
            "Leave it out, or name a single run.",
        )


def require_baseline_of_several(options: ExportOptions, selection: Selection) -> None:
    """Checks that a baseline is chosen only for a report that holds runs against it.

    Raises:
        ConfigError: it is that of a single run, or of a study.
    """
    if options.baseline and (len(selection.run_ids) == 1 or selection.study is not None):
        raise ConfigError(
            "--baseline is for several runs, which are held against it; a study is held against "
            "what was published.",
            "Leave it out.",
        )


def require_one_text(form: ExportFormat, tables: Sequence[str]) -> None:
    """Checks that what is written can go to standard output.

    Raises:
        ConfigError: it is no text, or several files.
    """
    is_folder = form.becomes_folder(tables)
    if form.text and not is_folder:
        return
    what = "several files" if form.text else "no text"
    named = "a folder" if is_folder else "a file"
    raise ConfigError(
        f"The format {form.name} is {what}: it cannot go to stdout.",
        f"Choose one with --table, or name {named}." if form.text else f"Name {named}.",
    )


def output_path(output: str, form: ExportFormat, options: ExportOptions, title: str) -> Path:
    """The file or folder to write.

    Raises:
        ConfigError: it is called as something else is, or is in a folder that is not there.
    """
    from cnnlab.export.file_names import output_name

    suggested = output_name(form, options, title)
    if not output:
        return Path(suggested)
    path = expanded(Path(output))
    if form.becomes_folder(options.tables):
        _require_name_of_folder(form, path)
        return path
    # `Path.is_dir` raises for a name that is too long, which is told when it is written.
    if os.path.isdir(path):  # noqa: PTH112
        return path / suggested
    if output.endswith(os.sep):
        raise ConfigError(f"There is no folder {output}.", f"Make it with `mkdir -p {output}`.")
    _require_ending(form, path)
    return path


def _require_name_of_folder(form: ExportFormat, path: Path) -> None:
    if form.name in _OF_TABLES and path.suffix.lower().lstrip(".") in _OF_TABLES:
        raise ConfigError(
            f"{form.name} is one file a table, and {path} is called as a single one.",
            f"Name a folder, as with -o {path.with_suffix('')}; or choose one table, as with "
            f"--table runs -o {path.with_suffix(f'.{form.name}')}.",
        )


def _require_ending(form: ExportFormat, path: Path) -> None:
    from cnnlab.export.formats import format_of

    other = format_of(path.suffix)
    if other is not None and other != form:
        raise ConfigError(
            f"{path} ends as {other.name} does, and the format is {form.name}.",
            "Leave out --format, or choose another name.",
        )
