"""Fewer points for the same line: files of 100,000 steps would be too large to send."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnlab.analysis.curves import Array

LARGEST = 1e100
"""Values from here on count as infinite: they would overflow on the way to the paper."""
_MOST_POINTS, _FEWEST_BINS, _MOST_BINS = 12_000, 100, 800
"""Points of a figure, which keep it below 500 kB, and stretches of the x axis for one line."""


def bins(lines: int) -> int:
    """Into how many stretches each of so many lines of a figure may be divided."""
    return min(max(_MOST_POINTS // (2 * max(lines, 1)), _FEWEST_BINS), _MOST_BINS)


def drawable(x: Array, y: Array, *, log: bool) -> NDArray[np.bool_]:
    """Which points have a place on the axes."""
    least = 0.0 if log else -LARGEST
    known = (np.abs(x) < LARGEST) & (y > least) & (y < LARGEST)
    return np.array(known, dtype=np.bool_)


def thinned(x: Array, y: Array, most: int, *, log: bool = False) -> tuple[Array, Array]:
    """The lowest and the highest point in each stretch of the x axis: no peak is lost.

    Args:
        x, y: of one length; a point that is not finite, or not positive on a logarithmic axis, is
            a gap, and a new line begins where x goes back.
        most: stretches of the axis.

    Returns:
        Both coordinates, at most four values for each stretch, with NaN between two lines.
    """
    known = drawable(x, y, log=log)
    part = np.cumsum(~known, dtype=np.int64)[known]
    x, y = x[known], y[known]
    part[1:] += np.cumsum(x[1:] < x[:-1])
    if len(x) > 2 * most:
        kept = _extremes(x, y, most)
        x, y, part = x[kept], y[kept], part[kept]
    breaks = np.flatnonzero(np.diff(part)) + 1
    return np.insert(x, breaks, np.nan), np.insert(y, breaks, np.nan)


def _extremes(x: Array, y: Array, most: int) -> NDArray[np.int64]:
    starts = _stretches(x, most)
    ends = [*starts[1:].tolist(), len(x)]
    kept = {0, len(x) - 1}
    for start, end in zip(starts.tolist(), ends, strict=True):
        kept.add(start + int(np.argmin(y[start:end])))
        kept.add(start + int(np.argmax(y[start:end])))
    return np.array(sorted(kept), dtype=np.int64)


def _stretches(x: Array, most: int) -> NDArray[np.int64]:
    """Where each stretch begins; more than so many only where x goes back."""
    low, high = float(x.min()), float(x.max())
    places = np.floor((x - low) / ((high - low) or 1.0) * most)
    return np.flatnonzero(np.concatenate([[True], places[1:] != places[:-1]]))


def thinned_band(x: Array, low: Array, high: Array, most: int) -> tuple[Array, Array, Array]:
    """A band of at most so many points; each holds what lay around it.

    Returns:
        The places and both edges; NaN where there is no band.
    """
    if len(x) <= most:
        return x, low, high
    starts = _stretches(x, most)
    return x[starts], np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)


def alone(x: Array, y: Array) -> NDArray[np.bool_]:
    """Points without a neighbour to be joined to, which no line shows."""
    known = np.array(np.isfinite(x) & np.isfinite(y), dtype=np.bool_)
    before = np.concatenate([[False], known[:-1]])
    behind = np.concatenate([known[1:], [False]])
    return np.array(known & ~before & ~behind, dtype=np.bool_)
