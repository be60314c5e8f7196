"""`cnnlab runs`: the history of runs."""

from __future__ import annotations

from typing import Annotated

import typer

from cnnlab.cli import compare, control, importing, labels, mistakes, prune, resume, trash
from cnnlab.cli.console import err, out, print_json
from cnnlab.cli.control import RunArgument
from cnnlab.cli.filtering import query_of
from cnnlab.cli.interruptions import tell_interrupted
from cnnlab.cli.options import JsonOption
from cnnlab.cli.plain import OnceOption, plain_console
from cnnlab.events import SPLITS
from cnnlab.home import Home

app = typer.Typer(help="Browse the history of runs.", no_args_is_help=True)


@app.command("list")
def list_runs(
    status: Annotated[str, typer.Option(help="Only runs with this status.")] = "",
    dataset: Annotated[str, typer.Option(help="Only runs on this data set.")] = "",
    model: Annotated[str, typer.Option(help="Only runs of this model.")] = "",
    preset: Annotated[str, typer.Option(help="Only runs of this preset.")] = "",
    tag: Annotated[str, typer.Option(help="Only runs with this tag.")] = "",
    search: Annotated[str, typer.Option(help="Only runs with this in name, tags or notes.")] = "",
    filter_text: Annotated[
        str, typer.Option("--filter", metavar="TERMS", help='Such as "acc>0.9 -tag:old lenet".')
    ] = "",
    sort: Annotated[
        str,
        typer.Option(
            help="started, id, name, status, preset, dataset, model, parameters, accuracy, "
            "precision, loss, best, epochs, time, lr, optimizer, batch_size, seed, device, group, "
            "origin or tags; largest first."
        ),
    ] = "started",
    ascending: Annotated[bool, typer.Option("--ascending", help="Smallest first.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many runs.")] = None,
    in_trash: Annotated[bool, typer.Option("--trash", help="Runs in the trash instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List runs, newest first."""
    from cnnlab.errors import known_name
    from cnnlab.history.queries import Reader, RunFilter
    from cnnlab.history.rows import STATUSES

    if status:
        known_name("status", status, STATUSES)
    query = query_of(filter_text)
    home = Home.from_environment()
    tell_interrupted(home)
    with Reader(home) as reader:
        wanted = RunFilter(status, dataset, model, preset, tag, search, query, in_trash)
        runs = reader.runs(wanted, sort=sort, ascending=ascending, limit=limit)
        if as_json:
            from cnnlab.export.run_json import runs_as_json

            print_json(runs_as_json(reader, runs))
            return
    if not runs:
        if wanted == RunFilter(trashed=True):
            err().print("The trash is empty.")
        elif wanted != RunFilter():
            err().print("No runs match.")
        else:
            err().print(
                f"No runs yet in {home.root}. `cnnlab run quickstart` makes one.", soft_wrap=True
            )
        return
    from cnnlab.cli.tables import print_table, runs_table

    print_table(out(), runs_table(runs, out().width))


@app.command("show")
def show_run(
    run: RunArgument,
    curves: Annotated[
        bool | None,
        typer.Option("--curves/--no-curves", help="Draw the curves; by default on a terminal."),
    ] = None,
    split: Annotated[
        str,
        typer.Option(help="Whose images the per-class figures are of: train, validation, test."),
    ] = "test",
    by: Annotated[
        str,
        typer.Option(
            help="Draw the curves against step, epoch or time; else epoch means, by epoch."
        ),
    ] = "",
    smooth: Annotated[
        float,
        typer.Option(help="Smooth the training curves as TensorBoard does, from 0 to 1."),
    ] = 0.0,
    log: Annotated[
        bool, typer.Option("--log", help="Loss and learning rate on a logarithmic axis.")
    ] = False,
    once: OnceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show one run: config, curves, per-class figures, checkpoints."""
    from cnnlab.cli.report import CurveOptions, curve_options, print_run
    from cnnlab.errors import known_name
    from cnnlab.history.queries import Reader

    known_name("split", split, SPLITS)
    options = curve_options(by, smooth, log=log)
    home = Home.from_environment()
    tell_interrupted(home)
    with Reader(home) as reader:
        record = reader.run(reader.resolve(run))
        if as_json:
            from cnnlab.export.run_json import run_as_json

            print_json(run_as_json(reader, record))
            return
        asked = once or options != CurveOptions() or out().is_terminal
        drawn = options if (asked if curves is None else curves) else None
        if once:
            with plain_console() as console:
                print_run(console, reader, record, curves=drawn, split=split)
        else:
            print_run(out(), reader, record, curves=drawn, split=split)


app.command("compare")(compare.compare)
app.command("import")(importing.import_runs)
app.command("mistakes")(mistakes.mistakes)
app.command("resume")(resume.resume)
app.command("stop")(control.stop)
app.command("pause")(control.pause)
app.command("continue")(control.go_on)
app.command("tag")(labels.tag)
app.command("rename")(labels.rename)
app.command("note")(labels.note)
app.command("delete")(trash.delete)
app.command("restore")(trash.restore)
app.command("prune")(prune.prune)
app.command("empty-trash")(trash.empty_trash)
