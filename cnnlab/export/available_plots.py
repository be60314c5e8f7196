"""Which plots runs have, for what draws them and for what offers them."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlab.analysis.comparison import compare
from cnnlab.export.comparison_plots import comparison_plots
from cnnlab.export.comparison_words import labels
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_data import CurvesPlot, Plot
from cnnlab.export.run_plots import run_plots
from cnnlab.history.queries import Reader

CURVES = "curves"
_PANELS = (("loss", "training-loss"), ("accuracy", "training-accuracy"))
"""The plots that are panels of `curves`: of each pair the first one that is more than dots."""


def plots_of_runs(reader: Reader, run_ids: Sequence[str], options: ExportOptions) -> list[Plot]:
    """The plots of one run, or of a comparison of several.

    Raises:
        ConfigError: the one run is not in the history, or the options name an unknown x axis.
    """
    if len(run_ids) == 1:
        return run_plots(reader, reader.run(run_ids[0]), options)
    comparison = compare(reader, run_ids, options.checkpoint, baseline="")
    return comparison_plots(reader, comparison, labels(comparison), options)


def names_of(found: Sequence[Plot]) -> list[str]:
    """The names by which plots can be asked for, that of their panels first."""
    several = [CURVES] if panels(found) else []
    return list(dict.fromkeys([*several, *(plot.name for plot in found)]))


def panels(found: Sequence[Plot]) -> list[Plot]:
    """The panels of `curves`: of runs of a single epoch, validated once, the steps of training."""
    curves = {plot.name: plot for plot in found if isinstance(plot, CurvesPlot)}
    chosen: list[Plot] = []
    for names in _PANELS:
        there = [curves[name] for name in names if name in curves]
        chosen += [plot for plot in there if plot.is_course][:1] or there[:1]
    return chosen
