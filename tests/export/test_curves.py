"""Curves in characters: every point that can be seen is, and no value can bring the process down.

plotext aborts the whole process on some values; a fault that lets one through ends pytest itself.
"""

from __future__ import annotations

import math
import re
import sys
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from cnnlab.export.curves import Curve, Mark, draw_curves

NAN = math.nan
INF = math.inf
BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}
WIDTH, HEIGHT = 60, 13


def draw(
    *curves: Curve,
    width: int = WIDTH,
    height: int = HEIGHT,
    colour: bool = False,
    **options: Any,
) -> str:
    """The block that a report would print."""
    return draw_curves(
        curves, title="loss", x_label="epoch", width=width, height=height, colour=colour, **options
    ).text


def steps(count: int) -> list[float]:
    return [float(step) for step in range(1, count + 1)]


def curve(*values: float | None, label: str = "training") -> Curve:
    """A curve over steps 1, 2, 3, ..."""
    return Curve(label, steps(len(values)), values)


def left_numbers(plot: str) -> list[str]:
    """What is written beside the plot, from top to bottom."""
    return [line.split("┤")[0].strip() for line in plain_lines(plot) if "┤" in line]


def below_numbers(plot: str) -> list[str]:
    """What is written below the plot, from left to right."""
    return plain_lines(plot)[-2].split()


def plain_lines(plot: str) -> list[str]:
    return Text.from_ansi(plot).plain.split("\n")


def canvas(plot: str) -> list[str]:
    """What lies inside the frame, row by row."""
    rows = [line for line in plain_lines(plot) if line.endswith("│")]
    return [line[:-1].replace("┤", "│", 1).split("│", 1)[1] for line in rows]


def inked_rows(plot: str, marks: set[str] = BRAILLE) -> list[int]:
    return [number for number, row in enumerate(canvas(plot)) if marks & set(row)]


def inked_columns(plot: str, marks: set[str] = BRAILLE) -> list[int]:
    rows = canvas(plot)
    return sorted({at for row in rows for at, sign in enumerate(row) if sign in marks})


def assert_fills(plot: str, width: int, height: int) -> None:
    lines = plain_lines(plot)
    assert len(lines) == height
    assert max(cell_len(line) for line in lines) <= width


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


def test_the_axes_carry_round_numbers() -> None:
    plot = draw(Curve("training", steps(12), [0.1 * step for step in range(12)]))
    left = [line.split("┤")[0].strip() for line in plain_lines(plot) if "┤" in line]
    assert {"0.5", "1.0"} <= set(left)
    below = plain_lines(plot)[-2].split()
    assert below[0] == "1"
    assert all(number.isdigit() for number in below)


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


@pytest.mark.parametrize("place", [0, 1, 33_333, 54_321, 99_998, 99_999])
@pytest.mark.parametrize("spike", [9.0, -9.0])
def test_of_100000_points_the_one_that_sticks_out_is_seen(place: int, spike: float) -> None:
    values = [0.5] * 100_000
    values[place] = spike
    begun = time.perf_counter()
    plot = draw(Curve("training", steps(len(values)), values))
    # Unthinned this takes some seconds; thinned some hundredths.
    assert time.perf_counter() - begun < 1.0
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


def test_without_colour_there_is_no_escape() -> None:
    plot = draw(curve(1.0, 2.0), curve(2.0, 1.0, label="validation"), colour=False)
    assert "\x1b" not in plot


def test_one_curve_is_drawn_alike_with_colour_and_without() -> None:
    coloured = draw(curve(1.0, 2.0, 4.0), colour=True)
    plain = draw(curve(1.0, 2.0, 4.0), colour=False)
    assert "\x1b[" in coloured
    assert [line.rstrip() for line in plain_lines(coloured)] == [
        line.rstrip() for line in plain.split("\n")
    ]


def test_without_colour_every_curve_has_a_sign_of_its_own() -> None:
    curves = [curve(float(n), n + 0.5, label=f"curve{n}") for n in range(4)]
    legend, *rest = draw(*curves, height=30).split("\n")
    for number, sign in enumerate("⣿•x+"):
        assert f"{sign} curve{number}" in legend
        drawn = BRAILLE if sign == "⣿" else {sign}
        assert any(drawn & set(line) for line in rest)


def test_a_line_and_its_sign_in_the_legend_have_the_same_colour() -> None:
    curves = [curve(float(n), n + 0.5, label=f"curve{n}") for n in range(4)]
    legend, *rest = draw(*curves, height=30, colour=True).split("\n")
    for number, (code, colour) in enumerate(((96, 14), (93, 11), (92, 10), (95, 13))):
        assert f"\x1b[{code}m⣿\x1b[0m curve{number}" in legend
        assert any(f"\x1b[38;5;{colour}m" in line and BRAILLE & set(line) for line in rest)


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


@pytest.mark.parametrize(
    "label", ["a long name " * 20, "漢字" * 40, "🎉" * 40], ids=["plain", "wide", "emoji"]
)
@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
def test_a_name_too_long_is_cut(label: str, colour: bool) -> None:
    plot = draw(curve(1.0, 2.0, label=label), curve(2.0, 1.0), width=40, colour=colour)
    assert_fills(plot, 40, HEIGHT)
    assert plain_lines(plot)[0].startswith(f"loss  ⣿ {label[:8]}")


def test_an_axis_name_too_long_does_not_change_the_height() -> None:
    plot = draw_curves(
        [curve(1.0, 2.0)], title="loss", x_label="x" * 99, width=40, height=9, colour=False
    )
    assert_fills(plot.text, 40, 9)


def test_two_curves_have_two_signs_and_a_legend() -> None:
    plot = draw(curve(1.0, 2.0, 3.0), curve(3.0, 2.0, 1.0, label="validation"))
    assert plain_lines(plot)[0] == "loss   ⣿ training   • validation"
    assert inked_rows(plot)
    assert inked_rows(plot, {"•"}) == list(range(len(canvas(plot))))


def test_a_curve_without_points_is_not_in_the_legend() -> None:
    plot = draw(curve(NAN, NAN), curve(3.0, 2.0, label="validation"))
    assert plain_lines(plot)[0] == "loss   • validation"
    assert not inked_rows(plot)
    assert inked_rows(plot, {"•"})


def test_curves_share_their_axes() -> None:
    low = inked_rows(draw(curve(1.0, 1.0), curve(5.0, 5.0, label="validation")))
    assert low == [len(canvas(draw(curve(1.0, 2.0)))) - 1]


def test_one_plot_leaves_nothing_behind_for_the_next() -> None:
    before = draw(curve(1.0, 2.0, 3.0))
    draw(curve(100.0, -100.0), curve(5.0, label="validation"), width=30, height=8, colour=True)
    assert draw(curve(1.0, 2.0, 3.0)) == before


# Thinning


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


def test_a_curve_of_gaps_alone_is_drawn_at_once() -> None:
    values = np.where(np.arange(100_000) % 2, NAN, np.linspace(0, 1, 100_000))
    begun = time.perf_counter()
    plot = draw(Curve("training", np.arange(100_000.0), values))
    # Each of the 50,000 points on its own would take minutes.
    assert time.perf_counter() - begun < 1.0
    assert len(inked_columns(plot, BRAILLE | {"⣿"})) == len(canvas(plot)[0])


def test_a_long_gap_in_100000_points_stays_a_gap() -> None:
    values = np.ones(100_000)
    values[40_000:60_000] = NAN
    columns = inked_columns(draw(Curve("training", np.arange(100_000.0), values)))
    whole = len(canvas(draw(curve(1.0, 1.0)))[0])
    missing = sorted(set(range(whole)) - set(columns))
    assert missing == list(range(missing[0], missing[-1] + 1))
    assert abs(len(missing) - whole / 5) <= 2


def test_100000_points_are_drawn_between_two_frames() -> None:
    x = np.arange(100_000.0)
    curves = [Curve(name, x, np.random.default_rng(0).random(100_000)) for name in ("a", "b")]
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        draw(*curves, width=100, height=30, colour=True)
        times.append(time.perf_counter() - begun)
    # 20 ms on a machine with nothing else to do.
    assert min(times) < 0.2


def test_arrays_and_lists_are_drawn_alike() -> None:
    x, y = steps(5), [1.0, 3.0, None, 2.0, 5.0]
    as_arrays = Curve("training", np.array(x), np.array(y, dtype=float))
    assert draw(as_arrays) == draw(Curve("training", x, y))


# Logarithmic axis


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


# View


def test_a_view_shows_its_part_and_fits_the_limits_to_it() -> None:
    values = [100.0, 100.0, 3.0, 2.0, 1.0, 2.0, 3.0, -100.0]
    plot = draw(curve(*values), view=(3.0, 7.0))
    rows = canvas(plot)
    assert below_numbers(plot) == ["3", "4", "5", "6", "7"]
    assert left_numbers(plot) == ["3", "2", "1"]
    assert rows[0][0] in BRAILLE
    assert rows[-1][len(rows[0]) // 2] in BRAILLE
    assert rows[0][-1] in BRAILLE


def test_a_line_goes_on_to_the_edges_of_a_view_without_points() -> None:
    # From 0 at 1 to 10 at 2: at 1.4 it is 4, at 1.6 it is 6.
    plot = draw(curve(0.0, 10.0), view=(1.4, 1.6))
    assert inked_columns(plot) == list(range(len(canvas(plot)[0])))
    numbers = [float(number) for number in left_numbers(plot)]
    assert (max(numbers), min(numbers)) == (6.0, 4.0)


def test_a_view_between_two_points_beside_a_gap_is_empty() -> None:
    assert draw(curve(1.0, NAN, 1.0), view=(1.2, 2.8)) == ""
    assert draw(curve(1.0, 2.0), view=(10.0, 20.0)) == ""


def test_zooming_far_in_still_has_numbers_below() -> None:
    plot = draw(Curve("training", steps(100_000), [0.5] * 100_000), view=(50_000.1, 50_000.9))
    numbers = [float(number) for number in below_numbers(plot)]
    assert len(numbers) >= 2
    assert all(50_000.1 <= number <= 50_000.9 for number in numbers)
    late = draw(Curve("training", steps(100_000), [0.5] * 100_000), view=(99_980.0, 99_999.0))
    assert "99985" in below_numbers(late)


def test_whole_numbers_are_places_too() -> None:
    as_floats = draw(curve(1.0, 2.0, 3.0), view=(1.0, 2.0), marks=[Mark(2.0, "p")], cursor=1.0)
    as_integers = draw(
        Curve("training", [1, 2, 3], [1, 2, 3]), view=(1, 2), marks=[Mark(2, "p")], cursor=1
    )
    assert as_integers == as_floats


@pytest.mark.parametrize("view", [(2.0, 1.0), (1.0, 1.0), (NAN, 1.0), (0.0, INF)], ids=str)
def test_a_view_of_nothing_is_refused(view: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="nothing can be seen"):
        draw(curve(1.0, 2.0), view=view)


# Marks and cursor


def test_a_mark_is_a_line_with_its_sign_in_the_frame_above_it() -> None:
    plot = draw(curve(1.0, 1.0, 1.0), marks=[Mark(1.0, "a"), Mark(2.0, "p"), Mark(3.0, "z")])
    top = next(line for line in plain_lines(plot) if "┌" in line)
    inner = top.split("┌")[0] + "┌"
    rows = canvas(plot)
    columns = inked_columns(plot, {"┊"})
    signs = {top[len(inner) + column] for column in columns}
    assert signs == {"a", "p", "z"}
    assert (columns[0], columns[-1]) == (0, len(rows[0]) - 1)
    # The curve lies over the lines, which fill the other rows.
    assert all(row[columns[1]] == "┊" for row in rows if not BRAILLE & set(row))
    assert BRAILLE & {row[columns[1]] for row in rows}


def test_marks_out_of_sight_are_left_out_and_change_no_limits() -> None:
    marks = [Mark(0.0, "a"), Mark(9.0, "b"), Mark(NAN, "c"), Mark(INF, "d")]
    assert draw(curve(1.0, 2.0), marks=marks, cursor=12.0) == draw(curve(1.0, 2.0))
    zoomed = draw(curve(1.0, 2.0, 3.0), view=(1.5, 2.5), marks=[Mark(1.0, "a"), Mark(2.0, "b")])
    assert len(inked_columns(zoomed, {"┊"})) == 1


@pytest.mark.parametrize("sign", ["", "ab", "漢", "\x1b", "\n", "\u0301"], ids=ascii)
def test_a_sign_is_one_character_of_one_column(sign: str) -> None:
    with pytest.raises(ValueError, match="one character of one column"):
        Mark(1.0, sign)


@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
@pytest.mark.parametrize("log", [False, True], ids=["linear", "log"])
def test_the_cursor_is_a_vertical_line_at_its_place(colour: bool, log: bool) -> None:
    values = [1.0] * 11
    plot = draw(curve(*values), cursor=6.0, marks=[Mark(2.0, "p")], colour=colour, log=log)
    rows = canvas(plot)
    (column,) = inked_columns(plot, {"┃"})
    assert abs(column - (len(rows[0]) - 1) / 2) <= 0.5
    assert inked_rows(plot, {"┃"}) == [at for at in range(len(rows)) if at not in inked_rows(plot)]
    assert_fills(plot, WIDTH, HEIGHT)


# Many curves


def fan(count: int) -> list[Curve]:
    """Level lines, one above the other."""
    return [curve(float(n), float(n), label=f"c{n}") for n in range(count)]


def test_twelve_curves_are_told_apart_without_colour() -> None:
    plot = draw(*fan(12), width=120, height=60)
    legend = plain_lines(plot)[0].split("   ")[1:]
    signs = [entry.split()[0] for entry in legend]
    assert len(set(signs)) == 12
    drawn = [next(iter(set(row) - {" "})) for row in reversed(canvas(plot)) if set(row) != {" "}]
    assert ["⣿" if sign in BRAILLE else sign for sign in drawn] == signs


def test_twelve_curves_are_told_apart_in_colour() -> None:
    legend, *rest = draw(*fan(12), width=120, height=60, colour=True).split("\n")
    named = re.findall(r"\x1b\[(\d+)m(.)\x1b\[0m c\d+", legend)
    assert len(set(named)) == 12
    drawn = [re.search(r"\x1b\[38;5;(\d+)m(\S)", line) for line in reversed(rest)]
    # 90 is the escape of colour 8.
    seen = [(str(int(one[1]) + 82), "⣿" if one[2] in BRAILLE else one[2]) for one in drawn if one]
    assert seen == named


def test_a_name_cannot_command_the_terminal() -> None:
    plot = draw(curve(1.0, 2.0, label="a\x1b]0;title\x07b\nc"), colour=True)
    assert plain_lines(plot)[0] == "loss   ⣿ a ]0;title b c"
    assert_fills(plot, WIDTH, HEIGHT)


points = st.lists(st.tuples(st.floats(), st.none() | st.floats()), max_size=40)


@settings(deadline=None, max_examples=300)
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


# Palettes, groups, and what a screen needs to know of a drawing


def test_a_palette_takes_the_place_of_the_terminals_colours() -> None:
    curves = curve(1.0, 2.0), curve(2.0, 1.0, label="validation")
    plot = draw(*curves, colour=True, palette=("#005f9e", "#b35000"))
    legend, *rest = plot.split("\n")
    for code in ("38;2;0;95;158", "38;2;179;80;0"):
        assert f"\x1b[{code}m⣿" in legend
        assert any(f"\x1b[{code}m" in line and BRAILLE & set(line) for line in rest)


def test_curves_of_a_group_share_a_colour_and_differ_in_their_sign() -> None:
    curves = [curve(number, number + 1.0, label=f"run {number}") for number in range(4)]
    legend = draw(*curves, width=99, colour=True, groups=(0, 0, 1, 1)).split("\n")[0]
    signs = re.findall(r"\x1b\[(9\d)m(.)", legend)
    assert signs == [("96", "⣿"), ("96", "•"), ("93", "⣿"), ("93", "•")]


def test_a_group_keeps_its_colour_where_one_before_it_is_missing() -> None:
    curves = [curve(1.0, 2.0, label=name) for name in ("second", "third")]
    legend = draw(*curves, colour=True, groups=(1, 2)).split("\n")[0]
    assert re.findall(r"\x1b\[(9\d)m(.)", legend) == [("93", "⣿"), ("92", "⣿")]


def test_a_single_point_is_not_hidden_by_a_line() -> None:
    dot = Curve("other", [2.0], [1.0])
    for marks in ({}, {"groups": (0, 1)}):
        assert "•" in draw(curve(1.0, 1.0, 1.0), dot, **marks).partition("\n")[2]


def test_the_first_group_lies_on_top() -> None:
    same = [curve(1.0, 2.0, label=name) for name in ("run", "other")]
    plot = draw(*same, colour=True, groups=(0, 1), palette=("#005f9e", "#b35000"))
    rows = plot.split("\n")[1:]
    assert any("38;2;0;95;158" in row for row in rows)
    assert not any("38;2;179;80;0" in row for row in rows)


def test_a_legend_takes_more_rows_where_it_may() -> None:
    curves = [curve(1.0, 2.0, label=f"a long name of run {number}") for number in range(3)]
    plot = draw(*curves, width=50, height=HEIGHT, legend_rows=3)
    assert_fills(plot, 50, HEIGHT)
    lines = plain_lines(plot)
    assert [line.strip() for line in lines[:3]] == [
        "loss   ⣿ a long name of run 0",
        "• a long name of run 1",
        "x a long name of run 2",
    ]
    assert "┌" in lines[3]


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


def test_marks_in_one_place_stand_beside_each_other() -> None:
    plot = draw(curve(1.0, 2.0, 3.0), marks=[Mark(2.0, "‖"), Mark(2.0, "▶"), Mark(3.0, "◆")])
    top = plain_lines(plot)[1]
    assert "‖▶" in top
    assert top.index("‖") == WIDTH // 2
    assert "◆" in top


@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
@pytest.mark.parametrize("view", [None, (20.0, 40.0)], ids=["whole", "zoomed"])
def test_a_column_tells_the_place_that_it_shows(
    colour: bool, view: tuple[float, float] | None
) -> None:
    for cursor in (21.0, 30.0, 38.5):
        drawing = draw_curves(
            [curve(*steps(50))], title="loss", x_label="step", width=WIDTH, height=HEIGHT,
            colour=colour, view=view, cursor=cursor,
        )  # fmt: skip
        row = next(line for line in plain_lines(drawing.text) if "┃" in line)
        column = (drawing.high - drawing.low) / drawing.columns
        assert drawing.x_at(row.index("┃")) == pytest.approx(cursor, abs=column)
        assert drawing.x_at(0) == drawing.low
        assert drawing.x_at(WIDTH + 5) == drawing.high
