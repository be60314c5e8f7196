"""`cnnlab export`: runs as tables, reports, plots, models and archives."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab.cli.bars import progress_bar
from cnnlab.cli.console import err, out, print_json
from cnnlab.cli.endings import ending_in_order
from cnnlab.cli.export_target import (
    STDOUT,
    chosen_format,
    chosen_tables,
    output_path,
    require_baseline_of_several,
    require_one_text,
    require_options_of,
    require_split_of_one,
)
from cnnlab.cli.options import FilterOption, SomeRunsArgument
from cnnlab.cli.training import STOPPED
from cnnlab.errors import ConfigError, StorageError, known_name
from cnnlab.events import CHECKPOINTS, SPLITS
from cnnlab.export.plot_names import PLOTS
from cnnlab.home import Home, failed_write

if TYPE_CHECKING:
    from rich.table import Table

    from cnnlab.cli.selecting import Selection
    from cnnlab.export.formats import ExportFormat
    from cnnlab.export.job import ExportJob, ExportOptions
    from cnnlab.export.writing import Written
    from cnnlab.history.queries import Reader

_WITHOUT_TABLE = "The study's own table is of all its runs: only --study alone writes it."


def export(
    runs: SomeRunsArgument = None,
    format_name: Annotated[
        str,
        typer.Option("--format", "-f", help="What to write; by itself, what PATH ends with."),
    ] = "",
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="PATH", help="Where to; - for stdout, a folder for its files."
        ),
    ] = "",
    filter_text: FilterOption = "",
    study: Annotated[str, typer.Option(help="The runs of a study; alone, its own table too.")] = "",
    every: Annotated[bool, typer.Option("--all", help="All runs outside the trash.")] = False,
    table: Annotated[
        list[str] | None,
        typer.Option(help="Only this table, for csv and parquet; repeatable."),
    ] = None,
    plot: Annotated[
        str, typer.Option(help=f"Which plot, for png, svg and pdf: {', '.join(PLOTS)}.")
    ] = "",
    columns: Annotated[
        int, typer.Option(min=1, max=2, help="Columns of a paper that a plot is as wide as.")
    ] = 1,
    checkpoint: Annotated[
        str, typer.Option(help="Whose figures or weights: best or last.")
    ] = "best",
    split: Annotated[str, typer.Option(help="Whose images the per-class figures are of.")] = "test",
    baseline: Annotated[
        str, typer.Option(metavar="RUN", help="What a report holds the others against.")
    ] = "",
    by: Annotated[str, typer.Option(help="Curves against step, epoch or time.")] = "epoch",
    smooth: Annotated[float, typer.Option(help="Smooth the training curves, from 0 to 1.")] = 0.0,
    log: Annotated[bool, typer.Option("--log", help="Losses on a logarithmic axis.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over what is there.")] = False,
    formats: Annotated[bool, typer.Option("--formats", help="List the formats.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was written as JSON.")
    ] = False,
) -> None:
    """Write runs to files: tables, reports, plots, models, or all of a run for another machine.

    A file is there whole or not at all, and none is written over without --force.
    """
    if formats:
        _list_formats(as_json)
        return
    from cnnlab.cli.report import curve_options
    from cnnlab.cli.selecting import baseline_among
    from cnnlab.export.job import ExportOptions
    from cnnlab.history.queries import Reader

    home = Home.from_environment()
    form = chosen_format(format_name, output)
    curves = curve_options(by, smooth, log=log)
    options = ExportOptions(
        tables=chosen_tables(table or ()),
        plot=plot,
        wide=columns > 1,
        checkpoint=known_name("checkpoint", checkpoint, CHECKPOINTS),
        split=known_name("split", split, SPLITS),
        baseline=baseline,
        by=curves.by or "epoch",
        smooth=curves.smooth,
        log=curves.log,
    )
    require_options_of(form, options)
    with Reader(home) as reader:
        selection = _selected(reader, home, runs or [], filter_text, study, every)
        require_split_of_one(options, selection)
        require_baseline_of_several(options, selection)
        base = baseline_among(reader, baseline, selection.run_ids)
        title = _title(reader, selection)
    job = _job(home, selection, dataclasses.replace(options, baseline=base), form)
    if study and job.study is None and form.subject in ("report", "plot"):
        err().print(_WITHOUT_TABLE, soft_wrap=True)
    if output in STDOUT:
        _to_stdout(form, job)
        return
    path = output_path(output, form, options, title)
    written = _write(form, job, path, force)
    _tell(form, path, written, as_json)


def _selected(
    reader: Reader, home: Home, runs: Sequence[str], filter_text: str, study: str, every: bool
) -> Selection:
    from cnnlab.cli.selecting import Selection, passing, selected

    if every:
        if runs or filter_text or study:
            raise ConfigError("--all is every run.", "Leave out the names, --filter and --study.")
        found = tuple(passing(reader))
        if not found:
            raise ConfigError(f"No runs yet in {home.root}.", "`cnnlab run quickstart` makes one.")
        return Selection(found, None)
    return selected(reader, home, runs, filter_text, study)


def _job(home: Home, selection: Selection, options: ExportOptions, form: ExportFormat) -> ExportJob:
    """The job, if the format can take it.

    Raises:
        ConfigError: it takes one run alone, or what it needs is not installed.
    """
    from cnnlab.export.job import ExportJob

    form.require_extra()
    if form.subject != "report":
        selection.require_runs()
    job = ExportJob(home, selection.run_ids, selection.study, options)
    if not form.several:
        job.only_run(form.name)
    return job


def _title(reader: Reader, selection: Selection) -> str:
    """What an output is named after."""
    if selection.study is not None:
        return selection.study.name
    if len(selection.run_ids) == 1:
        return reader.run(selection.run_ids[0]).name
    return f"{len(selection.run_ids)}-runs"


def _write(form: ExportFormat, job: ExportJob, path: Path, force: bool) -> Written:
    from cnnlab.export.writing import write_whole

    writer = form.load()
    with ending_in_order(), progress_bar() as progress:
        told = dataclasses.replace(job, progress=progress, output=path)
        try:
            return write_whole(path, lambda partial: writer(told, partial), force=force)
        except KeyboardInterrupt:
            err().print("Stopped; nothing was written.")
            raise typer.Exit(STOPPED) from None


def _to_stdout(form: ExportFormat, job: ExportJob) -> None:
    """Writes what is text to standard output, whole or not at all.

    Raises:
        ConfigError: it is no text, or several files.
        StorageError: it cannot be written to the temporary folder, or to standard output.
    """
    require_one_text(form, job.options.tables)
    with ending_in_order(), ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="cnnlab-"))
            path = Path(folder) / f"stdout{form.suffix}"
            told = form.load()(job, path)
        except OSError as error:
            raise _failed_aside(error) from error
        if sys.stdout.isatty():
            from cnnlab.export.format import visible

            for line in path.read_text("utf-8").splitlines():
                sys.stdout.write(f"{visible(line)}\n")
        else:
            _copy_to_stdout(path)
    for line in told:
        err().print(line, soft_wrap=True)


def _failed_aside(error: OSError) -> StorageError:
    """The error where the temporary folder does not take what is to go to standard output."""
    known = tempfile.tempdir  # none where Python found no folder that takes a file
    what = f"The temporary folder {known}" if known else "A temporary folder"
    failed = failed_write(f"{what} cannot be written", error, "Check that it can be written.")
    elsewhere = "Or name a file with -o, or another folder in TMPDIR."
    return StorageError(failed.message, f"{failed.hint} {elsewhere}")


def _copy_to_stdout(path: Path) -> None:
    """Raises StorageError where the file cannot be written out."""
    sys.stdout.flush()
    try:
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except OSError as error:
        # What is left in the buffer cannot be written at the end of the process either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise failed_write("Standard output cannot be written", error, "Name a file.") from error


def _tell(form: ExportFormat, path: Path, written: Written, as_json: bool) -> None:
    if as_json:
        files = [{"path": str(one), "bytes": one.stat().st_size} for one in written.files]
        print_json({"format": form.name, "files": files, "told": list(written.told)})
        return
    from cnnlab.export.format import format_bytes, one_line

    for line in written.told:
        err().print(line, soft_wrap=True)
    count = len(written.files)
    several = f"{count} files, " if count > 1 else ""
    shown = one_line(str(path))
    err().print(f"Wrote {shown} ({several}{format_bytes(written.bytes)}).", soft_wrap=True)


def _list_formats(as_json: bool) -> None:
    from cnnlab.export.formats import FORMATS

    if as_json:
        print_json([_format_as_json(form) for form in FORMATS.values()])
        return
    from cnnlab.cli.tables import print_table

    print_table(out(), formats_table())


def formats_table() -> Table:
    """The formats, a line each; what they are goes on in the next one where there is no room."""
    from cnnlab.cli.tables import plain_table
    from cnnlab.export.formats import FORMATS

    words = ("of", "what", "installed")
    table = plain_table("format", *words, words=words, flexible=("what",))
    for form in FORMATS.values():
        here = "yes" if form.is_installed else f"pip install 'cnnlab[{form.extra}]'"
        table.add_row(form.name, form.subject, form.what, here)
    return table


def _format_as_json(form: ExportFormat) -> dict[str, Any]:
    return {
        "name": form.name,
        "subject": form.subject,
        "what": form.what,
        "suffix": form.suffix,
        "extra": form.extra or None,
        "installed": form.is_installed,
    }
