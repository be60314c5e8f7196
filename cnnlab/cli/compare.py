"""`cnnlab runs compare`: runs beside each other, repeats folded into mean and deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.cli.console import out, print_json
from cnnlab.cli.interruptions import tell_interrupted
from cnnlab.cli.options import (
    FiguresOption,
    FilterOption,
    JsonOption,
    SomeRunsArgument,
    StudyOption,
)
from cnnlab.cli.plain import OnceOption, plain_console
from cnnlab.errors import ConfigError, known_name
from cnnlab.events import CHECKPOINTS
from cnnlab.home import Home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnlab.export.document import Document
    from cnnlab.export.job import ExportOptions
    from cnnlab.history.queries import Reader


def compare(
    runs: SomeRunsArgument = None,
    filter_text: FilterOption = "",
    study: StudyOption = "",
    checkpoint: FiguresOption = "best",
    baseline: Annotated[
        str, typer.Option(metavar="RUN", help="What the others are held against; else the first.")
    ] = "",
    fold: Annotated[
        bool, typer.Option("--fold/--no-fold", help="Runs that differ only in the seed are one.")
    ] = True,
    curves: Annotated[
        bool | None,
        typer.Option("--curves/--no-curves", help="Draw the curves; by default on a terminal."),
    ] = None,
    by: Annotated[str, typer.Option(help="Draw the curves against step, epoch or time.")] = "epoch",
    smooth: Annotated[
        float,
        typer.Option(help="Smooth the training curves as TensorBoard does, from 0 to 1."),
    ] = 0.0,
    log: Annotated[bool, typer.Option("--log", help="Losses on a logarithmic axis.")] = False,
    once: OnceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare runs: figures, what differs in their configs, classes, curves.

    Runs that differ only in the seed are one group, with mean and standard deviation.

    --filter and --study choose runs, beside those that are named.

    Together they choose those of a study that match.
    """
    from cnnlab.cli.report import curve_options
    from cnnlab.cli.selecting import baseline_among, selected
    from cnnlab.export.job import ExportOptions
    from cnnlab.history.queries import Reader

    kind = known_name("checkpoint", checkpoint, CHECKPOINTS)
    drawn = curve_options(by, smooth, log=log)
    options = ExportOptions(
        checkpoint=kind, by=drawn.by or "epoch", smooth=drawn.smooth, log=drawn.log
    )
    home = Home.from_environment()
    tell_interrupted(home)
    with Reader(home) as reader, reader.moment():
        run_ids = selected(reader, home, runs or (), filter_text, study).run_ids
        _require_two(run_ids)
        base = baseline_among(reader, baseline, run_ids)
        if as_json:
            print_json(_as_json(reader, run_ids, options, base, fold))
            return
        from cnnlab.export.comparison_document import comparison_document

        document = comparison_document(reader, run_ids, options, baseline=base, fold=fold)
    asked = once or out().is_terminal or (by, smooth, log) != ("epoch", 0.0, False)
    _print(document, once=once, curves=asked if curves is None else curves, log=log)


def _require_two(run_ids: Sequence[str]) -> None:
    """Makes sure that there is something to compare.

    Raises:
        ConfigError: there are fewer than two runs.
    """
    if len(run_ids) < 2:
        raise ConfigError(
            "There is nothing to compare: "
            + ("it is a single run." if run_ids else "the study has no runs yet."),
            "Name two runs or more; `cnnlab runs list` shows all.",
        )


def _as_json(
    reader: Reader, run_ids: Sequence[str], options: ExportOptions, base: str, fold: bool
) -> object:
    from cnnlab.analysis.comparison import compare as compared
    from cnnlab.export.comparison_json import comparison_as_json

    comparison = compared(reader, run_ids, options.checkpoint, fold=fold, baseline=base)
    return comparison_as_json(comparison, comparison.place_of(base))


def _print(document: Document, *, once: bool, curves: bool, log: bool) -> None:
    from cnnlab.cli.documents import Wanted, print_document

    # What all configs have in common, and commands, fill a screen; a report has room for them.
    wanted = Wanted(curves=curves, log=log, listings=False)
    if once:
        with plain_console() as console:
            print_document(console, document, wanted)
    else:
        print_document(out(), document, wanted)
