"""What the plots of one run show: curves, figures of classes, the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cnnlab.analysis.curves import Curve, RunSeries, read_series, smoothed
from cnnlab.analysis.quantities import BYS, QUANTITIES, By, Quantity
from cnnlab.errors import known_name
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_data import BarsPlot, CurvesPlot, MatrixPlot, Plot
from cnnlab.history.queries import Reader
from cnnlab.history.records import EvaluationRecord, RunRecord, evaluation_of

X_LABELS: dict[By, str] = {"step": "step", "epoch": "epoch", "time": "seconds"}
TITLES: dict[Quantity, str] = {"loss": "loss", "accuracy": "accuracy", "lr": "learning rate"}

_KINDS = ("training", "validation")
"""The labels of a run's curves, each of one colour."""


def against(options: ExportOptions) -> By:
    """What curves are drawn against.

    Raises:
        ConfigError: there is no such thing.
    """
    return known_name("x axis", options.by, BYS)


def run_plots(reader: Reader, run: RunRecord, options: ExportOptions) -> list[Plot]:
    """The plots that a run has: `loss`, `accuracy`, `lr` if it varies, `classes`, `confusion`.

    Raises:
        ConfigError: the options name an unknown x axis.
    """
    return [*curve_plots(reader, run, options), *evaluation_plots(reader, run, options)]


def curve_plots(reader: Reader, run: RunRecord, options: ExportOptions) -> list[CurvesPlot]:
    """Training and validation over the course of a run; without what has no values."""
    by = against(options)
    (course,) = courses(reader, [run], options)
    plots = []
    for quantity in QUANTITIES:
        series = of_rates(reader, course) if quantity == "lr" else course
        curves = course_curves(series, quantity, options)
        if not curves or (quantity == "lr" and not varies(curves)):
            continue
        groups = tuple(_KINDS.index(curve.label) for curve in curves)
        title = TITLES[quantity]
        plots.append(CurvesPlot(quantity, title, quantity, X_LABELS[by], tuple(curves), groups))
    return plots


def courses(reader: Reader, runs: Sequence[RunRecord], options: ExportOptions) -> list[RunSeries]:
    """The courses of runs in one plot, all of one kind, as means lie far below single steps.

    Drawn by epoch, and plain, where one has several epochs they are means of epochs; a run that
    has finished none has its steps alone.
    """
    if against(options) == "epoch" and not options.smooth:
        means = [read_series(reader, run.id, steps=False) for run in runs]
        if any(len(one.epochs) > 1 for one in means):
            return [one if one.epochs else read_series(reader, one.run.id) for one in means]
    return [read_series(reader, run.id) for run in runs]


def of_rates(reader: Reader, course: RunSeries) -> RunSeries:
    """A course for its learning rate: with its steps, as rates within an epoch have no mean."""
    return course if len(course.steps) else read_series(reader, course.run.id)


def course_curves(series: RunSeries, quantity: Quantity, options: ExportOptions) -> list[Curve]:
    """Curves that have a value somewhere; training is smoothed as the options say."""
    smooth = options.smooth if quantity != "lr" else 0.0
    curves = smoothed_training(series.curves(quantity, against(options)), smooth)
    return [curve for curve in curves if np.isfinite(curve.points()[1]).any()]


def smoothed_training(curves: Sequence[Curve], weight: float) -> list[Curve]:
    """Training is smoothed; the few points of validation are shown as they are."""
    return [
        replace(curve, y=smoothed(curve.y, weight))
        if weight and curve.label == "training"
        else curve
        for curve in curves
    ]


def varies(curves: Sequence[Curve]) -> bool:
    """Whether a curve has more than one value, and so is worth a plot."""
    return any(len(set(curve.y)) > 1 for curve in curves)


def evaluation_plots(reader: Reader, run: RunRecord, options: ExportOptions) -> list[Plot]:
    """Figures of classes and the confusion matrix of a split; none without its evaluation."""
    evaluations = reader.final_evaluations([run.id])[run.id]
    found = evaluation_of(evaluations, options.split, options.checkpoint)
    if found is None or not found.classes:
        return []
    return [_classes(found), confusion_plot(reader, found)]


def images_words(evaluation: EvaluationRecord) -> str:
    """Of which images, and with which weights: `test images, best checkpoint`."""
    return f"{evaluation.split} images, {evaluation.checkpoint} checkpoint"


def _classes(evaluation: EvaluationRecord) -> BarsPlot:
    classes = evaluation.classes
    none = (None,) * len(classes)
    series = tuple(
        (label, tuple(getattr(one, field) for one in classes), none)
        for label, field in (("precision", "precision"), ("recall", "recall"), ("F1", "f1"))
    )
    of = images_words(evaluation)
    names = tuple(one.name for one in classes)
    return BarsPlot(
        "classes",
        f"figures of classes, {of}",
        names,
        series,
        "precision, recall, F1",
        things="class",
        of=of,
    )


def confusion_plot(reader: Reader, evaluation: EvaluationRecord) -> MatrixPlot:
    """The confusion matrix of an evaluation that has classes."""
    names = tuple(one.name for one in evaluation.classes)
    matrix = reader.confusion(evaluation.id, len(names))
    of = images_words(evaluation)
    return MatrixPlot(
        "confusion", f"confusion matrix, {of}", names, tuple(map(tuple, matrix)), of=of
    )
