"""A confusion matrix on paper.

Colours show the share of a row, so that classes of any size compare, by its square root: confusions
of a few in a hundred can be seen beside a diagonal near 1. The scale runs from white to dark in one
hue: it reads in grey, with any colour vision, and needs little ink.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from cnnlab.analysis.curves import Array
from cnnlab.export.plot_data import MatrixPlot
from cnnlab.export.plotting.style import (
    INK,
    LINE_SPACING,
    ONE_COLUMN,
    POINTS,
    SMALL,
    TALLEST,
    TEXT,
    TINY,
    TWO_COLUMNS,
    blank,
    fitting,
    label_of,
    text_width,
)

_MAP = "Blues"
_DARK = 0.5
"""Shares from here on have white text."""
_MOST_NUMBERS, _MOST_SHARES = 25, 12
"""Classes up to which cells may have numbers, and percentages below them."""
_MOST_VECTORS = 40
"""Classes up to which cells are drawn one by one; more are one picture in the file."""
_WIDEST_NAME = 0.25
"""Part of the width that names may take at the left, and of the same length below."""
_LABEL, _ABOVE = 0.26, 0.08
"""Inches for the label of an axis, and above the cells."""
_BAR_GAP, _BAR_WIDTH, _RIGHT = 0.07, 0.09, 0.74
"""Inches between the cells and the colour bar, of its width, and of all that is at the right."""
_TICKS = (0.0, 0.01, 0.05, 0.2, 0.5, 1.0)


@dataclass(frozen=True)
class _Layout:
    """Places in inches; `names` are as they fit, at one size for both axes.

    Attributes:
        every: the first class and each so many behind it have a name.
        upright: whether the names below stand upright.
    """

    side: float
    left: float
    bottom: float
    size: float
    every: int
    names: tuple[str, ...]
    upright: bool


def figure_of_matrix(plot: MatrixPlot, *, wide: bool) -> Figure:
    """Rows of true classes, columns of what their images were taken for."""
    width = TWO_COLUMNS if wide else ONE_COLUMN
    images = np.array(plot.images, dtype=np.float64).reshape(len(plot.classes), -1)
    totals = images.sum(axis=1, keepdims=True)
    shares = np.divide(images, totals, out=np.zeros_like(images), where=totals > 0)
    layout = _layout(plot, width)
    height = layout.bottom + layout.side + _ABOVE
    figure = blank(width, height, placed=True)
    axes = figure.add_axes(
        (
            layout.left / width,
            layout.bottom / height,
            layout.side / width,
            layout.side / height,
        )
    )
    bar = figure.add_axes(
        (
            (layout.left + layout.side + _BAR_GAP) / width,
            layout.bottom / height,
            _BAR_WIDTH / width,
            layout.side / height,
        )
    )
    _draw_cells(axes, bar, shares)
    _name_axes(axes, layout, len(plot.classes))
    cell = layout.side / len(plot.classes)
    told = _has_room(plot) and _write_numbers(figure, axes, images, shares, cell)
    of = _of_numbers(plot) if told else plot.of
    axes.set_xlabel(label_of(figure, "predicted class", of), labelpad=2)
    return figure


def _has_room(plot: MatrixPlot) -> bool:
    """Whether cells may have numbers."""
    return len(plot.classes) <= _MOST_NUMBERS


def _of_numbers(plot: MatrixPlot) -> str:
    """What the numbers in the cells are, which stand beside a scale of percentages."""
    return f"numbers: {plot.of or 'images'}"


def _layout(plot: MatrixPlot, width: float) -> _Layout:
    """The largest square that names, labels and the colour bar leave room for."""
    classes, probe = plot.classes, blank(width, width)
    of = _of_numbers(plot) if _has_room(plot) else plot.of
    lines = label_of(probe, "predicted class", of).count("\n") + 1
    label = _LABEL + (lines - 1) * TEXT / POINTS * LINE_SPACING
    size = SMALL
    # The size of the names depends on the cells, which depend on the width of the names.
    for _ in range(3):
        names = tuple(fitting(probe, name, size, _WIDEST_NAME * width) for name in classes)
        widths = [text_width(probe, name, size) for name in names]
        left = max(widths) + _LABEL
        upright_bottom = max(widths) + label
        flat_bottom = size / POINTS * LINE_SPACING + label
        side = min(width - left - _RIGHT, TALLEST - upright_bottom - _ABOVE)
        cell = side / len(classes)
        upright = max(widths) + 0.04 > cell
        size = min(SMALL, max(cell * POINTS * 0.9, TINY))
    every = max(math.ceil(size / (cell * POINTS) - 1e-9), 1)
    bottom = upright_bottom if upright else flat_bottom
    return _Layout(side, left, bottom, size, every, names, upright)


def _draw_cells(axes: Axes, beside: Axes, shares: Array) -> None:
    count = len(shares)
    colours, norm = matplotlib.colormaps[_MAP], PowerNorm(0.5, 0.0, 1.0)
    if count <= _MOST_VECTORS:
        edges = np.arange(count + 1) - 0.5
        axes.pcolormesh(
            edges, edges, shares, edgecolor="white", linewidth=0.3, cmap=colours, norm=norm
        )
    else:
        axes.imshow(shares, interpolation="nearest", cmap=colours, norm=norm, aspect="auto")
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_ylim(count - 0.5, -0.5)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(True)
    bar = Colorbar(beside, ScalarMappable(norm, colours), ticks=list(_TICKS))
    bar.set_ticklabels([f"{tick:.0%}" for tick in _TICKS])
    bar.minorticks_off()
    bar.set_label("Share of the true class")
    bar.outline.set_linewidth(0.4)
    if bar.solids is not None:
        # Else viewers of PDF files show white lines between its steps.
        bar.solids.set_edgecolor("face")


def _name_axes(axes: Axes, layout: _Layout, classes: int) -> None:
    shown = list(range(0, classes, layout.every))
    names = [layout.names[at] for at in shown]
    turned = 90 if layout.upright else 0
    axes.set_xticks(shown, names, fontsize=layout.size, rotation=turned)
    axes.set_yticks(shown, names, fontsize=layout.size)
    axes.tick_params(length=0 if layout.every == 1 else 2, pad=2)
    axes.set_ylabel("True class", labelpad=2)


def _write_numbers(figure: Figure, axes: Axes, images: Array, shares: Array, cell: float) -> bool:
    """Images, and below them the percentage of their row; tells whether there was room for them.

    Cells without images stay empty: what is confused is seen at once.
    """
    counts = [[f"{value:,.0f}" for value in row] for row in images.tolist()]
    widest = max((text for row in counts for text in row), key=len)
    size = _fitting_size(figure, widest, cell, lines=1)
    if size is None:
        return False
    both = len(images) <= _MOST_SHARES and _fitting_size(figure, "99.9%", cell, lines=2)
    for row, column in np.argwhere(images > 0).tolist():
        share = float(shares[row, column])
        text = counts[row][column]
        if both:
            size = min(size, both)
            text += f"\n{share:.1%}" if share < 0.9995 else "\n100%"
        axes.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=size,
            linespacing=LINE_SPACING - 0.1,
            color="white" if share >= _DARK else INK,
        )
    return True


def _fitting_size(figure: Figure, text: str, cell: float, *, lines: int) -> float | None:
    """The size at which a text fits into a cell; None where it would be too small to be read."""
    wide = 0.86 * cell / text_width(figure, text, SMALL) * SMALL
    high = 0.86 * cell * POINTS / (lines * LINE_SPACING)
    size = min(SMALL, wide, high)
    return size if size >= TINY else None
