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

__all__ = ["Curve", "Mark", "draw_curves"]

_COLOURS = ("cyan+", "orange+", "green+", "magenta+", "red+", "blue+")
_CODES = (96, 93, 92, 95, 91, 94)
"""The same colours in the legend's escapes."""
_SIGNS = ("⣿", "•", "x", "+", "o", "*", "#", "%", "@", "=", "&", "$")
"""Of points, and of lines but for the first: that is drawn in braille, the finest marker."""
_MARK_LINE, _CURSOR_LINE = "┊", "┃"
_TICK_COLUMNS = 12
"""Columns of a plot for each number below it."""
_TICK_ROWS = 3
"""Rows of a plot for each number beside it."""
_LARGEST = 1e100
"""Values from here on count as infinite: plotext's own sums overflow."""
_SMALLEST = (20, 6)


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
        """Where plotext draws places on the x axis, in columns from the left side of the frame.

        The ends of the axis lie in the middles of the outer columns, a trifle inside.
        Source: plotext 6.1, `rescale_element`.
        """
        fraction = (xs - self.x.low) / (self.x.high - self.x.low)
        return 0.5016585662 + (self.columns - 1.0031747182) * fraction


def draw_curves(
    curves: Sequence[Curve],
    *,
    title: str,
    x_label: str,
    width: int,
    height: int,
    colour: bool,
    log: bool = False,
    view: tuple[float, float] | None = None,
    marks: Sequence[Mark] = (),
    cursor: float | None = None,
) -> str:
    """Draws curves into a block of characters.

    A point that is None, not finite or absurdly large leaves a gap. Of the points in a column the
    lowest and the highest are always drawn.

    Args:
        width, height: of the block, in characters, the legend included.
        colour: whether lines are told apart by colour, all in braille, the finest marker, up to
            six of them; else, and for further ones, by markers.
        log: whether the y axis is logarithmic; values that are not positive leave gaps.
        view: the part of the x axis to show, from and to; y limits fit what is visible.
        marks: vertical lines with their signs in the frame above; only those on the x axis.
        cursor: place of one more, thicker vertical line; see `cnnlab.analysis.curves.nearest`.

    Returns:
        Lines without a final newline, with ANSI colours if `colour`; empty if there is nothing
        to draw.

    Raises:
        ValueError: the view does not go from one finite number to a larger one.
    """
    if view is not None and not -_LARGEST < view[0] < view[1] < _LARGEST:
        raise ValueError(f"nothing can be seen from {view[0]} to {view[1]}")
    width, height = max(width, _SMALLEST[0]), max(height, _SMALLEST[1])
    lines = [_visible(_line(curve, log=log), view) for curve in curves]
    if not any(len(line.x) for line in lines):
        return ""
    frame = _frame(lines, view, width, height, log=log)
    figure = _figure(frame, width, height - 1, x_label)
    drawn_marks = [mark for mark in marks if frame.x.low <= mark.x <= frame.x.high]
    for mark in drawn_marks:
        _draw_vertical(figure, frame, mark.x, _MARK_LINE)
    if cursor is not None and frame.x.low <= cursor <= frame.x.high:
        _draw_vertical(figure, frame, cursor, _CURSOR_LINE)
    for index, line in enumerate(lines):
        _draw_line(figure, _thinned(line, frame), index, colour=colour)
    plot = figure.build().string()
    if not colour:
        plot = _without_colour(plot)
    # Rows that are left blank at the bottom still count.
    block = _with_signs(plot.rstrip("\n"), drawn_marks, frame)
    named = [(index, curves[index].label) for index, line in enumerate(lines) if len(line.x)]
    return f"{_legend(title, named, width, colour)}\n{block}"


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
    y_limits, rows = limits(float(ys.min()), float(ys.max())), height // _TICK_ROWS
    y_axis = log_axis(*y_limits, rows) if log else linear_axis(*y_limits, rows, whole=_whole(ys))
    widest = max((len(label) for label in y_axis.labels), default=0)
    return _Frame(x_axis, y_axis, max(width - 2 - widest, 1))


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


def _draw_line(figure: plotext.figure, line: _Line, index: int, *, colour: bool) -> None:
    for xs, ys in _stretches(line):
        # A dot of braille is too small to be seen alone.
        sign = _SIGNS[_kind(index, colour)]
        marker = "braille" if sign == _SIGNS[0] and len(xs) > 1 else sign
        pixel = _COLOURS[index % len(_COLOURS)] if colour else None
        signal = figure.signal(xs, ys, marker=plotext.marker(marker, pixel=pixel))
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


def _kind(index: int, colour: bool) -> int:
    """Which of the signs a curve has: in colour a new one only when the colours are used up."""
    return (index // len(_COLOURS) if colour else index) % len(_SIGNS)


def _draw_vertical(figure: plotext.figure, frame: _Frame, x: float, sign: str) -> None:
    """A line from bottom to top, which the curves are then drawn over."""
    ends = [frame.y.low, frame.y.high]
    figure.draw(figure.signal([x, x], ends, marker=plotext.marker(sign)).lines())


def _with_signs(block: str, marks: Sequence[Mark], frame: _Frame) -> str:
    """The block with the signs of marks in the upper side of its frame, where no curve is."""
    top, line_end, rest = block.partition("\n")
    left = top.index("┌") + 1
    columns = frame.places(np.array([mark.x for mark in marks], dtype=np.float64))
    for mark, column in zip(marks, columns, strict=True):
        at = left + int(column)
        top = f"{top[:at]}{mark.sign}{top[at + 1 :]}"
    return f"{top}{line_end}{rest}"


# The legend


def _legend(title: str, named: Sequence[tuple[int, str]], width: int, colour: bool) -> str:
    """The line above the plot: its title, and each curve's sign and name, as far as they fit."""
    from rich.text import Text

    line = Text(_printable(title))
    signs = []
    for index, label in named:
        line.append("   ")
        signs.append((len(line), _CODES[index % len(_CODES)]))
        line.append(f"{_SIGNS[_kind(index, colour)]} {_printable(label)}")
    line.truncate(width, overflow="ellipsis")
    legend = line.plain
    if colour:
        for place, code in reversed(signs):
            if place < len(legend):
                sign = f"\x1b[{code}m{legend[place]}\x1b[0m"
                legend = f"{legend[:place]}{sign}{legend[place + 1 :]}"
    return legend


def _printable(text: str) -> str:
    """Names of runs are text from outside: nothing in them may reach the terminal as a command."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _without_colour(text: str) -> str:
    from rich.text import Text

    return Text.from_ansi(text).plain
