"""`cnnlab study`: tables of runs, published against measured."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab.cli.console import err, out, print_error, print_json
from cnnlab.cli.training import STOPPED, outliving_the_terminal, prepare, watch
from cnnlab.errors import CnnlabError, TrainingError, known_name
from cnnlab.events import CheckpointKind
from cnnlab.execution.terminal import TERMINATED
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.analysis.study_results import Which
    from cnnlab.config.studies import Study
    from cnnlab.events import Ending
    from cnnlab.execution.runner import RunThread
    from cnnlab.execution.study import Job

CHECKPOINTS: tuple[CheckpointKind, ...] = ("best", "last")
WHICH: tuple[Which, ...] = ("newest", "best")

app = typer.Typer(help="Run studies, and read them as published against measured.")

StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="Name of a study, or path of its file.")
]
CheckpointOption = Annotated[
    str, typer.Option(help="Whose figures count: those of the best or of the last checkpoint.")
]
WhichOption = Annotated[
    str,
    typer.Option(help="Which run of a seed counts: the newest, or the best on validation images."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_studies(
    report: Annotated[str, typer.Option(help="Only studies of this report.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List the studies with their rows, and how many of these have been trained."""
    from cnnlab.cli.tables import clipped, plain_table, print_table
    from cnnlab.config import studies
    from cnnlab.export.format import one_line
    from cnnlab.history.queries import Reader, RunFilter

    home = Home.from_environment()
    names = studies.names(home)
    reports = {name.rpartition("/")[0] for name in names}
    if report:
        known_name("report", report, reports)
    with Reader(home) as reader:
        trained = {run.preset for run in reader.runs(RunFilter(status="finished"))}
    wanted = [name for name in names if report in ("", name.rpartition("/")[0])]
    entries = [_entry(home, name, trained) for name in wanted]
    if as_json:
        print_json(entries)
        return
    table = plain_table("name", "rows", "trained", "title", words=("title",), flexible=("title",))
    for entry in entries:
        broken = "error" in entry
        table.add_row(
            one_line(entry["name"]),
            "" if broken else str(entry["rows"]),
            "" if broken else str(entry["trained"]),
            clipped("broken: see `cnnlab presets check`", "red")
            if broken
            else clipped(entry["title"]),
        )
    print_table(out(), table)


def _entry(home: Home, name: str, trained: Container[str | None]) -> dict[str, Any]:
    """A study in the list; one that cannot be read has its name and what is wrong."""
    from cnnlab.config import studies

    try:
        study = studies.load(home, name)
    except CnnlabError as error:
        return {"name": name, "report": name.rpartition("/")[0], "error": str(error)}
    return {
        "name": study.name,
        "report": study.report,
        "title": study.about.title,
        "rows": len(study.rows),
        "trained": sum(row.preset.name in trained for row in study.rows),
    }


@app.command("show")
def show_study(
    study: StudyArgument,
    checkpoint: CheckpointOption = "best",
    which: WhichOption = "newest",
    as_json: JsonOption = False,
) -> None:
    """Show a study's table: what was published, and what the history holds."""
    home = Home.from_environment()
    kind = known_name("checkpoint", checkpoint, CHECKPOINTS)
    _show(home, _load(home, study), as_json, kind, known_name("choice of run", which, WHICH))


@app.command("run")
def run_study(
    study: StudyArgument,
    rows: Annotated[
        str, typer.Option(metavar="ROW,ROW…", help="Only these rows, separated by commas.")
    ] = "",
    seeds: Annotated[
        str, typer.Option(metavar="N,N…", help="One run of each row for each of these seeds.")
    ] = "",
    epochs: Annotated[int | None, typer.Option(min=1, help="Other epochs for all rows.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change a field of all rows."),
    ] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Train what is there again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train the rows of a study that are not in the history yet, one after another.

    Ctrl-C stops after the current step; the next start goes on with what is missing. With other
    epochs, or another data set, the figures do not compare with the published ones.
    """
    from cnnlab.execution.study import missing_jobs, parse_seeds
    from cnnlab.history.queries import Reader

    home = Home.from_environment()
    loaded = _load(home, study)
    changes = list(settings or [])
    for field, value in (("epochs", epochs), ("device", device)):
        if value is not None:
            changes.append(f"training.{field}={value}")
    chosen = loaded.chosen([name.strip() for name in rows.split(",") if name.strip()])
    with Reader(home) as reader:
        jobs = missing_jobs(reader, chosen, changes, parse_seeds(seeds), force=force)
    if not jobs:
        err().print("Every row is trained; --force trains them again.")
    with outliving_the_terminal(home):
        failures = _train_all(home, loaded, jobs)
        _show(home, loaded, as_json)
    if failures:
        raise TrainingError(
            f"{len(failures)} of {len(jobs)} runs failed: {', '.join(dict.fromkeys(failures))}.",
            f"`cnnlab study run {study}` tries them again.",
        )


def _load(home: Home, name: str) -> Study:
    from cnnlab.config import studies

    return studies.load(home, name)


def _show(
    home: Home,
    study: Study,
    as_json: bool,
    checkpoint: CheckpointKind = "best",
    which: Which = "newest",
) -> None:
    from cnnlab.analysis.study_results import study_results
    from cnnlab.history.queries import Reader

    with Reader(home) as reader:
        results = study_results(reader, study, checkpoint, which)
    if as_json:
        from cnnlab.export.study_json import results_as_json

        print_json(results_as_json(results))
        return
    from cnnlab.cli.study_tables import print_study

    print_study(out(), results)


def _train_all(home: Home, study: Study, jobs: list[Job]) -> list[str]:
    """Trains one run after another; returns the rows that failed.

    Raises:
        Exit: Ctrl-C or SIGTERM stopped a run, and the rest with it.
    """
    from cnnlab.events import RunFailed, RunFinished, RunInterrupted

    failures = []
    for number, job in enumerate(jobs):
        ending: Ending | None = None
        trouble: CnnlabError | None = None
        try:
            thread = _train(home, job, number, len(jobs))
            ending = thread.ending
        except CnnlabError as error:
            trouble = error
        except KeyboardInterrupt:
            pass
        if isinstance(ending, RunFailed):
            trouble = TrainingError(ending.message)
        if trouble is not None:
            named = f"{job.row.preset.name}: {trouble.message}"
            print_error(TrainingError(named, trouble.hint))
            failures.append(job.row.name)
        elif isinstance(ending, RunFinished):
            _tell_finished(home, thread, job)
        else:
            left = f"{len(jobs) - number} of {len(jobs)} runs are left"
            err().print(f"Stopped; {left}: `cnnlab study run {study.name}` goes on.")
            raise typer.Exit(TERMINATED if isinstance(ending, RunInterrupted) else STOPPED)
    return failures


def _train(home: Home, job: Job, number: int, total: int) -> RunThread:
    from cnnlab.cli.progress import Overall
    from cnnlab.execution.requests import RunRequest

    request = RunRequest(job.config, job.row.preset.name)
    thread, display = prepare(home, request, Overall("run", number, total))
    watch(thread, display)
    return thread


def _tell_finished(home: Home, thread: RunThread, job: Job) -> None:
    from cnnlab.export.format import format_duration, format_figure
    from cnnlab.history.queries import Reader

    with Reader(home) as reader:
        run = reader.run(thread.run_id)
    err().print(
        f"{job.row.name}, seed {run.config['training']['seed']}: "
        f"test accuracy {format_figure(run.test_accuracy)}, "
        f"{format_duration(run.duration_s)} ({run.id})",
        soft_wrap=True,
    )
