"""Writes a plot of runs to a file: PNG, SVG or PDF.

Of one run there are `curves` (loss and accuracy as panels of one figure), `loss`, `accuracy`, `lr`
where it varies, `classes` and `confusion`; of several runs the courses of their groups,
`comparison` and `classes`; of a study `comparison` sets measured beside published figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from cnnlab.analysis.comparison import compare
from cnnlab.config.studies import Study
from cnnlab.errors import ConfigError, known_name
from cnnlab.export.available_plots import CURVES, names_of, panels, plots_of_runs
from cnnlab.export.comparison_plots import COURSES, comparison_plots
from cnnlab.export.job import ExportJob, ExportOptions
from cnnlab.export.plot_data import CurvesPlot, MatrixPlot, Plot
from cnnlab.export.plot_names import PLOTS
from cnnlab.export.plotting.drawing import ImageFormat, draw
from cnnlab.export.run_plots import against
from cnnlab.export.study_words import CHANGED, name_of
from cnnlab.export.tidy.rows import moment_of
from cnnlab.history.queries import Reader

_SIGN_NOTE = "* was not trained as the study says; `cnnlab study show` tells what differs."


def write_png(job: ExportJob, path: Path) -> list[str]:
    """Writes a plot with 300 dots an inch; see `write_plot`."""
    return write_plot(job, path, "png")


def write_svg(job: ExportJob, path: Path) -> list[str]:
    """Writes a plot whose text stays text; see `write_plot`."""
    return write_plot(job, path, "svg")


def write_pdf(job: ExportJob, path: Path) -> list[str]:
    """Writes a plot with its fonts; see `write_plot`."""
    return write_plot(job, path, "pdf")


def write_plot(job: ExportJob, path: Path, kind: ImageFormat) -> list[str]:
    """Writes the plot that the options name, else the first that the runs have.

    Returns:
        What a user should know, such as runs that are gone, or characters that no font has.

    Raises:
        ConfigError: there is no such plot, or these runs do not have it.
        HistoryError: the history cannot be read.
    """
    name = job.options.plot
    if name:
        known_name("plot", name, PLOTS)
    job.progress("reading", 0, None)
    with moment_of(job) as moment:
        found = _plots(moment.reader, job)
    chosen = _chosen(job, found)
    job.progress("drawing", 0, None)
    image = draw(chosen, kind, wide=job.options.wide, log=job.options.log)
    path.write_bytes(image.data)
    return [*moment.told(), *image.told, *_notes(chosen)]


def _notes(plots: Sequence[Plot]) -> list[str]:
    """What is to be known of the plots of one figure; where it is not the same, of which it is."""
    told = [(plot.title, plot.note) for plot in plots if not isinstance(plot, MatrixPlot)]
    notes = dict.fromkeys(note for _, note in told)
    if len(notes) > 1:
        return [f"{title.capitalize()}: {note}" for title, note in told if note]
    return [note for note in notes if note]


def _plots(reader: Reader, job: ExportJob) -> list[Plot]:
    """The plots of a study, of a run, or of several."""
    if job.study is not None:
        return _study_plots(reader, job.study, job.options)
    return plots_of_runs(reader, job.run_ids, job.options)


def _study_plots(reader: Reader, study: Study, options: ExportOptions) -> list[Plot]:
    """The plots of the runs that count in a study: each of its rows is a group."""
    from cnnlab.analysis.study_results import study_results
    from cnnlab.export.study_document import comparison_plot

    results = study_results(reader, study, options.checkpoint)
    rows = [row for row in results.rows if row.runs]
    grouped = [[run.id for run in row.runs] for row in rows]
    of_study = comparison_plot(results)
    first: list[Plot] = [] if of_study is None else [of_study]
    run_ids = list(chain(*grouped))
    if len(run_ids) == 1:
        return [*first, *plots_of_runs(reader, run_ids, options)]
    comparison = compare(reader, run_ids, options.checkpoint, baseline="", grouped=grouped)
    names = [name_of(row) for row in rows]
    plots = [*first, *comparison_plots(reader, comparison, names, options)]
    return [_with_sign(plot) for plot in plots]


def _with_sign(plot: Plot) -> Plot:
    """A plot with what the sign of a row means, where it has one."""
    if isinstance(plot, MatrixPlot):
        return plot
    if isinstance(plot, CurvesPlot):
        labels = [one.label for one in plot.curves]
    elif plot.kind == "comparison":
        labels = list(plot.names)
    else:
        labels = [label for label, _, _ in plot.series]
    if not any(label.endswith(CHANGED) for label in labels):
        return plot
    return replace(plot, note=f"{plot.note} {_SIGN_NOTE}".lstrip())


def _chosen(job: ExportJob, found: Sequence[Plot]) -> list[Plot]:
    """The plots of one figure.

    Raises:
        ConfigError: there are none of that name.
    """
    there = names_of(found)
    if not there:
        raise ConfigError(
            f"{_whose(job)} nothing to plot: {_why_nothing(job)}.",
            "`cnnlab runs show RUN` tells what there is of a run.",
        )
    name = job.options.plot or there[0]
    if name not in there:
        raise ConfigError(
            f"{_whose(job)} no plot {name!r}{_because(job, name)}.",
            f"What there is: {', '.join(there)}.",
        )
    return panels(found) if name == CURVES else [next(plot for plot in found if plot.name == name)]


def _whose(job: ExportJob) -> str:
    if job.study is not None:
        return f"The study {job.study.name} has"
    return "This run has" if len(job.run_ids) == 1 else f"These {len(job.run_ids)} runs have"


def _why_nothing(job: ExportJob) -> str:
    if job.study is not None:
        return "no run of its rows is finished"
    by = against(job.options)
    if by != "epoch":
        return f"no epoch or validation was recorded with its {by}"
    return "no epoch, validation or evaluation was recorded"


def _because(job: ExportJob, name: str) -> str:
    """Why runs may lack a plot that others have."""
    several = len(job.run_ids) != 1
    options = job.options
    if several and not PLOTS[name].of_several:
        return ", which takes one run"
    if not several and not PLOTS[name].of_one:
        return ", which takes several runs"
    if name == "comparison" and job.study is None:
        return ", which takes two groups with a figure; runs that differ only in the seed are one"
    if name in ("confusion", "classes"):
        split = "test" if several else options.split
        return f": no evaluation of the {split} split with the {options.checkpoint} checkpoint"
    if name in COURSES and several:
        quantity, which = COURSES[name]
        timed = "" if against(options) == "epoch" else f" with its {against(options)}"
        return f": no {which} {quantity} was recorded{timed}"
    return ": it does not vary" if name == "lr" and not several else ""
