"""Curves in characters: every point that can be seen is, and no value can bring the process down.

plotext aborts the whole process on some values; a fault that lets one through ends pytest itself.
"""

from __future__ import annotations

import sys

import numpy as np
import pytest
from export.drawn_curves import (
    BRAILLE,
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
    plain_lines,
    steps,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.export.curves import Curve, Mark, draw_curves


@pytest.mark.parametrize(
    "curves",
    [
        (),
        (curve(),),
        (curve(NAN, NAN, NAN),),
        (curve(None, None),),
        (curve(INF, -INF, NAN, None),),
        (Curve("training", [NAN, INF, -INF], [1.0, 2.0, 3.0]),),
        (curve(), curve(NAN)),
    ],
    ids=["no curve", "no points", "nan", "none", "infinite", "no x", "two empty ones"],
)
def test_nothing_to_draw_is_an_empty_string(curves: tuple[Curve, ...]) -> None:
    assert draw(*curves) == ""


def test_one_point_is_one_mark_under_its_number() -> None:
    plot = draw(curve(0.5))
    assert sum(row.count("⣿") for row in canvas(plot)) == 1
    assert plain_lines(plot)[-2].split() == ["1"]
    assert plain_lines(plot)[-1].strip() == "epoch"


def test_a_falling_line_runs_from_the_top_left_to_the_bottom_right() -> None:
    plot = draw(curve(4.0, 3.0, 2.0, 1.0))
    rows = canvas(plot)
    assert inked_rows(plot) == list(range(len(rows)))
    assert rows[0][0] in BRAILLE
    assert rows[-1][-1] in BRAILLE


@pytest.mark.parametrize("gap", [NAN, None, INF, -INF, 1e200])
def test_a_gap_in_a_line_stays_a_gap(gap: float | None) -> None:
    whole = inked_columns(draw(curve(*[1.0] * 21)))
    broken = inked_columns(draw(curve(*[1.0] * 8, *[gap] * 5, *[1.0] * 8)))
    middle = (whole[0] + whole[-1]) // 2
    assert middle in whole
    assert middle not in broken
    # Both ends of the line are still there, in their old places.
    assert (broken[0], broken[-1]) == (whole[0], whole[-1])


def test_a_point_between_two_gaps_is_seen() -> None:
    plot = draw(curve(1.0, NAN, 2.0, NAN, 3.0))
    assert sum(row.count("⣿") for row in canvas(plot)) == 3


@pytest.mark.parametrize("bad", [NAN, INF, -INF, 1e300])
def test_a_place_that_is_no_number_leaves_its_point_out(bad: float) -> None:
    plot = draw(Curve("training", [1.0, 2.0, bad, 4.0, 5.0], [1.0, 1.0, 9.0, 1.0, 1.0]))
    # With the point at 9, ones would lie on the bottom; alone they lie in the middle.
    rows = inked_rows(plot)
    assert len(rows) == 1
    assert 0 < rows[0] < len(canvas(plot)) - 1
    assert "9" not in "".join(plain_lines(plot)[1:-2])


@pytest.mark.parametrize("value", [0.0, 0.5, -3.0, 1e-12, 1e12, -1e99])
def test_a_constant_curve_is_a_level_line_inside_the_frame(value: float) -> None:
    plot = draw(curve(*[value] * 5))
    rows = inked_rows(plot)
    assert len(rows) == 1
    assert 0 < rows[0] < len(canvas(plot)) - 1
    assert inked_columns(plot)[-1] - inked_columns(plot)[0] > WIDTH / 2
    assert_fills(plot, WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "values",
    [
        (1e99, -1e99, 1e98),
        (1e-300, 2e-300, 3e-300),
        (5e-324, 0.0, -5e-324),
        (1.0, 1.0 + sys.float_info.epsilon, 1.0),
        (1e16, 1e16 + 2, 1e16),
        (1e-20, 1e20, 1.0),
        (9_999_999.0, -9_999_999.0, 0.0),
    ],
    ids=str,
)
def test_huge_and_tiny_values_are_drawn_in_the_same_frame(values: tuple[float, ...]) -> None:
    plot = draw(curve(*values))
    assert inked_rows(plot)
    assert_fills(plot, WIDTH, HEIGHT)


@pytest.mark.parametrize("width", [20, 21, 40, 60, 79, 80, 100, 200])
@pytest.mark.parametrize("height", [6, 7, 13, 40])
@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
def test_the_block_has_the_size_that_was_asked_for(width: int, height: int, colour: bool) -> None:
    curves = (curve(0.1, 0.5, 0.2), curve(0.2, 0.3, 0.9, label="validation"))
    plot = draw(*curves, width=width, height=height, colour=colour)
    assert_fills(plot, width, height)
    assert not plot.endswith("\n")


@pytest.mark.parametrize(("width", "height"), [(0, 0), (-5, -1), (1, 1), (19, 5)])
def test_too_small_a_place_gives_the_smallest_block(width: int, height: int) -> None:
    assert_fills(draw(curve(1.0, 2.0), width=width, height=height), 20, 6)


def test_an_axis_name_too_long_does_not_change_the_height() -> None:
    plot = draw_curves(
        [curve(1.0, 2.0)], title="loss", x_label="x" * 99, width=40, height=9, colour=False
    )
    assert_fills(plot.text, 40, 9)


def test_curves_share_their_axes() -> None:
    low = inked_rows(draw(curve(1.0, 1.0), curve(5.0, 5.0, label="validation")))
    assert low == [len(canvas(draw(curve(1.0, 2.0)))) - 1]


def test_one_plot_leaves_nothing_behind_for_the_next() -> None:
    before = draw(curve(1.0, 2.0, 3.0))
    draw(curve(100.0, -100.0), curve(5.0, label="validation"), width=30, height=8, colour=True)
    assert draw(curve(1.0, 2.0, 3.0)) == before


def test_arrays_and_lists_are_drawn_alike() -> None:
    x, y = steps(5), [1.0, 3.0, None, 2.0, 5.0]
    as_arrays = Curve("training", np.array(x), np.array(y, dtype=float))
    assert draw(as_arrays) == draw(Curve("training", x, y))


def test_a_single_point_is_not_hidden_by_a_line() -> None:
    dot = Curve("other", [2.0], [1.0])
    for marks in ({}, {"groups": (0, 1)}):
        assert "•" in draw(curve(1.0, 1.0, 1.0), dot, **marks).partition("\n")[2]


points = st.lists(st.tuples(st.floats(), st.none() | st.floats()), max_size=40)


@settings(max_examples=300)
@given(
    drawn=st.lists(points, max_size=5),
    width=st.integers(-5, 160),
    height=st.integers(-5, 40),
    colour=st.booleans(),
    log=st.booleans(),
    view=st.none() | st.tuples(st.floats(-1e99, 1e99), st.floats(-1e99, 1e99)),
    places=st.lists(st.floats(), max_size=3),
)
def test_whatever_the_floats_a_plot_keeps_to_its_block(
    drawn: list[list[tuple[float, float | None]]],
    width: int,
    height: int,
    colour: bool,
    log: bool,
    view: tuple[float, float] | None,
    places: list[float],
) -> None:
    if view is not None:
        view = None if view[0] == view[1] else (min(view), max(view))
    curves = [
        Curve(f"curve{number}", [x for x, _ in pairs], [y for _, y in pairs])
        for number, pairs in enumerate(drawn)
    ]
    plot = draw(
        *curves,
        width=width,
        height=height,
        colour=colour,
        log=log,
        view=view,
        marks=[Mark(place, "p") for place in places],
        cursor=places[0] if places else None,
    )
    if plot:
        assert_fills(plot, max(width, 20), max(height, 6))
        assert colour or "\x1b" not in plot
