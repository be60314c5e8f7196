"""A plot as the bytes of a file: PNG, SVG or PDF.

The same plot gives the same bytes, with the same version of matplotlib and the same fonts: no date
is written, and no name in the file is drawn by chance.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.figure import Figure

import cnnlab
from cnnlab.export.format import one_line
from cnnlab.export.plot_data import BarsPlot, CurvesPlot, MatrixPlot, Plot
from cnnlab.export.plotting.bars import figure_of_bars
from cnnlab.export.plotting.curve_panels import figure_of_curves
from cnnlab.export.plotting.matrix import figure_of_matrix
from cnnlab.export.plotting.style import missing_glyphs, paper_style

ImageFormat = Literal["png", "svg", "pdf"]

_MOST_NAMED = 20
"""Characters without a glyph that are named to a user."""


@dataclass(frozen=True)
class Image:
    """A file with a plot; `told` is what a user should know of it, a line each."""

    data: bytes
    told: list[str]


def draw(
    plots: Sequence[Plot], kind: ImageFormat, *, wide: bool = False, log: bool = False
) -> Image:
    """Draws a plot, or several of curves as panels of one figure.

    Args:
        wide: whether it is as wide as two columns, else as one.
        log: whether losses and learning rates have a logarithmic axis.
    """
    with paper_style(for_browsers=kind == "svg"):
        figure = _figure(plots, wide=wide, log=log)
        told = [] if kind == "svg" else _boxes(plots)
        stream = io.BytesIO()
        figure.savefig(stream, format=kind, metadata=_metadata(kind, plots))
    return Image(stream.getvalue(), told)


def _figure(plots: Sequence[Plot], *, wide: bool, log: bool) -> Figure:
    first = plots[0]
    if isinstance(first, BarsPlot):
        return figure_of_bars(first, wide=wide)
    if isinstance(first, MatrixPlot):
        return figure_of_matrix(first, wide=wide)
    curves = [plot for plot in plots if isinstance(plot, CurvesPlot)]
    return figure_of_curves(curves, wide=wide, log=log)


def _metadata(kind: ImageFormat, plots: Sequence[Plot]) -> dict[str, Any]:
    title = "; ".join(dict.fromkeys(one_line(plot.title) for plot in plots))
    maker = f"cnnlab {cnnlab.__version__}"
    if kind == "png":
        return {"Title": title, "Software": maker}
    if kind == "svg":
        return {"Title": title, "Creator": maker, "Date": None}
    return {"Title": title, "Creator": maker, "CreationDate": None}


def _boxes(plots: Sequence[Plot]) -> list[str]:
    """What to tell of characters that no font has."""
    missing = missing_glyphs(text for plot in plots for text in _texts(plot))
    if not missing:
        return []
    named = " ".join(missing[:_MOST_NAMED]) + (" …" if len(missing) > _MOST_NAMED else "")
    return [
        f"No font on this machine has {named}: boxes stand in their places. "
        "SVG keeps them; or install a font such as Noto Sans CJK."
    ]


def _texts(plot: Plot) -> Iterator[str]:
    if isinstance(plot, CurvesPlot):
        yield from (curve.label for curve in plot.curves)
        yield plot.x_label
    elif isinstance(plot, BarsPlot):
        yield from plot.names
        yield from (label for label, _, _ in plot.series)
        yield plot.y_label
    else:
        yield from plot.classes
