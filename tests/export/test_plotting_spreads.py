"""Deviations on paper: drawn whole, while the numbers of an axis stay those that values can be."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from export.test_plotting import picture, seeds, svg, texts
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from cnnlab.analysis.curves import Curve
from cnnlab.analysis.quantities import Quantity
from cnnlab.export.plot_data import Band, BarsPlot, CurvesPlot, PlotKind
from cnnlab.export.plotting.bars import figure_of_bars
from cnnlab.export.plotting.curve_panels import figure_of_curves
from cnnlab.export.plotting.style import paper_style


def axes_of_bars(plot: BarsPlot) -> Axes:
    with paper_style():
        return figure_of_bars(plot, wide=False).axes[0]


def axes_of_curve(
    mean: tuple[float, ...], spread: float, *, quantity: Quantity = "accuracy", log: bool = False
) -> Axes:
    """One group's mean over epochs, with a band of one deviation."""
    band = Band(tuple(at - spread for at in mean), tuple(at + spread for at in mean), 3)
    curve = Curve("a", tuple(range(1, len(mean) + 1)), mean)
    plot = CurvesPlot(quantity, quantity, quantity, "epoch", (curve,), (0,), (band,))
    with paper_style():
        return figure_of_curves([plot], wide=False, log=log).axes[0]


@pytest.mark.parametrize(
    ("kind", "means", "spread"),
    [("classes", (0.5, 0.95), 0.2), ("classes", (1.0, 0.97), 0.01), ("comparison", (0.5, 1), 0.7)],
)
def test_a_deviation_is_drawn_whole_and_numbers_stay_between_0_and_1(
    kind: PlotKind, means: tuple[float, ...], spread: float
) -> None:
    axes = axes_of_bars(replace(seeds(*means, spread=spread), kind=kind))
    (ends, *_) = (one for one in axes.collections if isinstance(one, LineCollection))
    drawn = np.concatenate(ends.get_segments())[:, 0]
    assert (drawn.min(), drawn.max()) == pytest.approx((min(means) - spread, max(means) + spread))
    low, high = axes.get_xlim()
    assert low < drawn.min() or low == 0 < drawn.min()
    assert high > drawn.max()
    ticks = axes.get_xticks().tolist()
    assert ticks[0] >= 0
    assert ticks[-1] == pytest.approx(1)


def test_a_band_is_drawn_whole_and_numbers_stay_between_0_and_1() -> None:
    axes = axes_of_curve((0.1, 0.9), 0.3)
    low, high = axes.get_ylim()
    assert low < -0.2
    assert high > 1.2
    (band,) = (path.vertices[:, 1] for path in axes.collections[0].get_paths())
    assert (band.min(), band.max()) == pytest.approx((-0.2, 1.2))
    ticks = axes.get_yticks().tolist()
    assert (ticks[0], ticks[-1]) == pytest.approx((0, 1))


def test_the_axis_of_shares_without_such_a_band_ends_at_1() -> None:
    assert axes_of_curve((0.2, 1.0), 0.0).get_ylim()[1] < 1.02
    low, high = axes_of_curve((0.713, 0.937), 0.0).get_ylim()
    assert 0.70 < low < 0.713
    assert 0.937 < high < 0.95


def test_a_band_that_goes_below_0_is_cut_at_a_logarithmic_axis() -> None:
    axes = axes_of_curve((1.0, 0.3), 0.5, quantity="loss", log=True)
    low, high = axes.get_ylim()
    assert low == pytest.approx(0.1)
    assert 1.5 < high < 3
    (band,) = (path.vertices[:, 1] for path in axes.collections[0].get_paths())
    assert 0 < band.min() < low
    assert axes_of_curve((1.0, 0.3), 0.1, quantity="loss", log=True).get_ylim()[0] > 0.15


def groups(*spreads: float | None, members: tuple[int, ...]) -> BarsPlot:
    names = tuple("abc"[: len(spreads)])
    values = (("test accuracy", (0.9, 0.8, 0.7)[: len(spreads)], spreads),)
    return BarsPlot(
        "comparison", "comparison", names, values, "test accuracy", "comparison", members=members
    )


def legend_of(plot: BarsPlot) -> dict[str, Any]:
    with paper_style():
        figure = figure_of_bars(plot, wide=False)
    return {
        text.get_text(): handle.get_markerfacecolor()
        for legend in figure.legends
        for text, handle in zip(legend.get_texts(), legend.legend_handles, strict=True)
        if isinstance(handle, Line2D)
    }


def drawn_at(axes: Axes, row: int) -> set[Any]:
    """The insides of the markers in a row."""
    return {
        line.get_markerfacecolor()
        for line in axes.lines
        if line.get_marker() in "os"
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
        if y == row and math.isfinite(x)
    }


def test_a_single_run_is_drawn_as_such_and_a_group_says_how_many_it_is_the_mean_of() -> None:
    plot = groups(0.01, None, members=(3, 1))
    samples = legend_of(plot)
    assert list(samples) == ["mean ± standard deviation", "single runs"]
    axes = axes_of_bars(plot)
    assert drawn_at(axes, 0) == {samples["mean ± standard deviation"]}
    assert drawn_at(axes, 1) == {samples["single runs"]} == {"none"}
    assert {"a, mean of 3", "b"} <= set(texts(svg(plot)))


def test_means_without_a_deviation_are_told_apart_from_single_runs_too() -> None:
    assert list(legend_of(groups(None, None, members=(2, 1)))) == ["mean", "single runs"]


def test_single_runs_alone_need_no_legend() -> None:
    assert legend_of(groups(None, None, None, members=(1, 1, 1))) == {}


def test_a_deviation_beyond_1_leaves_room_at_the_edges() -> None:
    for kind in ("classes", "comparison"):
        plot = replace(seeds(0.1, 0.9, spread=0.46), kind=kind)
        for wide in (False, True):
            dots = np.asarray(picture(plot, wide=wide))
            assert (dots[:, [0, -1]] > 250).all()
