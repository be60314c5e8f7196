"""`cnnlab runs import`: runs from another machine, and curves from other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab.amounts import how_many
from cnnlab.cli.console import err, print_json
from cnnlab.cli.endings import ending_in_order
from cnnlab.cli.options import JsonOption
from cnnlab.errors import ConfigError
from cnnlab.history.naming import given_tags
from cnnlab.home import Home, expanded

if TYPE_CHECKING:
    from cnnlab.history.importing import WrittenRun
    from cnnlab.interchange.readers import Arrival, ImportOptions

_MOST_TOLD = 20
"""Runs of an import that are told one by one; of the others those with something new to be said."""


def import_runs(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Archives that `cnnlab export --format archive` wrote, TensorBoard event files "
            "and CSV files of curves, or folders with them.",
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the run, where there is one.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="Tag the runs; repeatable.")] = None,
    dataset: Annotated[str, typer.Option(help="What curves were trained on.")] = "",
    model: Annotated[str, typer.Option(help="What model curves are of.")] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=NAME",
            help="The column or tag of curves that is a field, such as "
            "validation_loss=eval/loss; repeatable.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Import runs: all of the files, or none of them where one is damaged.

    A run of an archive keeps its id, and can be shown, resumed and used as it was.

    One that is here already stays as it is.

    Curves become runs that can be shown and compared.
    """
    from cnnlab.cli.bars import progress_bar
    from cnnlab.interchange import readers

    options = readers.ImportOptions(
        name=name,
        tags=given_tags(tag or ()),
        dataset=dataset,
        model=model,
        columns=_columns(column or ()),
    )
    with ending_in_order(), progress_bar() as progress:
        paths = [expanded(path) for path in files]
        arrivals = readers.import_runs(Home.from_environment(), paths, options, progress)
    _tell(arrivals, options)
    if as_json:
        print_json([_as_json(one) for one in arrivals])


def _columns(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        field, sign, column = text.partition("=")
        if not (field.strip() and sign and column):
            raise ConfigError(
                f"{text!r} names no column.", "Write FIELD=NAME, as in validation_loss=eval/loss."
            )
        found[field.strip()] = column
    return found


def _as_json(arrival: Arrival) -> dict[str, Any]:
    run, written = arrival.run, arrival.written
    return {
        "id": written.id,
        "name": written.name,
        "origin": run.run["origin"],
        "file": str(run.source),
        "imported": written.is_new,
        "told": [*run.remarks, *run.beside],
    }


def _tell(arrivals: Sequence[Arrival], options: ImportOptions) -> None:
    """A line for each run, and what else a user should know, that of several runs once."""
    told: set[str] = set()
    for number, arrival in enumerate(arrivals):
        remarks = (*(arrival.run.remarks if arrival.written.is_new else ()), *arrival.run.beside)
        lines = [line for line in dict.fromkeys(remarks) if line not in told]
        if lines or number < _MOST_TOLD:
            for line in (_words(arrival), *lines):
                err().print(line, soft_wrap=True)
        told.update(lines)
    given = [option for option, value in (("name", options.name), ("tag", options.tags)) if value]
    if given and not all(one.written.is_new or one.written.is_copy for one in arrivals):
        options_words = " and ".join(f"--{option}" for option in given)
        err().print(f"{options_words} changed nothing of what was here already.", soft_wrap=True)
    if len(arrivals) > _MOST_TOLD:
        err().print(_total(arrivals))


def _total(arrivals: Sequence[Arrival]) -> str:
    new = sum(one.written.is_new for one in arrivals)
    copies = sum(one.written.is_copy for one in arrivals)
    told = [f"Imported {how_many(new, 'run')}"]
    if here := len(arrivals) - new - copies:
        told.append(f"{here:,} {'was' if here == 1 else 'were'} here already")
    if copies:
        same = "is the same as another" if copies == 1 else "are the same as others"
        told.append(f"{copies:,} {same} of these")
    return f"{'; '.join(told)}."


def _words(arrival: Arrival) -> str:
    from cnnlab.export.format import one_line

    run, written = arrival.run, arrival.written
    named = f"{one_line(written.name)} ({written.id})"
    other = run.run.get("id")
    if written.is_copy or (not written.is_new and other is None):
        # Two trainings may have curves that are alike to the last digit.
        brought = f"{one_line(str(run.run['name']))} of {one_line(str(run.source))}"
        if written.is_copy:
            return f"{brought} is the same as {named}, another of these."
        named = f"{brought} is the same as {named}, which"
    if written.is_trashed:
        return f"{named} is in the trash: `cnnlab runs restore {written.id}` brings it back."
    if not written.is_new:
        return f"{named} is here already and stays as it is."
    moved = ""
    if other not in (None, written.id):
        named = f"{one_line(written.name)} ({other})"
        moved = f", as {written.id}: {_taken(str(other), written)}"
    return f"Imported {named}{moved}. See it with `cnnlab runs show {written.id}`."


def _taken(run_id: str, written: WrittenRun) -> str:
    """Why a run could not keep its id, and how there is one of two states of it."""
    state = written.other_state
    if state is None:
        return "its id is taken here by another run"
    told = f"with {how_many(state.epochs, 'epoch')}, this one has {state.epochs_brought:,}"
    if state.is_trashed:
        return f"it is in the trash {told}"
    shorter = run_id if state.epochs < state.epochs_brought else written.id
    if state.epochs == state.epochs_brought:
        return f"it is here already {told}; `cnnlab runs delete` removes the one you do not need"
    return f"it is here already {told}; `cnnlab runs delete {shorter}` keeps the longer one only"
