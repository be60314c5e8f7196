"""`cnnlab study`: tables of runs, published against measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab.cli.console import err, out, print_json
from cnnlab.cli.in_turn import Prepare, Turn, train_in_turn
from cnnlab.cli.options import FiguresOption, JsonOption
from cnnlab.cli.plain import OnceOption, plain_console
from cnnlab.cli.tensorboard import TensorboardOption, write_tensorboard
from cnnlab.cli.training import prepare
from cnnlab.errors import CnnlabError, known_name
from cnnlab.events import CHECKPOINTS, CheckpointKind
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.analysis.evaluated_runs import Which
    from cnnlab.analysis.trained_rows import TrainedConfigs
    from cnnlab.cli.progress import Display, Overall
    from cnnlab.config.studies import Study
    from cnnlab.execution.runner import RunThread
    from cnnlab.execution.study import Job

WHICH: tuple[Which, ...] = ("newest", "best")

app = typer.Typer(help="Run studies, and read them as published against measured.")

StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="Name of a study, or path of its file.")
]
WhichOption = Annotated[
    str,
    typer.Option(help="Which run of a seed counts: the newest, or the best on validation images."),
]


@app.command("list")
def list_studies(
    report: Annotated[str, typer.Option(help="Only studies of this report.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List the studies with their rows, and how many of these were trained as the study says.

    Rows that were trained with other settings alone, such as other epochs, are counted apart.
    """
    from cnnlab.analysis.trained_rows import trained_configs
    from cnnlab.cli.tables import clipped, plain_table, print_table
    from cnnlab.config import studies
    from cnnlab.export.format import one_line
    from cnnlab.history.queries import Reader

    home = Home.from_environment()
    names = studies.names(home)
    reports = {name.rpartition("/")[0] for name in names}
    if report:
        known_name("report", report, reports)
    with Reader(home) as reader:
        trained = trained_configs(reader)
    wanted = [name for name in names if report in ("", name.rpartition("/")[0])]
    entries = [_entry(home, name, trained) for name in wanted]
    if as_json:
        print_json(entries)
        return
    counts = ["rows", "trained"]
    if any(entry.get("not_comparable") for entry in entries):
        counts.append("not_comparable")
    headings = ("trained otherwise" if each == "not_comparable" else each for each in counts)
    table = plain_table("name", *headings, "title", words=("title",), flexible=("title",))
    for entry in entries:
        broken = "error" in entry
        table.add_row(
            one_line(entry["name"]),
            *("" if broken else str(entry[each]) for each in counts),
            clipped("broken: see `cnnlab presets check`", "red")
            if broken
            else clipped(entry["title"]),
        )
    print_table(out(), table)


def _entry(home: Home, name: str, trained: TrainedConfigs) -> dict[str, Any]:
    """A study in the list; one that cannot be read has its name and what is wrong."""
    from cnnlab.config import studies

    try:
        study = studies.load(home, name)
    except CnnlabError as error:
        return {"name": name, "report": name.rpartition("/")[0], "error": str(error)}
    count = trained.count(study.rows)
    return {
        "name": study.name,
        "report": study.report,
        "title": study.about.title,
        "rows": count.rows,
        "trained": count.as_said,
        "not_comparable": count.otherwise,
    }


@app.command("show")
def show_study(
    study: StudyArgument,
    checkpoint: FiguresOption = "best",
    which: WhichOption = "newest",
    once: OnceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show a study's table: what was published, and what the history holds."""
    home = Home.from_environment()
    kind = known_name("checkpoint", checkpoint, CHECKPOINTS)
    chosen = known_name("choice of run", which, WHICH)
    _show(home, _load(home, study), as_json, kind, chosen, once=once)


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
    tensorboard: TensorboardOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train the rows of a study that are not in the history yet, one after another.

    Ctrl-C stops after the current step; the next start goes on with what is missing.

    With other epochs, or another data set, the figures do not compare with the published ones.
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
    write_tensorboard(tensorboard)
    if not jobs:
        err().print("Every row is trained; --force trains them again.")
    turns = [Turn(job.row.name, job.row.preset.name, _preparing(home, job)) for job in jobs]
    go_on = f"cnnlab study run {loaded.name}"
    train_in_turn(home, turns, go_on, lambda: _show(home, loaded, as_json))


def _load(home: Home, name: str) -> Study:
    from cnnlab.config import studies

    return studies.load(home, name)


def _show(
    home: Home,
    study: Study,
    as_json: bool,
    checkpoint: CheckpointKind = "best",
    which: Which = "newest",
    *,
    once: bool = False,
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

    if once:
        with plain_console() as console:
            print_study(console, results)
    else:
        print_study(out(), results)


def _preparing(home: Home, job: Job) -> Prepare:
    """Builds a run when its turn comes."""

    def build(overall: Overall) -> tuple[RunThread, Display]:
        from cnnlab.execution.requests import RunRequest

        return prepare(home, RunRequest(job.config, job.row.preset.name), overall)

    return build
