"""`cnnlab runs tag | rename | note`: what people call runs and write on them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.cli.console import err
from cnnlab.cli.control import RunArgument
from cnnlab.cli.options import FilterOption, SomeRunsArgument, StudyOption
from cnnlab.errors import ConfigError
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.history.queries import Reader

STDIN = "-"
"""The text of a note that is read from standard input."""


def tag(
    runs: SomeRunsArgument = None,
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="TAG", help="A tag that the runs get; repeatable."),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(metavar="TAG", help="A tag that the runs lose; repeatable."),
    ] = None,
    filter_text: FilterOption = "",
    study: StudyOption = "",
) -> None:
    """Add tags to runs or take tags away, on all of the runs or on none.

    --filter and --study choose runs, beside those that are named.

    Together they choose those of a study that match.
    """
    from cnnlab.cli.selecting import selected
    from cnnlab.export.run_words import tagging_words
    from cnnlab.history.edits import change_tags
    from cnnlab.history.naming import TagChange
    from cnnlab.history.queries import Reader

    change = TagChange.of(add or (), remove or ())
    if not (change.added or change.removed):
        raise ConfigError("No tag is given.", "Give --add TAG, --remove TAG, or both.")
    home = Home.from_environment()
    with Reader(home) as reader:
        selection = selected(reader, home, runs or (), filter_text, study)
        selection.require_runs()
        run_ids = selection.run_ids
        name = _named(reader, run_ids[0]) if len(run_ids) == 1 else ""
    changed = change_tags(home, run_ids, change)
    _tell(tagging_words(change, changed, len(run_ids), name))


def rename(
    run: RunArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called from now on.")],
) -> None:
    """Give a run another name; several runs may share one."""
    from cnnlab.export.format import one_line
    from cnnlab.history.edits import rename_run
    from cnnlab.history.naming import checked_name
    from cnnlab.history.queries import Reader

    chosen = checked_name(name)
    home = Home.from_environment()
    with Reader(home) as reader:
        run_id = reader.resolve(run)
        before = _named(reader, run_id)
    rename_run(home, run_id, chosen)
    _tell(f"Renamed {before} to {one_line(chosen)}.")


def note(
    run: RunArgument,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="What to write; - reads standard input.")
    ],
) -> None:
    """Write a note on a run, below its earlier ones."""
    from cnnlab.history.edits import add_note
    from cnnlab.history.queries import Reader

    home = Home.from_environment()
    with Reader(home) as reader:
        run_id = reader.resolve(run)
        named = _named(reader, run_id)
    add_note(home, run_id, _from_stdin() if text == STDIN else text)
    _tell(f"Noted on {named}.")


def _from_stdin() -> str:
    """All of standard input; nothing where it is closed.

    Raises:
        ConfigError: it is no text.
    """
    if sys.stdin.isatty():
        _tell("Write the note; Ctrl-D on a line of its own ends it.")
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"Standard input is no text in {error.encoding.upper()}.", "Write the note as text."
        ) from error


def _named(reader: Reader, run_id: str) -> str:
    from cnnlab.export.format import one_line

    run = reader.run(run_id)
    return f"{one_line(run.name)} ({run.id})"


def _tell(line: str) -> None:
    err().print(line, soft_wrap=True)
