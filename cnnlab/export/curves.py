"""Curves drawn with characters; the one module that knows plotext.

plotext 6 is handled with care: a private figure for each plot, because its own is one for the
whole process; no value that is not finite, because one aborts the process, and no logarithmic
scale, because a value of 0 does the same there: logarithms are taken here; no more points than
columns can show, because its time grows with their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotext
from numpy.typing import NDArray

from cnnlab.analysis.curves import Array, Curve
from cnnlab.export.axes import Axis, limits, linear_axis, log_axis
from cnnlab.export.legends import SIGNS, Ink, entries, inks, legend

__all__ = ["Curve", "Drawing", "Mark", "draw_curves"]

_MARK_LINE, _CURSOR_LINE = "┊", "┃"
_TICK_COLUMNS = 12
"""Columns of a plot for each number below it."""
_TICK_ROWS = 3
"""Rows of a plot for each number beside it."""
_LARGEST = 1e100
"""Values from here on count as infinite: plotext's own sums overflow."""
SMALLEST = (20, 6)
"""Columns and rows that a plot needs at least."""
_AROUND = 3
"""Rows of a plot that are not inside its frame: its two sides, and the numbers below."""
_FRAME_LEFT, _FRAME_SCALE = 0.5016585662, 1.0031747182
"""Where plotext draws the ends of an axis: in the middles of the outer columns, a trifle inside.
Source: plotext 6.1, `rescale_element`."""


@dataclass(frozen=True)
class Mark:
    """A place that is worth a vertical line; `sign` is one character, a column wide."""

    x: float
    sign: str

    def __post_init__(self) -> None:
        from rich.cells import cell_len

        if len(self.sign) != 1 or not self.sign.isprintable() or cell_len(self.sign) != 1:
            raise ValueError(f"{self.sign!r} is not one character of one column")


@dataclass(frozen=True)
class Drawing:
    """A block of characters, and where the x axis lies in it.

    `text` has no newline at its end, and is empty where there was nothing to draw; the frame's
    first column inside is number `left` of the block.
    """

    text: str
    left: int = 0
    columns: int = 1
    low: float = 0.0
    high: float = 0.0

    def x_at(self, column: int) -> float:
        """The place on the x axis that a column of the block shows; the ends beyond the frame."""
        inside = column - self.left + 0.5 - _FRAME_LEFT
        fraction = inside / max(self.columns - _FRAME_SCALE, 1.0)
        return self.low + (self.high - self.low) * min(max(fraction, 0.0), 1.0)


@dataclass(frozen=True)
class _Line:
    """The visible points of a curve; a new number in `part` begins behind each gap."""

    x: Array
    y: Array
    part: NDArray[np.int64]

    def __getitem__(self, chosen: Any) -> _Line:
        return _Line(self.x[chosen], self.y[chosen], self.part[chosen])


@dataclass(frozen=True)
class _Frame:
    """The two axes, and the columns between the frame's sides."""

    x: Axis
    y: Axis
    columns: int

    def places(self, xs: Array) -> Array:
        """Where plotext draws places on the x axis, in columns from the left side of the frame."""
        fraction = (xs - self.x.low) / (self.x.high - self.x.low)
        return _FRAME_LEFT + (self.columns - _FRAME_SCALE) * fraction


def draw_curves(
    curves: Sequence[Curve],
    *,
    title: str,
    x_label: str,
    width: int,
    height: int,
    colour: bool,
    palette: Sequence[str] = (),
    groups: Sequence[int] = (),
    legend_rows: int = 1,
    log: bool = False,
    view: tuple[float, float] | None = None,
    marks: Sequence[Mark] = (),
    cursor: float | None = None,
) -> Drawing:
    """Draws curves into a block of characters.

    A point that is None, not finite or absurdly large leaves a gap. Of the points in a column the
    lowest and the highest are always drawn.

    Args:
        width, height: of the block, in characters, the legend included.
        colour: whether lines are told apart by colour, all in braille, the finest marker, as far
            as there are colours; else, and for further ones, by markers.
        palette: colours as hexadecimal texts; else six of the terminal's own.
        groups: a number for each curve, from 0, that of its colour; of those with the same one
            only the first is drawn in braille; the least number lies on top. One without a label
            shares that of the first. Else each curve has a colour of its own.
        legend_rows: how many rows the legend may take.
        log: whether the y axis is logarithmic; values that are not positive leave gaps.
        view: the part of the x axis to show, from and to; y limits fit what is visible.
        marks: vertical lines with their signs in the frame above; only those on the x axis.
        cursor: place of one more, thicker vertical line; see `cnnlab.analysis.curves.nearest`.

    Returns:
        The block, with ANSI colours if `colour`.

    Raises:
        ValueError: the view does not go from one finite number to a larger one.
    """
    if view is not None and not -_LARGEST < view[0] < view[1] < _LARGEST:
        raise ValueError(f"nothing can be seen from {view[0]} to {view[1]}")
    width, height = max(width, SMALLEST[0]), max(height, SMALLEST[1])
    lines = [_visible(_line(curve, log=log), view) for curve in curves]
    if not any(len(line.x) for line in lines):
        return Drawing("")
    curve_inks = inks(len(curves), groups, palette, colour=colour)
    shown = entries(
        [curve.label for curve in curves],
        [ink if len(line.x) else None for line, ink in zip(lines, curve_inks, strict=True)],
        groups,
    )
    above = legend(title, shown, width, legend_rows)
    height -= len(above)
    rows = height - _AROUND - bool(x_label)
    frame = _frame(lines, view, width, height, rows=rows, log=log)
    figure = _figure(frame, width, height, x_label)
    drawn_marks = [mark for mark in marks if frame.x.low <= mark.x <= frame.x.high]
    for mark in drawn_marks:
        _draw_vertical(figure, frame, mark.x, _MARK_LINE)
    if cursor is not None and frame.x.low <= cursor <= frame.x.high:
        _draw_vertical(figure, frame, cursor, _CURSOR_LINE)
    # The last one lies on top: single points, of groups the first, of those in a group the last.
    for index in sorted(
        range(len(lines)),
        key=lambda at: (len(lines[at].x) == 1, -groups[at] if groups else 0),
    ):
        _draw_line(figure, _thinned(lines[index], frame), curve_inks[index])
    plot = figure.build().string()
    if not colour:
        plot = _without_colour(plot)
    # Rows that are left blank at the bottom still count.
    block, left = _with_signs(plot.rstrip("\n"), drawn_marks, frame)
    text = "\n".join([*above, block])
    return Drawing(text, left, frame.columns, frame.x.low, frame.x.high)


# Points


def _line(curve: Curve, *, log: bool) -> _Line:
    """The points of a curve that can be drawn; of a logarithmic axis, with their logarithms."""
    x, y = curve.points()
    known = (np.abs(x) < _LARGEST) & (np.abs(y) < _LARGEST)
    if log:
        known &= y > 0
    gaps = np.cumsum(~known, dtype=np.int64)
    x, y, part = x[known], y[known], gaps[known]
    # Where x goes back, a new part begins: thinning and cutting need it in order.
    part[1:] += np.cumsum(x[1:] < x[:-1])
    return _Line(x, np.log10(y) if log else y, part)


def _visible(line: _Line, view: tuple[float, float] | None) -> _Line:
    """The part of a line in the view, to its very edges."""
    if view is None:
        return line
    for edge in view:
        line = _with_point_at(line, edge)
    return line[(line.x >= view[0]) & (line.x <= view[1])]


def _with_point_at(line: _Line, place: float) -> _Line:
    """The line with a point wherever it crosses a place between two of its points."""
    x, y, part = line.x, line.y, line.part
    before = np.flatnonzero((x[:-1] < place) & (x[1:] > place) & (part[:-1] == part[1:]))
    if not len(before):
        return line
    behind = before + 1
    fraction = (place - x[before]) / (x[behind] - x[before])
    y_there = y[before] * (1 - fraction) + y[behind] * fraction
    return _Line(
        np.insert(x, behind, place),
        np.insert(y, behind, y_there),
        np.insert(part, behind, part[before]),
    )


def _thinned(line: _Line, frame: _Frame) -> _Line:
    """The minimum and the maximum of each half column, of which braille has two: no peak is lost.

    Whatever the number of points and gaps, at most four points a column are left.
    """
    if len(line.x) <= 4 * frame.columns:
        return line
    halves = np.floor(2 * frame.places(line.x))
    starts = np.flatnonzero(np.concatenate([[True], halves[1:] != halves[:-1]]))
    lengths = np.diff(starts, append=len(halves))
    groups = np.repeat(np.arange(len(starts)), lengths)
    chosen = []
    for extreme in (np.minimum, np.maximum):
        at = np.flatnonzero(line.y == np.repeat(extreme.reduceat(line.y, starts), lengths))
        chosen.append(at[np.unique(groups[at], return_index=True)[1]])
    kept = np.unique(np.concatenate(chosen))
    return _untangled(line[kept], groups[kept])


def _untangled(line: _Line, groups: NDArray[np.int64]) -> _Line:
    """The line with the extremes of a half column in the order that joins it to the one before.

    Which of them came first cannot be seen, but each joint across the height of a noisy curve
    would have as many dots as the column itself.
    """
    y = line.y.tolist()
    pairs = np.flatnonzero((groups[:-1] == groups[1:]) & (line.part[:-1] == line.part[1:]))
    for at in pairs[pairs > 0].tolist():
        if abs(y[at + 1] - y[at - 1]) < abs(y[at] - y[at - 1]):
            y[at], y[at + 1] = y[at + 1], y[at]
    return _Line(line.x, np.array(y), line.part)


# The figure


def _frame(
    lines: Sequence[_Line],
    view: tuple[float, float] | None,
    width: int,
    height: int,
    *,
    rows: int,
    log: bool,
) -> _Frame:
    xs = np.concatenate([line.x for line in lines])
    ys = np.concatenate([line.y for line in lines])
    # The ends of a view, and points put there, need not be whole where the others are.
    inner = xs if view is None else xs[(xs > view[0]) & (xs < view[1])]
    x_axis = linear_axis(
        *(view or limits(float(xs.min()), float(xs.max()))),
        width // _TICK_COLUMNS,
        whole=_whole(inner),
    )
    y_limits, most = limits(float(ys.min()), float(ys.max())), (height + 1) // _TICK_ROWS
    y_axis = log_axis(*y_limits, most) if log else linear_axis(*y_limits, most, whole=_whole(ys))
    y_axis = _one_a_row(y_axis, rows)
    widest = max((len(label) for label in y_axis.labels), default=0)
    return _Frame(x_axis, y_axis, max(width - 2 - widest, 1))


def _one_a_row(axis: Axis, rows: int) -> Axis:
    """The axis with one number in a row, the largest: plotext would write them over each other."""
    by_row = {}
    for tick, label in zip(axis.ticks, axis.labels, strict=True):
        fraction = (tick - axis.low) / (axis.high - axis.low)
        by_row[int(_FRAME_LEFT + max(rows - _FRAME_SCALE, 0) * fraction)] = (tick, label)
    ticks, labels = zip(*by_row.values(), strict=True)
    return Axis(axis.low, axis.high, ticks, labels)


def _whole(values: Array) -> bool:
    return bool(np.all(values == np.floor(values)))


def _figure(frame: _Frame, width: int, height: int, x_label: str) -> plotext.figure:
    """An empty figure; both axes have limits and numbers, else plotext 6.1 misplaces some."""
    plotext.terminal.limit(False, False)
    figure = type(plotext.figure)(parent=plotext.terminal)
    figure.plot_size(width, height)
    figure.theme("colorless")
    figure.canvas("default")
    for name, axis in (("x", frame.x), ("y", frame.y)):
        ruler = figure.ruler(name)
        ruler.lim(axis.low, axis.high)
        ruler.ticks(list(axis.ticks), list(axis.labels))
    figure.label(x_label, "x")
    return figure


def _draw_line(figure: plotext.figure, line: _Line, ink: Ink) -> None:
    for xs, ys in _stretches(line):
        # A dot of braille is too small to be seen alone.
        marker = "braille" if ink.sign == SIGNS[0] and len(xs) > 1 else ink.sign
        signal = figure.signal(xs, ys, marker=plotext.marker(marker, pixel=ink.pixel))
        figure.draw(signal.lines() if len(xs) > 1 else signal)


def _stretches(line: _Line) -> list[tuple[list[float], list[float]]]:
    """The parts of a line between its gaps."""
    if not len(line.x):
        return []
    ends = [*(np.flatnonzero(np.diff(line.part)) + 1).tolist(), len(line.x)]
    xs, ys = line.x.tolist(), line.y.tolist()
    return [
        (xs[start:end], ys[start:end]) for start, end in zip([0, *ends[:-1]], ends, strict=True)
    ]


def _draw_vertical(figure: plotext.figure, frame: _Frame, x: float, sign: str) -> None:
    """A line from bottom to top, which the curves are then drawn over."""
    ends = [frame.y.low, frame.y.high]
    figure.draw(figure.signal([x, x], ends, marker=plotext.marker(sign)).lines())


def _with_signs(block: str, marks: Sequence[Mark], frame: _Frame) -> tuple[str, int]:
    """The block with the signs of marks in the upper side of its frame, where no curve is.

    Of marks in one column the later ones move to the right. Also returns the frame's left column.
    """
    top, line_end, rest = block.partition("\n")
    left = top.index("┌") + 1
    # Escapes before the frame take no columns.
    blank = len(_without_colour(top[:left]))
    signs = list(top)
    free = left
    columns = frame.places(np.array([mark.x for mark in marks], dtype=np.float64))
    for mark, column in sorted(zip(marks, columns, strict=True), key=lambda pair: pair[1]):
        at = max(left + int(column), free)
        if at < left + frame.columns:
            signs[at] = mark.sign
            free = at + 1
    return f"{''.join(signs)}{line_end}{rest}", blank


def _without_colour(text: str) -> str:
    from rich.text import Text

    return Text.from_ansi(text).plain
