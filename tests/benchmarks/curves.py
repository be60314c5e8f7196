"""Milliseconds for a plot of two curves of 100 columns and 30 rows, as a live screen draws it.

Run it with ``python tests/benchmarks/curves.py``: it prints the median of several drawings for
lists and for arrays, linear and logarithmic, zoomed in to a tenth, and the time of smoothing;
then that of the widget, from new curves to rows of the terminal, whole, zoomed and with a cursor.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cnnlab.analysis.curves import Curve, smoothed
from cnnlab.export.curves import Mark, draw_curves
from cnnlab.home import Home
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.session import Session
from cnnlab.tui.widgets.curve_plot import CurvePlot

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
    ).text  # fmt: skip


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
    asyncio.run(print_widget())


async def print_widget() -> None:
    """Prints one row a number of points: what a redraw costs the app's event loop."""
    print(f"{'widget':>8}" + "".join(f"{name:>12}" for name in ("whole", "zoomed", "cursor")))
    with tempfile.TemporaryDirectory() as folder:
        app = CnnlabApp(Session.begin(Home(Path(folder))))
        async with app.run_test(size=(100, 30)) as pilot:
            plot = CurvePlot()
            plot.styles.layer, plot.styles.width, plot.styles.height = "top", 100, 30
            await app.screen.mount(plot)
            await pilot.pause()
            for points in POINTS:
                curves = noisy_losses(points)
                times = []
                for view, cursor in (
                    (None, None), ((points * 0.45, points * 0.55), None), (None, points / 2)
                ):  # fmt: skip
                    plot.view, plot.cursor = view, cursor
                    times.append(milliseconds(lambda curves=curves: redraw(plot, curves)))
                print(f"{points:>8,}" + "".join(f"{one:>9.1f} ms" for one in times))


def redraw(plot: CurvePlot, curves: list[Curve]) -> None:
    """All that happens in the event loop when a run has grown."""
    plot.show([Curve(one.label, one.x, smoothed(one.y, 0.9)) for one in curves], title="loss")
    plot.draw_now()


if __name__ == "__main__":
    main()
