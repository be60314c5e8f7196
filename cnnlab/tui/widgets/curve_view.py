"""Which part of the x axis a plot shows, and where its cursor may stand: sums without widgets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from cnnlab.analysis.curves import Array, Curve

View = tuple[float, float]

_LEAST_POINTS = 2
"""So many places must lie in a view for it to be zoomed in further."""


class Places:
    """The places on the x axis where curves have values.

    Args:
        curves: of one plot.
    """

    def __init__(self, curves: Sequence[Curve]) -> None:
        self._curves = curves

    @cached_property
    def all(self) -> Array:
        """Every place once, in order."""
        known = []
        for curve in self._curves:
            x, y = curve.points()
            known.append(x[np.isfinite(x) & np.isfinite(y)])
        return np.unique(np.concatenate(known)) if known else np.array([])

    @cached_property
    def extent(self) -> View | None:
        """The first and the last place; None if there is no other than one."""
        ends = []
        for curve in self._curves:
            x, y = curve.points()
            known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
            ends += [float(x[at]) for at in known[[0, -1]]] if len(known) else []
        return (min(ends), max(ends)) if ends and min(ends) < max(ends) else None

    def nearest(self, x: float) -> float | None:
        """The place nearest to any other."""
        if not len(self.all):
            return None
        return float(self.all[np.argmin(np.abs(self.all - x))])

    def moved(self, cursor: float, by: float) -> float:
        """The place that lies so far from the cursor, or the next one behind that.

        At the ends it stays there.
        """
        at = (
            np.searchsorted(self.all, max(cursor + by, np.nextafter(cursor, np.inf)))
            if by > 0
            else np.searchsorted(self.all, min(cursor + by, np.nextafter(cursor, -np.inf)), "right")
            - 1
        )
        return float(self.all[min(max(int(at), 0), len(self.all) - 1)])

    def zoomed(self, view: View | None, factor: float, about: float | None) -> View | None:
        """A view with another width about a place; None where all would be seen.

        Args:
            factor: of the width; one too narrow for curves leaves the view as it was.
            about: keeps its column; the middle if it is None or out of sight.
        """
        if self.extent is None:
            return None
        low, high = view or self.extent
        if about is None or not low <= about <= high:
            about = (low + high) / 2
        wanted = (about - (about - low) * factor, about + (high - about) * factor)
        inside = (self.all >= wanted[0]) & (self.all <= wanted[1])
        if factor < 1 and np.count_nonzero(inside) < _LEAST_POINTS:
            return view
        return self.within(wanted)

    def within(self, view: View) -> View | None:
        """A view moved between the ends of the curves; None where it is as wide as they are."""
        if self.extent is None:
            return None
        (low, high), (first, last) = view, self.extent
        if high - low >= last - first:
            return None
        shift = max(first - low, 0) - max(high - last, 0)
        return low + shift, high + shift

    def showing(self, view: View | None, x: float) -> View | None:
        """A view moved as little as needed for a place to be seen."""
        if view is None:
            return None
        shift = min(x - view[0], 0) + max(x - view[1], 0)
        return self.within((view[0] + shift, view[1] + shift))
