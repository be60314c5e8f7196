"""`cnnlab runs`: the history of runs."""

from __future__ import annotations

from typing import Annotated

import typer

from cnnlab.cli import control
from cnnlab.cli.console import err, out, print_json
from cnnlab.cli.control import RunArgument
from cnnlab.events import SPLITS
from cnnlab.home import Home

STATUSES = ("queued", "running", "paused", "finished", "stopped", "failed", "interrupted")
app = typer.Typer(help="Browse the history of runs.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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
            help="started, id, name, status, preset, dataset, model, parameters, accuracy, best, "
            "epochs or time; largest first."
        ),
    ] = "started",
    ascending: Annotated[bool, typer.Option("--ascending", help="Smallest first.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many runs.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List runs, newest first."""
    from cnnlab.errors import known_name
    from cnnlab.history.filters import Query, parse
    from cnnlab.history.queries import Reader, RunFilter

    if status:
        known_name("status", status, STATUSES)
    query = Query()
    if filter_text:
        from cnnlab.config.run import RunConfig
        from cnnlab.config.validation import field_paths

        query = parse(filter_text, set(field_paths(RunConfig)))
    home = Home.from_environment()
    with Reader(home) as reader:
        wanted = RunFilter(status, dataset, model, preset, tag, search, query)
        runs = reader.runs(wanted, sort=sort, ascending=ascending, limit=limit)
        if as_json:
            from cnnlab.export.run_json import runs_as_json

            print_json(runs_as_json(reader, runs))
            return
    if not runs:
        if wanted != RunFilter():
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
    as_json: JsonOption = False,
) -> None:
    """Show one run: config, curves, per-class figures, checkpoints."""
    from cnnlab.cli.report import CurveOptions, curve_options, print_run
    from cnnlab.errors import known_name
    from cnnlab.history.queries import Reader

    known_name("split", split, SPLITS)
    options = curve_options(by, smooth, log=log)
    with Reader(Home.from_environment()) as reader:
        record = reader.run(reader.resolve(run))
        if as_json:
            from cnnlab.export.run_json import runs_as_json

            print_json(runs_as_json(reader, [record])[0])
            return
        asked = options != CurveOptions() or out().is_terminal
        wanted = asked if curves is None else curves
        print_run(out(), reader, record, curves=options if wanted else None, split=split)


app.command("stop")(control.stop)
app.command("pause")(control.pause)
app.command("continue")(control.go_on)


@app.command("delete")
def delete_runs(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Ids, their beginnings, or names.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete runs with their checkpoints."""
    from cnnlab.export.format import format_bytes, one_line
    from cnnlab.history.edits import LIVE, delete_run, require_deletable
    from cnnlab.history.queries import Reader

    home = Home.from_environment()
    with Reader(home) as reader:
        ids = dict.fromkeys(reader.resolve(run) for run in runs)
        records = [reader.run(run_id) for run_id in ids]
        checkpoints = reader.checkpoints(ids)
    for record in records:
        require_deletable(record)
        kept = checkpoints[record.id]
        freed = format_bytes(sum(one.bytes for one in kept))
        count = f"{len(kept)} checkpoint{'s' if len(kept) != 1 else ''}"
        state = f"{record.status} on {record.host}" if record.status in LIVE else record.status
        err().print(
            f"{record.id}  {one_line(record.name)}  {state}, {count}, {freed}", soft_wrap=True
        )
    if not yes and not typer.confirm("Delete for good?", err=True):
        raise typer.Exit(1)
    for record in records:
        delete_run(home, record)
        err().print(f"Deleted {one_line(record.name)} ({record.id}).")
