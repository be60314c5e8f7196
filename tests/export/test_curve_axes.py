"""The axes of curves in characters: round numbers, and a logarithmic scale."""

from __future__ import annotations

import numpy as np
import pytest
from export.drawn_curves import (
    HEIGHT,
    INF,
    NAN,
    WIDTH,
    assert_fills,
    canvas,
    curve,
    draw,
    inked_columns,
    inked_rows,
    left_numbers,
    plain_lines,
    steps,
)

from cnnlab.export.curves import Curve


def test_the_axes_carry_round_numbers() -> None:
    plot = draw(Curve("training", steps(12), [0.1 * step for step in range(12)]))
    left = [line.split("┤")[0].strip() for line in plain_lines(plot) if "┤" in line]
    assert {"0.5", "1.0"} <= set(left)
    below = plain_lines(plot)[-2].split()
    assert below[0] == "1"
    assert all(number.isdigit() for number in below)


def test_exponential_decay_is_a_straight_line_on_a_logarithmic_axis() -> None:
    x = np.linspace(1, 9, 200)
    logarithmic = draw(Curve("training", x, 10.0**-x), log=True)
    linear = draw(Curve("training", x, 9 - x))
    # As wide inside the frame, whatever the numbers beside it take.
    wider = WIDTH + len(canvas(logarithmic)[0]) - len(canvas(linear)[0])
    assert canvas(logarithmic) == canvas(draw(Curve("training", x, 9 - x), width=wider))
    assert len(inked_rows(draw(Curve("training", x, 10.0**-x)))) == len(canvas(logarithmic))


def test_the_numbers_of_a_logarithmic_axis_are_round() -> None:
    plot = draw(curve(0.001, 1.0, 1000.0), height=30, log=True)
    assert [number for number in left_numbers(plot) if number] == [
        "1000", "100", "10", "1", "0.1", "0.01", "0.001",
    ]  # fmt: skip
    narrow = draw(curve(0.3, 2.5), height=30, log=True)
    assert left_numbers(narrow) == ["2", "1", "0.5"]


@pytest.mark.parametrize("bad", [0.0, -1.0, -0.0, NAN, None, INF, -INF])
def test_what_has_no_logarithm_leaves_a_gap(bad: float | None) -> None:
    whole = inked_columns(draw(curve(*[1.0] * 21), log=True))
    broken = inked_columns(draw(curve(*[1.0] * 8, *[bad] * 5, *[1.0] * 8), log=True))
    assert (broken[0], broken[-1]) == (whole[0], whole[-1])
    assert (whole[0] + whole[-1]) // 2 in set(whole) - set(broken)


def test_nothing_positive_is_nothing_to_draw_on_a_logarithmic_axis() -> None:
    assert draw(curve(0.0, -1.0, None, NAN), log=True) == ""


@pytest.mark.parametrize("value", [5e-324, 1e-12, 0.5, 1.0, 3.0, 1e99])
def test_a_constant_on_a_logarithmic_axis_is_level(value: float) -> None:
    plot = draw(curve(*[value] * 5), log=True)
    assert len(inked_rows(plot)) == 1
    assert_fills(plot, WIDTH, HEIGHT)


@pytest.mark.parametrize("log", [False, True], ids=["linear", "logarithmic"])
@pytest.mark.parametrize("legend_rows", [1, 2])
@pytest.mark.parametrize("height", range(7, 20))
@pytest.mark.parametrize(("bottom", "top"), [(0.0632814, 4e31), (0.0632814, 120.0), (1e-12, 0.5)])
def test_numbers_beside_a_plot_are_not_written_over_each_other(
    bottom: float, top: float, height: int, legend_rows: int, log: bool
) -> None:
    name = "a name that fills a row of its own"
    curves = [curve(2 * bottom, bottom, top, label=name), curve(bottom, top, label=name)]
    plot = draw(*curves, width=50, height=height, legend_rows=legend_rows, log=log)
    labels = [row.split("┤")[0].strip() for row in plain_lines(plot) if "┤" in row]
    numbers = [float(label) for label in labels]
    assert numbers == sorted(numbers, reverse=True)
    digits = [label.split("e")[0].replace(".", "").strip("0") for label in labels]
    assert all(len(one) <= (1 if log else 2) for one in digits)
    assert 0 <= numbers[-1] <= numbers[0] <= top
