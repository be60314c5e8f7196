"""Which curve is which: colours, signs and names, in the drawing and in its legend."""

from __future__ import annotations

import re

import pytest
from export.drawn_curves import (
    BRAILLE,
    HEIGHT,
    NAN,
    WIDTH,
    assert_fills,
    canvas,
    curve,
    draw,
    inked_rows,
    plain_lines,
)

from cnnlab.export.curves import Curve


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


def test_the_first_group_lies_on_top() -> None:
    same = [curve(1.0, 2.0, label=name) for name in ("run", "other")]
    plot = draw(*same, colour=True, groups=(0, 1), palette=("#005f9e", "#b35000"))
    rows = plot.split("\n")[1:]
    assert any("38;2;0;95;158" in row for row in rows)
    assert not any("38;2;179;80;0" in row for row in rows)


@pytest.mark.parametrize(
    "label", ["a long name " * 20, "漢字" * 40, "🎉" * 40], ids=["plain", "wide", "emoji"]
)
@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
def test_a_name_too_long_is_cut(label: str, colour: bool) -> None:
    plot = draw(curve(1.0, 2.0, label=label), curve(2.0, 1.0), width=40, colour=colour)
    assert_fills(plot, 40, HEIGHT)
    assert plain_lines(plot)[0].startswith(f"loss  ⣿ {label[:8]}")


def test_a_name_cannot_command_the_terminal() -> None:
    plot = draw(curve(1.0, 2.0, label="a\x1b]0;title\x07b\nc"), colour=True)
    assert plain_lines(plot)[0] == "loss   ⣿ a ]0;title b c"
    assert_fills(plot, WIDTH, HEIGHT)


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
