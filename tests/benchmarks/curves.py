"""Milliseconds for a plot of two curves of 100 columns and 30 rows, as a live screen draws it.

Run it with ``python tests/benchmarks/curves.py``: it prints the median of several drawings for
lists and for arrays, linear and logarithmic, zoomed in to a tenth, and the time of smoothing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from cnnlab.analysis.curves import Curve, smoothed
from cnnlab.export.curves import Mark, draw_curves

ROUNDS = 15
POINTS = (1_000, 10_000, 100_000)


def milliseconds(work: Callable[[], object]) -> float:
    """Median wall time of a call."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e3


def noisy_losses(points: int) -> list[Curve]:
    """Two falling losses with the noise of small batches."""
    rng = np.random.default_rng(points)
    x = np.arange(1.0, points + 1)
    falling = 2 / (1 + 9 * x / points)
    return [
        Curve("training", x, falling + rng.random(points) * 0.3),
        Curve("validation", x, falling + rng.random(points) * 0.1),
    ]


def draw(curves: list[Curve], *, log: bool = False, view: tuple[float, float] | None = None) -> str:
    """The plot of a live screen: in colour, with a mark and a cursor."""
    middle = sum(view) / 2 if view else float(np.median(curves[0].points()[0]))
    return draw_curves(
        curves, title="loss", x_label="step", width=100, height=30, colour=True, log=log,
        view=view, marks=[Mark(middle, "p")], cursor=middle,
    )  # fmt: skip


def main() -> None:
    """Prints one row a number of points."""
    names = ("lists", "arrays", "log", "zoomed", "smoothing")
    print(f"{'points':>8}" + "".join(f"{name:>12}" for name in names))
    for points in POINTS:
        arrays = noisy_losses(points)
        lists = [
            Curve(one.label, one.points()[0].tolist(), one.points()[1].tolist()) for one in arrays
        ]
        view = (points * 0.45, points * 0.55)
        times = (
            milliseconds(lambda lists=lists: draw(lists)),
            milliseconds(lambda arrays=arrays: draw(arrays)),
            milliseconds(lambda arrays=arrays: draw(arrays, log=True)),
            milliseconds(lambda arrays=arrays, view=view: draw(arrays, view=view)),
            milliseconds(lambda arrays=arrays: [smoothed(one.y, 0.9) for one in arrays]),
        )
        print(f"{points:>8,}" + "".join(f"{one:>9.1f} ms" for one in times))


if __name__ == "__main__":
    main()
