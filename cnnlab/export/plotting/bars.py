"""Figures of classes and of groups on paper: rows of bars or dots, with names at their left.

Bars begin at 0, since their lengths are compared. Where all figures of classes lie so high that
the bars would look alike, dots show them on an axis that is cut; so do dots with the deviations of
groups. A deviation is drawn whole, also beyond what a value can be: the axis then goes on without
numbers. Rows leave room for names of any length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from cnnlab.analysis.curves import Array
from cnnlab.export.plot_data import BarsPlot
from cnnlab.export.plotting.style import (
    INK,
    MUTED,
    ONE_COLUMN,
    POINTS,
    SMALL,
    SPREAD,
    TALLEST,
    TINY,
    TWO_COLUMNS,
    blank,
    colour,
    fitting,
    label,
    label_of,
    legend_above,
    marker,
    mean_of,
    plain,
    text_width,
)

_HATCHES = ("", "////", "\\\\\\\\", "xxxx", "----", "||||", "++++", "oooo")
"""One more than colours, so that bars of one colour differ."""
_HIGH = 0.8
"""Where all values lie above, bars from 0 to 1 would look alike."""
_BAR, _BETWEEN = 0.085, 0.09
"""Inches of a bar, and between groups of bars."""
_ROW, _FOR_SERIES, _FOR_SINGLES = 0.16, 0.055, 0.05
"""Inches of a row of dots, for each further series in it, and for single runs."""
_FRAME = 0.55
"""Inches for the axis below."""
_WIDEST_NAME = 0.46
"""Part of the width that names may take at the left; longer ones stand above their rows."""
_NAME = 0.14
"""Inches of a name above its row."""
_MEAN = f"mean {SPREAD}"
_MOST_BARS = 60
"""Names up to which bars are thick enough to be seen."""
_ROUNDING = 1e-9
"""How far numbers on an axis may lie beside the round ones that they are."""


@dataclass(frozen=True)
class _Rows:
    """Where rows and their names stand: `above` the rows where they are long, else at the left.

    Attributes:
        height: of a row, in inches.
        every: the first name and each so many behind it are shown.
    """

    height: float
    size: float
    every: int
    above: bool

    @property
    def room(self) -> float:
        """The part of a row that its name leaves to bars and dots, around the row's middle."""
        return 1 - _NAME / self.height if self.above else 1.0


def figure_of_bars(plot: BarsPlot, *, wide: bool) -> Figure:
    """A row for each name, the first one at the top."""
    dots = plot.kind == "comparison" or _all_high(plot) or len(plot.names) > _MOST_BARS
    width = TWO_COLUMNS if wide else ONE_COLUMN
    names = _names(plot)
    rows = _rows(plot, names, width, dots=dots)
    figure = blank(width, max(rows.height * len(names), 0.5) + _FRAME)
    axes = figure.add_subplot()
    handles = (_draw_dots if dots else _draw_bars)(axes, plot, rows.room)
    _name_rows(figure, axes, names, rows)
    axes.set_xlabel(label_of(figure, plot.y_label, plot.of))
    axes.set_ylabel(label(plot.things))
    axes.xaxis.set_major_locator(MaxNLocator(6 if not wide else 10, steps=[1, 2, 2.5, 5, 10]))
    axes.ticklabel_format(axis="x", useOffset=False)
    # Beyond what there can be, an axis has no numbers.
    low, high = axes.get_xlim()
    least, most = max(low, -_ROUNDING), min(high, plot.most + _ROUNDING)
    axes.set_xticks([tick for tick in axes.get_xticks() if least <= tick <= most])
    _draw_legend(figure, plot, handles)
    return figure


def _names(plot: BarsPlot) -> list[str]:
    """What rows are called: of the mean of several runs, of how many."""
    members = plot.members or (1,) * len(plot.names)
    return [mean_of(name, count) for name, count in zip(plot.names, members, strict=True)]


def _are_single(plot: BarsPlot) -> list[bool]:
    """Which rows are a single run each, where others are means of several."""
    several = any(count > 1 for count in plot.members)
    return [several and count == 1 for count in plot.members or (1,) * len(plot.names)]


def _draw_legend(figure: Figure, plot: BarsPlot, handles: Sequence[Line2D | Patch]) -> None:
    """Whose each series is, of how many runs, and what else is drawn."""
    runs = plot.runs or (1,) * len(plot.series)
    labels = [mean_of(name, count) for (name, _, _), count in zip(plot.series, runs, strict=True)]
    samples = list(handles)
    spread = any(value is not None for _, _, spreads in plot.series for value in spreads)
    if plot.kind == "comparison" and len(labels) == 1:
        # Its name is that of the axis.
        told = _MEAN if spread else "mean" if any(_are_single(plot)) else ""
        samples, labels = (samples, [told]) if told else ([], [])
    elif spread:
        samples.append(_spread_sample())
        labels.append(SPREAD)
    if any(plot.singles) or any(_are_single(plot)):
        samples.append(_single_sample())
        labels.append("single runs")
    if labels:
        legend_above(figure, samples, labels)


def _all_high(plot: BarsPlot) -> bool:
    values = [value for _, series, _ in plot.series for value in series if value is not None]
    return bool(values) and min(values) >= _HIGH and max(values) <= 1


def _rows(plot: BarsPlot, names: Sequence[str], width: float, *, dots: bool) -> _Rows:
    if dots:
        row = _ROW + _FOR_SERIES * (len(plot.series) - 1) + _FOR_SINGLES * any(plot.singles)
    else:
        row = _BETWEEN + max(_BAR * len(plot.series), 0.13)
    count = max(len(names), 1)
    probe = blank(width, width)
    longest = max((text_width(probe, plain(name), SMALL) for name in names), default=0.0)
    if longest > _WIDEST_NAME * width and (row + _NAME) * count + _FRAME <= TALLEST:
        return _Rows(row + _NAME, SMALL, 1, above=True)
    row = min(row, (TALLEST - _FRAME) / count)
    size = min(SMALL, max(row * POINTS * 0.9, TINY))
    return _Rows(row, size, max(math.ceil(size * 1.05 / (row * POINTS) - 1e-9), 1), above=False)


def _draw_bars(axes: Axes, plot: BarsPlot, room: float) -> list[Patch]:
    handles = []
    thickness = 0.8 * room / len(plot.series)
    for number, (_, values, spreads) in enumerate(plot.series):
        group = plot.groups[number] if plot.groups else number
        look: dict[str, Any] = {
            "facecolor": colour(group),
            "hatch": _HATCHES[group % len(_HATCHES)],
            "edgecolor": "white",
        }
        at = np.arange(len(plot.names), dtype=np.float64) - 0.4 * room + (number + 0.5) * thickness
        axes.barh(at, _floats(values), thickness, **look)
        _draw_spreads(axes, at, _floats(values), _floats(spreads), INK)
        handles.append(Patch(**look))
    axes.set_xlim(left=min(axes.get_xlim()[0], 0.0))
    axes.margins(x=0.02)
    axes.grid(visible=False, axis="y")
    return handles


def _draw_dots(axes: Axes, plot: BarsPlot, room: float) -> list[Line2D]:
    handles = []
    rows, single = np.arange(len(plot.names), dtype=np.float64), np.array(_are_single(plot))
    for row, runs in enumerate(plot.singles):
        axes.plot(runs, [row + 0.22 * room] * len(runs), **_single_look())
    for number, (_, values, spreads) in enumerate(plot.series):
        # Series keep apart, so that equal values do not hide each other.
        shift = (number - (len(plot.series) - 1) / 2) * 0.5 * room / max(len(plot.series), 2)
        at = rows + (shift if len(plot.series) > 1 else -0.08 * room * any(plot.singles))
        group = plot.groups[number] if plot.groups else number
        ink = colour(group)
        look: dict[str, Any] = {
            "color": ink,
            "marker": marker(group),
            "linestyle": "",
            "markersize": 3.6,
        }
        points = _floats(values)
        _draw_spreads(axes, at, points, _floats(spreads), ink)
        axes.plot(np.where(single, np.nan, points), at, zorder=3, **look)
        axes.plot(points[single], rows[single], zorder=3, **_single_look())
        handles.append(Line2D([], [], **look))
    axes.margins(x=0.06)
    axes.grid(visible=True, axis="y")
    return handles


def _single_look() -> dict[str, Any]:
    return {
        "linestyle": "", "marker": "o", "markersize": 2.8, "markerfacecolor": "none",
        "markeredgecolor": MUTED, "markeredgewidth": 0.6,
    }  # fmt: skip


def _single_sample() -> Line2D:
    return Line2D([], [], **_single_look())


def _spread_sample() -> Line2D:
    return Line2D([], [], color=INK, linewidth=0.8, marker="|", markersize=5)


def _draw_spreads(axes: Axes, at: Array, values: Array, spreads: Array, ink: str) -> None:
    known = np.isfinite(values) & np.isfinite(spreads)
    if known.any():
        axes.errorbar(
            values[known], at[known], xerr=spreads[known], fmt="none", ecolor=ink, elinewidth=0.8,
            capsize=1.8, capthick=0.8, zorder=2.5,
        )  # fmt: skip


def _floats(values: Sequence[float | None]) -> Array:
    return np.array(values, dtype=np.float64)


def _name_rows(figure: Figure, axes: Axes, names: Sequence[str], rows: _Rows) -> None:
    """Names at the left of the rows or, where they are long, above them."""
    width = float(figure.get_figwidth())
    axes.tick_params(axis="y", length=0)
    if rows.above:
        # A row and the name above it share the room of a row, whose middle is the row's place.
        for at, name in enumerate(names):
            text = fitting(figure, name, rows.size, width - 0.3)
            place: dict[str, Any] = {"ha": "left", "va": "bottom", "fontsize": rows.size}
            axes.text(0.0, at - rows.room / 2, text, transform=axes.get_yaxis_transform(), **place)
        axes.set_yticks(range(len(names)), [""] * len(names))
        axes.set_ylim(len(names) - 1 + rows.room / 2 + 0.1, rows.room / 2 - 1)
        return
    shown = range(0, len(names), rows.every)
    texts = [fitting(figure, names[at], rows.size, _WIDEST_NAME * width) for at in shown]
    axes.set_yticks(list(shown), texts, fontsize=rows.size)
    axes.set_ylim(len(names) - 0.4, -0.6)
