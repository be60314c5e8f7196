"""Curves in characters: every point that can be seen is, and no value can bring the process down.

plotext aborts the whole process on some values; a fault that lets one through ends pytest itself.
"""

from __future__ import annotations

import math
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from cnnlab.export.curves import Curve, draw_curves

NAN = math.nan
INF = math.inf
BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}
WIDTH, HEIGHT = 60, 13


def draw(*curves: Curve, width: int = WIDTH, height: int = HEIGHT, colour: bool = False) -> str:
    """The block that a report would print."""
    return draw_curves(
        curves, title="loss", x_label="epoch", width=width, height=height, colour=colour
    )


def steps(count: int) -> list[float]:
    return [float(step) for step in range(1, count + 1)]


def curve(*values: float | None, label: str = "training") -> Curve:
    """A curve over steps 1, 2, 3, ..."""
    return Curve(label, steps(len(values)), values)


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
    assert plain_lines(plot)[0].startswith(f"loss   ⣿ {label[:8]}")


def test_an_axis_name_too_long_does_not_change_the_height() -> None:
    plot = draw_curves(
        [curve(1.0, 2.0)], title="loss", x_label="x" * 99, width=40, height=9, colour=False
    )
    assert_fills(plot, 40, 9)


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


points = st.lists(st.tuples(st.floats(), st.none() | st.floats()), max_size=40)


@settings(deadline=None, max_examples=300)
@given(
    drawn=st.lists(points, max_size=5),
    width=st.integers(-5, 160),
    height=st.integers(-5, 40),
    colour=st.booleans(),
)
def test_whatever_the_floats_a_plot_keeps_to_its_block(
    drawn: list[list[tuple[float, float | None]]], width: int, height: int, colour: bool
) -> None:
    curves = [
        Curve(f"curve{number}", [x for x, _ in pairs], [y for _, y in pairs])
        for number, pairs in enumerate(drawn)
    ]
    plot = draw(*curves, width=width, height=height, colour=colour)
    if plot:
        assert_fills(plot, max(width, 20), max(height, 6))
        assert colour or "\x1b" not in plot
