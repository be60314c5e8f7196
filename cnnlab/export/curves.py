"""Curves drawn with characters; the one module that knows plotext.

plotext 6 is handled with care: a private figure for each plot, because its own is one for the
whole process; no value that is not finite, because one aborts the process; no more points than
columns can show, because its time grows with their number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import plotext

_COLOURS = ("cyan+", "orange+", "green+", "magenta+")
_MARKERS = ("braille", "dot", "x", "+")
_SIGNS = ("⣿", "•", "x", "+")
_TICK_COLUMNS = 12
"""Columns of a plot for each number below it."""
_TICK_ROWS = 3
"""Rows of a plot for each number beside it."""
_SMALLEST_ROUND, _LARGEST_ROUND = 1e-4, 1e7
"""Axes of a smaller span or larger values get no round numbers: they would be too long."""
_LARGEST = 1e100
"""Values from here on count as infinite: plotext's own sums overflow."""
_SMALLEST = (20, 6)


@dataclass(frozen=True)
class Curve:
    """A line of a plot; a point that is None, not finite or absurdly large leaves a gap."""

    label: str
    x: Sequence[float]
    y: Sequence[float | None]


def draw_curves(
    curves: Sequence[Curve], *, title: str, x_label: str, width: int, height: int, colour: bool
) -> str:
    """Draws curves into a block of characters.

    Args:
        width, height: of the block, in characters, the legend included.
        colour: whether lines are told apart by colour, all in braille, the finest marker;
            else each has a marker of its own.

    Returns:
        Lines without a final newline, with ANSI colours if `colour`; empty if there is nothing
        to draw.
    """
    width, height = max(width, _SMALLEST[0]), max(height, _SMALLEST[1])
    drawn = [(curve, list(_stretches(curve))) for curve in curves]
    if not any(stretches for _, stretches in drawn):
        return ""
    plotext.terminal.limit(False, False)
    figure = type(plotext.figure)(parent=plotext.terminal)
    figure.plot_size(width, height - 1)
    figure.theme("colorless")
    figure.canvas("default")
    for index, (_, stretches) in enumerate(drawn):
        for xs, ys in stretches:
            _draw(figure, *_thinned(xs, ys, width), index, colour)
    parts = [part for _, stretches in drawn for part in stretches]
    _rule(figure.ruler("x"), [x for xs, _ in parts for x in xs], width // _TICK_COLUMNS)
    _rule(figure.ruler("y"), [y for _, ys in parts for y in ys], height // _TICK_ROWS)
    figure.label(x_label, "x")
    plot = figure.build().string()
    if not colour:
        plot = _without_colour(plot)
    # Rows that are left blank at the bottom still count.
    block = plot.rstrip("\n")
    return f"{_legend(title, drawn, width, colour)}\n{block}"


def _draw(
    figure: plotext.figure, xs: list[float], ys: list[float], index: int, colour: bool
) -> None:
    kind = 0 if colour else index % len(_MARKERS)
    # A line's own marker is a dot too small to be seen alone.
    marker = (_MARKERS if len(xs) > 1 else _SIGNS)[kind]
    pixel = _COLOURS[index % len(_COLOURS)]
    shape = plotext.marker(marker, pixel=pixel) if colour else plotext.marker(marker)
    signal = figure.signal(xs, ys, marker=shape)
    figure.draw(signal.lines() if len(xs) > 1 else signal)


def _stretches(curve: Curve) -> Iterator[tuple[list[float], list[float]]]:
    """The parts of a curve between its gaps."""
    xs: list[float] = []
    ys: list[float] = []
    for x, y in zip(curve.x, curve.y, strict=True):
        if y is not None and abs(x) < _LARGEST and abs(y) < _LARGEST:
            xs.append(float(x))
            ys.append(float(y))
        elif xs:
            yield xs, ys
            xs, ys = [], []
    if xs:
        yield xs, ys


def _rule(ruler: Any, values: Sequence[float], most: int) -> None:
    """Sets the limits of an axis, and round numbers on it.

    Limits are always set: with numbers on one axis and no limits, plotext 6.1 puts the numbers
    of the other one in wrong places.
    """
    low, high = min(values), max(values)
    if low == high:
        margin = abs(low) / 2 or 0.5
        low, high = low - margin, high + margin
    ruler.lim(low, high)
    if max(abs(low), abs(high)) < _LARGEST_ROUND and high - low > _SMALLEST_ROUND:
        whole = all(value.is_integer() for value in values)
        ticks, labels = _round_numbers(low, high, max(most, 2), whole=whole)
        ruler.ticks(ticks, labels)


def _round_numbers(
    low: float, high: float, most: int, *, whole: bool
) -> tuple[list[float], list[str]]:
    """About `most` round numbers between two limits, and how they are written."""
    rough = (high - low) / most
    digits = -math.floor(math.log10(rough))
    unit = 10.0**-digits
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    if whole:
        step, digits = max(round(step), 1), 0
    numbers = range(math.ceil(low / step), math.floor(high / step) + 1)
    ticks = [number * step for number in numbers]
    # Epochs and steps begin with 1, which is worth a number.
    if whole and low.is_integer() and (not ticks or ticks[0] - low > step / 2):
        ticks.insert(0, low)
    return ticks, [f"{tick:.{max(digits, 0)}f}" for tick in ticks]


def _thinned(xs: list[float], ys: list[float], width: int) -> tuple[list[float], list[float]]:
    """The minimum and the maximum of each half column: no peak is lost."""
    buckets = 2 * width
    if len(xs) <= 2 * buckets:
        return xs, ys
    chosen: list[int] = []
    for bucket in range(buckets):
        start, end = bucket * len(xs) // buckets, (bucket + 1) * len(xs) // buckets
        span = range(start, end)
        chosen += sorted({min(span, key=ys.__getitem__), max(span, key=ys.__getitem__)})
    return [xs[i] for i in chosen], [ys[i] for i in chosen]


def _legend(
    title: str,
    drawn: Sequence[tuple[Curve, list[tuple[list[float], list[float]]]]],
    width: int,
    colour: bool,
) -> str:
    """The line above the plot: its title, and each curve's sign and name, as far as they fit."""
    from rich.text import Text

    line = Text(title)
    signs = []
    for index, (curve, stretches) in enumerate(drawn):
        if stretches:
            line.append("   ")
            signs.append((len(line), (96, 93, 92, 95)[index % len(_COLOURS)]))
            line.append(f"{_SIGNS[0 if colour else index % len(_SIGNS)]} {curve.label}")
    line.truncate(width, overflow="ellipsis")
    legend = line.plain
    if colour:
        for place, code in reversed(signs):
            if place < len(legend):
                sign = f"\x1b[{code}m{legend[place]}\x1b[0m"
                legend = f"{legend[:place]}{sign}{legend[place + 1 :]}"
    return legend


def _without_colour(text: str) -> str:
    from rich.text import Text

    return Text.from_ansi(text).plain
