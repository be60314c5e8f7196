"""`cnnlab evaluate`: a finished run on any data set with the same classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.cli.bars import progress_bar
from cnnlab.cli.console import err, out, print_json
from cnnlab.cli.control import RunArgument
from cnnlab.cli.interruptions import tell_interrupted
from cnnlab.cli.options import DeviceOption, JsonOption, WeightsOption
from cnnlab.events import CHECKPOINTS, SPLITS
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.history.records import EvaluationRecord, RunRecord


def evaluate(
    run: RunArgument,
    dataset: Annotated[
        str, typer.Option(help="On whose images; without it, on those of the run.")
    ] = "",
    split: Annotated[
        str, typer.Option(help="Which of them: test, train, or the run's own validation.")
    ] = "test",
    checkpoint: WeightsOption = "best",
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Evaluate the checkpoint of a run on a data set, and record what comes of it.

    The data set needs the same classes, in any order.

    Images of another size are resized; grey ones and those in colours become the run's kind.

    `cnnlab runs show` lists the newest on each data set, split and checkpoint, after the run's own.
    """
    from cnnlab.data import library
    from cnnlab.errors import known_name
    from cnnlab.history.queries import Reader

    part = known_name("split", split, SPLITS)
    kind = known_name("checkpoint", checkpoint, CHECKPOINTS)
    home = Home.from_environment()
    tell_interrupted(home)
    if dataset:
        library.check_name(home, dataset)
    with Reader(home) as reader:
        run_id = reader.resolve(run)
        reader.checkpoint(reader.run(run_id), kind)
    with err().status("Loading the model…"):
        from cnnlab.history.later_evaluations import record_later_evaluation
        from cnnlab.inference.evaluation import evaluate_trained
        from cnnlab.inference.trained import load_trained

        trained = load_trained(home, run_id, kind, device=device)
    with progress_bar() as progress:
        later = evaluate_trained(home, trained, dataset, part, progress)
    record = record_later_evaluation(home, run_id, later.dataset, later.finished)
    if as_json:
        from cnnlab.export.run_json import later_evaluation_as_json

        figures = later_evaluation_as_json(record, later.finished.evaluation.confusion)
        print_json({"run": run_id, **figures, "remarks": list(later.remarks)})
        return
    for remark in later.remarks:
        err().print(remark, soft_wrap=True)
    _print(trained.run, record)


def _print(run: RunRecord, record: EvaluationRecord) -> None:
    from rich.text import Text

    from cnnlab.cli.documents import print_document_table
    from cnnlab.export.format import format_figure
    from cnnlab.export.run_tables import classes_table

    print_document_table(out(), classes_table(record))
    out().print()
    line = Text("accuracy ")
    line.append(format_figure(record.accuracy), style="bold")
    line.append(", macro precision ")
    line.append(format_figure(record.precision_macro), style="bold")
    line.append(f", loss {format_figure(record.loss)} on {record.dataset} ({record.split}; ")
    line.append(f"{record.checkpoint} checkpoint, epoch {record.epoch})")
    out().print(line, soft_wrap=True)
    err().print(f"Recorded: `cnnlab runs show {run.id}` lists it.", soft_wrap=True)
