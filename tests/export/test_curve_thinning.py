"""Curves of many points: thinned, with every extreme and every gap still seen."""

from __future__ import annotations

import numpy as np
import pytest
from cost import cpu_seconds
from export.drawn_curves import BRAILLE, NAN, canvas, curve, draw, inked_columns, inked_rows, steps

from cnnlab.export.curves import Curve


@pytest.mark.parametrize("place", [0, 1, 33_333, 54_321, 99_998, 99_999])
@pytest.mark.parametrize("spike", [9.0, -9.0])
def test_of_100000_points_the_one_that_sticks_out_is_seen(place: int, spike: float) -> None:
    values = [0.5] * 100_000
    values[place] = spike
    plot = draw(Curve("training", steps(len(values)), values))
    row = canvas(plot)[0 if spike > 0 else -1]
    columns = [at for at, sign in enumerate(row) if sign in BRAILLE]
    assert columns
    expected = place / len(values) * (len(row) - 1)
    assert abs(columns[0] - expected) <= 1.5


def test_thinning_keeps_the_level_of_the_others() -> None:
    values = [0.0, 1.0] * 50_000
    plot = draw(Curve("training", steps(len(values)), values))
    assert inked_rows(plot) == list(range(len(canvas(plot))))
    assert len(inked_columns(plot)) == len(canvas(plot)[0])


def column_of(fraction: np.ndarray, columns: int) -> np.ndarray:
    """Canvas columns (or rows) of places along an axis whose ends lie in the outer middles."""
    return 0.5 + (columns - 1) * fraction


@pytest.mark.parametrize("spacing", [1.0, 4.0], ids=["even", "uneven"])
@pytest.mark.parametrize("width", [47, 60, 100])
def test_every_column_shows_its_exact_minimum_and_maximum(width: int, spacing: float) -> None:
    count = 100_000
    rng = np.random.default_rng(width)
    x = np.linspace(0, 1, count) ** spacing
    y = rng.normal(0, 0.02, count) + np.sin(x * 9) + 0.9 * (rng.random(count) < 0.002)
    plot = draw(Curve("training", x, y), width=width, height=60)
    rows = canvas(plot)
    across = column_of(x, len(rows[0]))
    down = column_of((y.max() - y) / (y.max() - y.min()), len(rows))
    checked = 0
    for column in range(len(rows[0])):
        # A point on the very border of two cells may be drawn in either.
        inside = np.flatnonzero((across > column + 0.01) & (across < column + 0.99))
        for extreme in (down[inside].min(), down[inside].max()):
            if 0.01 < extreme % 1 < 0.99:
                checked += 1
                assert rows[int(extreme)][column] in BRAILLE
    assert checked > 1.8 * len(rows[0])


def test_a_curve_of_gaps_alone_is_drawn_as_fast_as_a_whole_one() -> None:
    values = np.where(np.arange(100_000) % 2, NAN, np.linspace(0, 1, 100_000))
    gaps = Curve("training", np.arange(100_000.0), values)
    whole = Curve("training", np.arange(100_000.0), np.linspace(0, 1, 100_000))
    # Each of the 50,000 points on its own would take minutes.
    assert cpu_seconds(lambda: draw(gaps)) < 10 * cpu_seconds(lambda: draw(whole))
    plot = draw(gaps)
    assert len(inked_columns(plot, BRAILLE | {"⣿"})) == len(canvas(plot)[0])


def test_a_long_gap_in_100000_points_stays_a_gap() -> None:
    values = np.ones(100_000)
    values[40_000:60_000] = NAN
    columns = inked_columns(draw(Curve("training", np.arange(100_000.0), values)))
    whole = len(canvas(draw(curve(1.0, 1.0)))[0])
    missing = sorted(set(range(whole)) - set(columns))
    assert missing == list(range(missing[0], missing[-1] + 1))
    assert abs(len(missing) - whole / 5) <= 2


def test_100000_points_cost_little_more_than_a_thousand() -> None:
    def cost(count: int) -> float:
        x = np.arange(float(count))
        curves = [Curve(name, x, np.random.default_rng(0).random(count)) for name in ("a", "b")]
        return cpu_seconds(lambda: draw(*curves))

    # Unthinned they cost a hundred times as much.
    assert cost(100_000) < 20 * cost(1000)
