"""Curves of training on paper: a panel for each quantity, and one legend for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from cnnlab.analysis.curves import Array, Curve
from cnnlab.export.plot_data import Band, CurvesPlot
from cnnlab.export.plotting.style import (
    COLOURS,
    INK,
    ONE_COLUMN,
    SPREAD,
    TWO_COLUMNS,
    blank,
    colour,
    label,
    legend_above,
    marker,
    mean_of,
)
from cnnlab.export.plotting.thinning import LARGEST, alone, bins, drawable, thinned, thinned_band

_PANEL_HEIGHT, _WIDE_HEIGHT = 2.1, 2.5
"""Inches of a panel in one column, where they stand below each other, and in two."""
_PLACES = {"seconds": "Training time (s)"}
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)))
_NOISY = 4
"""A curve with so many times the points of another one is drawn finely, below it."""
_BAND = 0.18
"""The strength of a band's colour."""
_ROUNDING = 1e-9
"""How far numbers on an axis may lie beside the round ones that they are."""
_FAR_BELOW = 3
"""A logarithmic axis goes down to the least mean, divided by that, for the band around it."""
_MARKS = 8
"""Markers on a line with more points than that."""


@dataclass(frozen=True)
class _Look:
    colour: str
    dashes: Any
    marker: str
    fine: bool


def figure_of_curves(plots: Sequence[CurvesPlot], *, wide: bool, log: bool) -> Figure:
    """Panels beside each other on two columns, below each other on one.

    Args:
        log: whether axes of losses and learning rates are logarithmic.
    """
    across = len(plots) if wide else 1
    down = 1 if wide else len(plots)
    height = _WIDE_HEIGHT if wide else _PANEL_HEIGHT * down
    figure = blank(TWO_COLUMNS if wide else ONE_COLUMN, height)
    panels = figure.subplots(down, across, squeeze=False).flatten().tolist()
    looks = _looks(plots)
    for panel, plot in zip(panels, plots, strict=True):
        _draw_panel(panel, plot, looks, log=log and plot.quantity != "accuracy")
    for panel, below in pairwise(panels):
        if not wide and panel.get_xlabel() == below.get_xlabel():
            panel.set_xlabel("")
    # A rate has no validation beside it: its axis says all.
    if len(looks) > 1 or any(plot.quantity != "lr" for plot in plots):
        _draw_legend(figure, plots, looks)
    return figure


def _draw_legend(
    figure: Figure, plots: Sequence[CurvesPlot], looks: dict[tuple[int, str], _Look]
) -> None:
    """What each curve is, of how many runs, and what a band is."""
    runs = {
        (group, curve.label): band.runs
        for plot in plots
        if plot.bands
        for curve, group, band in zip(plot.curves, plot.groups, plot.bands, strict=True)
        if band is not None
    }
    handles: list[Line2D | Patch] = [_sample(look) for look in looks.values()]
    labels = [mean_of(key[1], runs.get(key, 1)) for key in looks]
    if runs:
        handles.append(Patch(facecolor=INK, alpha=_BAND, linewidth=0))
        labels.append(SPREAD)
    legend_above(figure, handles, labels)


def _looks(plots: Sequence[CurvesPlot]) -> dict[tuple[int, str], _Look]:
    """How each curve is drawn, by its group and label, in all panels alike.

    Groups have the colour and the marker of their number, the curves in one dashes; those of a
    single group have colours of their own.
    """
    lengths: dict[tuple[int, str], int] = {}
    for plot in plots:
        for curve, group in zip(plot.curves, plot.groups, strict=True):
            key = group, curve.label
            lengths[key] = max(lengths.get(key, 0), len(curve.x))
    several = len({group for group, _ in lengths}) > 1
    looks = {}
    shortest = min(lengths.values(), default=0)
    for key, length in lengths.items():
        group = key[0]
        within = [other for other in lengths if other[0] == group].index(key)
        place = group if several else group + within
        fine = length > max(_NOISY * shortest, 100)
        dashes = _DASHES[0 if fine else (within + group // len(COLOURS)) % len(_DASHES)]
        signed = not fine and len(lengths) > 1
        looks[key] = _Look(colour(place), dashes, marker(place) if signed else "", fine)
    return looks


def _sample(look: _Look) -> Line2D:
    return Line2D(
        [], [], color=look.colour, linestyle=look.dashes, marker=look.marker,
        linewidth=_width(look), alpha=_strength(look),
    )  # fmt: skip


def _width(look: _Look) -> float:
    return 0.6 if look.fine else 1.1


def _strength(look: _Look) -> float:
    return 0.55 if look.fine else 1.0


def _draw_panel(
    axes: Axes, plot: CurvesPlot, looks: dict[tuple[int, str], _Look], *, log: bool
) -> None:
    most = bins(len(plot.curves))
    if log:
        axes.set_yscale("log")
    bands = plot.bands or (None,) * len(plot.curves)
    for curve, group, band in zip(plot.curves, plot.groups, bands, strict=True):
        look = looks[group, curve.label]
        if band is not None:
            _draw_band(axes, curve, band, look, most, log=log)
        _draw_curve(axes, curve, look, most, log=log, over=-group)
    axes.set_xlabel(_PLACES.get(plot.x_label, label(plot.x_label)))
    axes.set_ylabel(label(plot.title))
    _number_axes(axes, plot, log=log)


def _draw_curve(axes: Axes, curve: Curve, look: _Look, most: int, *, log: bool, over: int) -> None:
    x, y = thinned(*curve.points(), most, log=log)
    axes.plot(
        x,
        y,
        color=look.colour,
        linestyle=look.dashes,
        linewidth=_width(look),
        alpha=_strength(look),
        marker=look.marker,
        markevery=None if len(x) <= 2 * _MARKS else max(len(x) // _MARKS, 1),
        # Fine curves lie below; of groups the first one lies on top.
        zorder=(2.0 if look.fine else 3.0) + over / 1000,
        solid_capstyle="round",
    )
    lonely = alone(x, y)
    if lonely.any():
        axes.plot(
            x[lonely], y[lonely], linestyle="", marker=look.marker or ".", markersize=2.5,
            color=look.colour,
        )  # fmt: skip


def _draw_band(axes: Axes, curve: Curve, band: Band, look: _Look, most: int, *, log: bool) -> None:
    low, high = (np.asarray(edge, dtype=np.float64) for edge in (band.low, band.high))
    x, _ = curve.points()
    x, low, high = thinned_band(x, low, high, most)
    shown = drawable(x, high, log=log) & np.isfinite(low)
    if log:
        # An edge at or below 0 lies below any logarithmic axis, which is not to reach for it.
        low = np.where(low > 0, low, np.finfo(np.float64).tiny)
    axes.fill_between(
        x, low, high, where=list(shown), color=look.colour, alpha=_BAND, linewidth=0, zorder=1.5
    )


def _number_axes(axes: Axes, plot: CurvesPlot, *, log: bool) -> None:
    low, high = axes.dataLim.intervalx
    # The steps of a single epoch lie between 0 and 1; those of two begin a little after 0.
    whole = plot.x_label in ("epoch", "step") and (high - np.floor(low) >= 2 or _is_whole(plot))
    if whole and low == high:
        # A single epoch has whole numbers on its sides, not hundredths.
        axes.set_xlim(low - 1, high + 1)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=whole, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    if log:
        _number_log_axis(axes, plot)
        return
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-3, 5), useOffset=False)
    values, edges = _values(plot), _edges(plot)
    if plot.quantity == "accuracy" and len(values):
        drawn = np.concatenate([values, edges])
        low, high = float(drawn.min()), float(drawn.max())
        margin = max(0.05 * (high - low), 0.004)
        # A share is never above 1 nor below 0, but a deviation may end there.
        axes.set_ylim(
            low - margin if low < 0 else max(low - margin, -margin),
            high + margin if high > 1 else min(high + margin, 1 + margin / 4),
        )
        # Numbers beyond the limits would move these.
        low, high = axes.get_ylim()
        least, most = max(low, -_ROUNDING), min(high, 1 + _ROUNDING)
        axes.set_yticks([tick for tick in axes.get_yticks() if least <= tick <= most])


def _is_whole(plot: CurvesPlot) -> bool:
    places = [curve.points()[0] for curve in plot.curves]
    return all(np.array_equal(x, np.floor(x)) for x in places)


def _number_log_axis(axes: Axes, plot: CurvesPlot) -> None:
    """Powers of ten; also twice and five times those where there are few of them."""
    values, edges = _drawn_on_log(_values(plot)), _edges(plot)
    least = float(values.min()) / _FAR_BELOW if len(values) else 0.0
    if (edges < least).any():
        # A band that goes down further is cut at the axis: it may go to 0, which has no place.
        high = float(np.concatenate([values, _drawn_on_log(edges)]).max())
        axes.set_ylim(least, high * (high / least) ** 0.05)
    low, high = axes.get_ylim()
    few = high < 100 * low
    axes.yaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _drawn_on_log(values: Array) -> Array:
    return values[(values > 0) & (values < LARGEST)]


def _values(plot: CurvesPlot) -> Array:
    """All points of the curves."""
    return _finite([curve.points()[1] for curve in plot.curves])


def _edges(plot: CurvesPlot) -> Array:
    """All ends of the bands."""
    edges = [edge for band in plot.bands if band is not None for edge in (band.low, band.high)]
    return _finite([np.array(edge, dtype=np.float64) for edge in edges])


def _finite(each: Sequence[Array]) -> Array:
    values = np.concatenate(each) if each else np.empty(0)
    return values[np.isfinite(values)]
