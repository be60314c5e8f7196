"""What runs have that can be exported: plots, checkpoints, figures of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnnlab.events import CHECKPOINTS
from cnnlab.export.available_plots import names_of, plots_of_runs
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_names import PLOTS
from cnnlab.export.run_plots import curve_plots
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.tui.exports import Subject, runs_of

COMPARED_SPLIT = "test"
"""Whose images several runs are compared by."""

_MOST_RUNS = 100
"""Runs that are looked at; of more it would take longer than a dialog may, to open."""

Figures = frozenset[tuple[str, str]]
"""Splits and checkpoints, in pairs."""


@dataclass(frozen=True)
class Stock:
    """What there is of a run, or of several together.

    Attributes:
        plots: by their names, of which splits and checkpoints they can show figures; courses of
            training show none.
        checkpoints: of a single run, which of the best and the last one it has; else both, as each
            run may have others.
    """

    plots: Mapping[str, Figures]
    checkpoints: frozenset[str]

    @property
    def evaluated(self) -> Figures:
        """Of which splits, with which checkpoints, there are figures."""
        return frozenset[tuple[str, str]]().union(*self.plots.values())


def read_stock(reader: Reader, exported: Subject) -> Stock | None:
    """What runs have; None for studies and for very many runs, of which nothing is asked.

    Raises:
        HistoryError: a run is not in the history any more, or that cannot be read.
    """
    if exported.study or len(exported.run_ids) > _MOST_RUNS:
        return None
    runs = runs_of(reader, exported)
    if exported.is_one_run:
        return _stock_of_one(reader, runs[0])
    return _stock_of_several(reader, exported.run_ids)


def _stock_of_one(reader: Reader, run: RunRecord) -> Stock:
    plots: dict[str, Figures] = {
        name: frozenset() for name in names_of(curve_plots(reader, run, ExportOptions()))
    }
    evaluations = reader.final_evaluations([run.id])[run.id]
    figures = frozenset((one.split, one.checkpoint or "") for one in evaluations if one.classes)
    if figures:
        plots |= {name: figures for name, plot in PLOTS.items() if plot.of_one and plot.options}
    # The one before the last is only there to be resumed from.
    kinds = {one.kind for one in reader.checkpoints([run.id])[run.id]}
    return Stock(plots, frozenset(kinds.intersection(CHECKPOINTS)))


def _stock_of_several(reader: Reader, run_ids: Sequence[str]) -> Stock:
    plots: dict[str, Figures] = {}
    for checkpoint in CHECKPOINTS:
        found = plots_of_runs(reader, run_ids, ExportOptions(checkpoint=checkpoint))
        for name in names_of(found):
            shown = {(COMPARED_SPLIT, checkpoint)} if PLOTS[name].options else ()
            plots[name] = plots.get(name, frozenset()).union(shown)
    return Stock(plots, frozenset(CHECKPOINTS))
