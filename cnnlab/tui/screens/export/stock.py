"""What a run has that can be exported: plots, checkpoints, figures of classes."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlab.events import CHECKPOINTS
from cnnlab.export.job import ExportOptions
from cnnlab.export.run_plots import curve_plots
from cnnlab.history.queries import Reader
from cnnlab.tui.exports import Subject, runs_of


@dataclass(frozen=True)
class Stock:
    """What there is of one run.

    Attributes:
        curves: the names of the plots of its course.
        checkpoints: which of the best and the last one it has.
        evaluated: of which splits, with which checkpoints, it has the figures of classes.
    """

    curves: frozenset[str]
    checkpoints: frozenset[str]
    evaluated: frozenset[tuple[str, str]]


def read_stock(reader: Reader, exported: Subject) -> Stock | None:
    """What a run has; None for several runs and for studies, of which nothing is asked.

    Raises:
        HistoryError: the run is not in the history any more, or that cannot be read.
    """
    if not exported.is_one_run:
        return None
    (run,) = runs_of(reader, exported)
    curves = {plot.name for plot in curve_plots(reader, run, ExportOptions())}
    if curves - {"lr"}:
        curves.add("curves")
    kinds = {one.kind for one in reader.checkpoints([run.id])[run.id]}
    evaluations = reader.final_evaluations([run.id])[run.id]
    return Stock(
        frozenset(curves),
        # The one before the last is only there to be resumed from.
        frozenset(kinds.intersection(CHECKPOINTS)),
        frozenset((one.split, one.checkpoint or "") for one in evaluations if one.classes),
    )
