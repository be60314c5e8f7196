"""What the plots of a comparison show: the courses of its groups, their figures, their classes.

A group of several runs is drawn as its mean with a band of one sample standard deviation to both
sides, at the places that all its runs have. The mean is left out where one of the runs has no
number: that of the others would look better than the group is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain

import numpy as np

from cnnlab.analysis.comparison import MAIN_FIGURE, OF_EPOCHS, ClassFigure, Comparison, Group
from cnnlab.analysis.curves import Array, Curve, RunSeries
from cnnlab.analysis.evaluated_runs import on_same_images
from cnnlab.analysis.quantities import Quantity
from cnnlab.export.comparison_picks import MOST_CURVES, drawn_words, in_order, numbers, picked
from cnnlab.export.comparison_words import CLASS_TITLES, curve_label, cut_words, images_words
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_data import Band, BarsPlot, CurvesPlot, Plot
from cnnlab.export.run_plots import X_LABELS, against, course_curves, courses
from cnnlab.history.queries import Reader

MOST_BARS = 40
"""Groups whose bars have names that can be read."""

COURSES: dict[str, tuple[Quantity, str]] = {
    "accuracy": ("accuracy", "validation"),
    "loss": ("loss", "validation"),
    "training-accuracy": ("accuracy", "training"),
    "training-loss": ("loss", "training"),
}
"""The name of each plot of courses, its quantity, and the curve that it takes of each run."""
_Drawn = tuple[Curve, Band | None]
"""A curve of a group, and the band around a mean."""

_OF_STEPS = "Of runs that finished no epoch single steps are drawn."


def comparison_plots(
    reader: Reader, comparison: Comparison, names: Sequence[str], options: ExportOptions
) -> list[Plot]:
    """The plots that a comparison has.

    `accuracy` and `loss` of validation, `training-accuracy`, `training-loss`, `comparison` of the
    main figure, and `classes`.

    Args:
        names: of the groups, as `comparison_words.labels` gives them.

    Raises:
        ConfigError: the options name an unknown x axis.
    """
    bars = [comparison_bars(comparison, names), class_bars(comparison, names)]
    courses = course_plots(reader, comparison, names, options)
    return [*courses, *(plot for plot in bars if plot is not None)]


@dataclass(frozen=True)
class _Courses:
    """The courses of some groups, by their places.

    Attributes:
        series: of the runs of each group.
        curves: by the name of the plot, those of the groups that have some.
    """

    series: Mapping[int, Sequence[RunSeries]]
    curves: Mapping[str, Mapping[int, Sequence[_Drawn]]]

    @property
    def fill_plots(self) -> bool:
        """Whether there are as many of each kind as a plot has room for."""
        return all(len(groups) >= MOST_CURVES for groups in self.curves.values())

    def are_mixed(self, places: Sequence[int]) -> bool:
        """Whether of some of these groups single steps are drawn, and means of others."""
        series = [one for place in places for one in self.series[place]]
        with_steps = [one for one in series if len(one.steps)]
        return len(with_steps) < len(series) and not all(one.epochs for one in with_steps)


def course_plots(
    reader: Reader, comparison: Comparison, names: Sequence[str], options: ExportOptions
) -> list[CurvesPlot]:
    """The courses of up to `MOST_CURVES` of the groups that have them, laid over each other."""
    order, count = in_order(comparison), MOST_CURVES
    read = _read(reader, comparison, names, options, order[:count])
    while count < len(order) and not read.fill_plots:
        count *= 2
        read = _read(reader, comparison, names, options, order[:count])
    unread, colours = order[count:], numbers(comparison)
    # By epoch there is whatever there is by steps or times, which imported curves may lack.
    axis = "" if against(options) == "epoch" else f" by {against(options)}"
    found = []
    for name, (quantity, which) in COURSES.items():
        curves = read.curves[name]
        if not curves:
            continue
        among = {*curves, *unread}
        places, _ = picked(comparison, among)
        notes = [drawn_words(comparison, among, f"have no {which} {quantity}{axis}")]
        if which == "training" and read.are_mixed(places):
            notes.append(_OF_STEPS)
        lines = [(colours[place], *drawn) for place in places for drawn in curves[place]]
        bands = tuple(band for _, _, band in lines)
        plot = CurvesPlot(
            name,
            f"{which} {quantity}",
            quantity,
            X_LABELS[against(options)],
            tuple(curve for _, curve, _ in lines),
            tuple(colour for colour, _, _ in lines),
            bands if any(bands) else (),
            note=" ".join(filter(None, notes)),
        )
        found.append(plot)
    return found


def _read(
    reader: Reader,
    comparison: Comparison,
    names: Sequence[str],
    options: ExportOptions,
    places: Sequence[int],
) -> _Courses:
    """The courses of the groups at some places."""
    groups = comparison.groups
    runs = list(chain.from_iterable(groups[place].runs for place in places))
    by_run = {one.run.id: one for one in courses(reader, runs, options)}
    series = {place: [by_run[run.id] for run in groups[place].runs] for place in places}
    curves = {
        name: {
            place: drawn
            for place in places
            if (drawn := _of_group(groups[place], names[place], series[place], what, options))
        }
        for name, what in COURSES.items()
    }
    return _Courses(series, curves)


def _of_group(
    group: Group,
    name: str,
    members: Sequence[RunSeries],
    what: tuple[Quantity, str],
    options: ExportOptions,
) -> list[_Drawn]:
    """The mean of a group's curves; each of them where they have no places in common."""
    quantity, which = what
    found = [
        (at, curve)
        for at, series in enumerate(members)
        for curve in course_curves(series, quantity, options)
        if curve.label == which
    ]
    # What was computed at different speeds has no seconds in common.
    if len(found) == len(members) > 1 and against(options) != "time":
        mean = mean_curve(name, [curve for _, curve in found])
        if mean is not None:
            return [mean]
    return [(Curve(curve_label(name, group, at), one.x, one.y), None) for at, one in found]


def mean_curve(label: str, curves: Sequence[Curve]) -> tuple[Curve, Band] | None:
    """The mean of two or more curves and the band around it, where all of them have points.

    None where they have no place in common. The band is a whole deviation wide on both sides, also
    where it ends beyond what a share or a loss can be.
    """
    points = [curve.points() for curve in curves]
    shared = reduce(np.intersect1d, [x for x, _ in points])
    if not len(shared):
        return None
    values = np.stack([_at(shared, x, y) for x, y in points])
    # Infinities and what is not a number make their place a gap.
    with np.errstate(invalid="ignore"):
        mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1)
        low, high = mean - spread, mean + spread
    return Curve(label, shared, _known(mean)), Band(_known(low), _known(high), len(curves))


def _at(places: Array, x: Array, y: Array) -> Array:
    """The values of a curve at some of its places; the first where a place occurs twice."""
    own, first = np.unique(x, return_index=True)
    found: Array = y[first][np.searchsorted(own, places)]
    return found


def _known(values: Array) -> tuple[float | None, ...]:
    return tuple(float(value) if np.isfinite(value) else None for value in values)


def comparison_bars(comparison: Comparison, names: Sequence[str]) -> BarsPlot | None:
    """The main figure of up to `MOST_BARS` groups that have it; None for fewer than two."""
    main = comparison.main
    if main is None:
        return None
    among = [place for place, one in enumerate(comparison.groups) if main.name in one.figures]
    if len(among) < 2:
        return None
    places, _ = picked(comparison, among, MOST_BARS)
    known = [comparison.groups[place] for place in places]
    means = tuple(group.figures[main.name].mean for group in known)
    spreads = tuple(group.figures[main.name].std for group in known)
    singles: tuple[tuple[float, ...], ...] = ()
    if main.name == MAIN_FIGURE and any(spreads):
        singles = tuple(group.accuracies if len(group.runs) > 1 else () for group in known)
    same_images = on_same_images(group.tested for group in known)
    of = "" if main.name in OF_EPOCHS else f"{comparison.checkpoint} checkpoint"
    notes = (
        drawn_words(comparison, among, f"have no {main.name}", MOST_BARS),
        *images_words(same_images),
        *cut_words(comparison, main),
    )
    return BarsPlot(
        "comparison",
        f"{main.name}, {of}" if of else main.name,
        tuple(names[place] for place in places),
        ((main.name, means, spreads),),
        f"{main.name}, different images" if same_images is False else main.name,
        "comparison",
        singles,
        " ".join(filter(None, notes)),
        members=tuple(group.figures[main.name].n for group in known),
        of=of,
        most=1.0 if main.unit == "share" else math.inf,
    )


def class_bars(
    comparison: Comparison, names: Sequence[str], figure: ClassFigure = "f1"
) -> BarsPlot | None:
    """A figure of each class beside each other for the groups that have the same classes.

    They are the classes of the first group that was tested. None where none was.
    """
    tested = {
        place: group.class_names
        for place, group in enumerate(comparison.groups)
        if group.class_names
    }
    if not tested:
        return None
    classes = next(iter(tested.values()))
    among = [place for place, own in tested.items() if own == classes]
    places, _ = picked(comparison, among)
    shown = [comparison.groups[place] for place in places]
    series = tuple(
        (
            names[place],
            tuple(one.mean for one in group.classes[figure]),
            tuple(one.std for one in group.classes[figure]),
        )
        for place, group in zip(places, shown, strict=True)
    )
    notes = (
        drawn_words(comparison, among, "have other classes, or none"),
        *images_words(on_same_images(group.tested for group in shown)),
    )
    colours = numbers(comparison)
    of = f"test images, {comparison.checkpoint} checkpoint"
    return BarsPlot(
        "classes",
        f"{CLASS_TITLES[figure]} of classes, {of}",
        classes,
        series,
        CLASS_TITLES[figure],
        note=" ".join(filter(None, notes)),
        groups=tuple(colours[place] for place in places),
        runs=tuple(group.classes[figure][0].n for group in shown),
        things="class",
        of=of,
    )
