"""A part of curves in characters, with its marks and its cursor."""

from __future__ import annotations

import pytest
from export.drawn_curves import (
    BRAILLE,
    HEIGHT,
    INF,
    NAN,
    WIDTH,
    assert_fills,
    below_numbers,
    canvas,
    curve,
    draw,
    inked_columns,
    inked_rows,
    left_numbers,
    plain_lines,
    steps,
)

from cnnlab.export.curves import Curve, Mark, draw_curves


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


def test_marks_in_one_place_stand_beside_each_other() -> None:
    plot = draw(curve(1.0, 2.0, 3.0), marks=[Mark(2.0, "‖"), Mark(2.0, "▶"), Mark(3.0, "◆")])
    top = plain_lines(plot)[1]
    assert "‖▶" in top
    assert top.index("‖") == WIDTH // 2
    assert "◆" in top


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
