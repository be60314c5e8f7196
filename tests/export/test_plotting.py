"""Plots as files: opened again as pictures, PDF and XML."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from export.hostile_names import NAMES
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.patches import Patch
from PIL import Image
from pypdf import PdfReader

from cnnlab.analysis.curves import Curve
from cnnlab.export.plot_data import Band, BarsPlot, CurvesPlot, MatrixPlot, Plot
from cnnlab.export.plotting.bars import figure_of_bars
from cnnlab.export.plotting.curve_panels import _looks
from cnnlab.export.plotting.drawing import ImageFormat, draw
from cnnlab.export.plotting.style import paper_style, plain
from cnnlab.export.plotting.thinning import alone, thinned

SVG = "{http://www.w3.org/2000/svg}"
DIGITS = tuple(map(str, range(10)))


def curves(*labels: str, steps: int = 20, quantity: str = "loss") -> CurvesPlot:
    x = np.arange(1, steps + 1, dtype=np.float64)
    each = tuple(
        Curve(label, x, 1 / (1 + number + x / steps) + 0.1 * np.sin(x * 7))
        for number, label in enumerate(labels)
    )
    groups = tuple(range(len(labels)))
    return CurvesPlot(quantity, quantity, quantity, "epoch", each, groups)  # type: ignore[arg-type]


def bars(names: Sequence[str], *series: str, low: float = 0.2) -> BarsPlot:
    values = tuple(low + (1 - low) * (at % 7) / 7 for at in range(len(names)))
    none = (None,) * len(names)
    return BarsPlot(
        "classes", "classes", tuple(names), tuple((one, values, none) for one in series), "share"
    )


def matrix(names: Sequence[str], images: int = 90) -> MatrixPlot:
    count = len(names)
    rows = [[0] * count for _ in names]
    for at in range(count):
        rows[at][at] = images
        rows[at][(at + 1) % count] += 10
    return MatrixPlot("confusion", "confusion", tuple(names), tuple(map(tuple, rows)))


EVERY: dict[str, Plot] = {
    "curves": curves("training", "validation"),
    "many curves": curves(*(f"group {number} lr=0.{number:08}" for number in range(12))),
    "one epoch": curves("training", "validation", steps=1),
    "bars": bars(DIGITS, "precision", "recall", "F1"),
    "dots": bars(DIGITS, "precision", "recall", "F1", low=0.9),
    "many bars": bars([f"class {number}" for number in range(150)], "precision", "recall"),
    "hostile bars": bars(NAMES, "F1"),
    "matrix": matrix(DIGITS),
    "hostile matrix": matrix(NAMES),
    "large matrix": matrix([f"class {number}" for number in range(100)]),
    "hostile curves": curves(*NAMES),
}


def picture(plot: Plot, *, wide: bool = False, log: bool = False) -> Image.Image:
    return Image.open(io.BytesIO(draw([plot], "png", wide=wide, log=log).data)).convert("L")


def svg(plot: Plot, *, wide: bool = False, log: bool = False) -> ElementTree.Element:
    return ElementTree.fromstring(draw([plot], "svg", wide=wide, log=log).data)


def texts(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def pdf(plot: Plot) -> PdfReader:
    return PdfReader(io.BytesIO(draw([plot], "pdf").data))


@contextmanager
def all_warnings() -> Iterator[list[warnings.WarningMessage]]:
    """The warnings that are given meanwhile."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # What others left open may be collected just now.
        warnings.simplefilter("ignore", ResourceWarning)
        yield caught


@pytest.mark.parametrize("name", EVERY)
def test_a_picture_is_as_wide_as_columns_of_a_paper_and_nothing_touches_its_edges(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with all_warnings() as caught:
        for wide, inches in ((False, 3.5), (True, 7.16)):
            seen = picture(EVERY[name], wide=wide)
            assert seen.width == round(inches * 300)
            assert seen.height <= 9.5 * 300
            dots = np.asarray(seen)
            assert 0.01 < (dots < 250).mean() < 0.7
            edges = [dots[0], dots[-1], dots[:, 0], dots[:, -1]]
            assert all((edge > 250).all() for edge in edges), [edge.min() for edge in edges]
    assert not caught
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_hostile_names_warn_nobody(kind: ImageFormat, capfd: pytest.CaptureFixture[str]) -> None:
    with all_warnings() as caught:
        draw([EVERY["hostile matrix"]], kind)
    assert not caught
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_the_same_plot_gives_the_same_bytes(kind: ImageFormat) -> None:
    for plot in (EVERY["curves"], EVERY["bars"], EVERY["matrix"]):
        assert draw([plot], kind).data == draw([plot], kind).data


def test_a_pdf_has_its_fonts_and_its_text_and_no_date() -> None:
    names = ("$x^2$ and \\frac{1}{2}", "under_score", "_first", "100% & more")
    reader = pdf(curves(*names))
    fonts = reader.pages[0]["/Resources"]["/Font"]
    assert fonts
    for font in fonts.values():
        for descendant in font.get_object()["/DescendantFonts"]:
            assert descendant.get_object()["/Subtype"] == "/CIDFontType2"
            assert "/FontFile2" in descendant.get_object()["/FontDescriptor"]
    text = reader.pages[0].extract_text()
    assert all(name in text for name in (*names, "Loss", "Epoch"))
    assert reader.metadata is not None
    assert reader.metadata.title == "loss"
    assert reader.metadata.creation_date is None
    assert reader.pages[0].mediabox.width == pytest.approx(3.5 * 72)


def test_any_name_stands_in_an_svg_as_it_is_in_one_line() -> None:
    short = [name for name in NAMES if len(name) < 12]
    assert len(short) > 8
    for plot in (curves(*short), bars(short, "F1"), matrix(short)):
        assert {plain(name) for name in short} <= set(texts(svg(plot, wide=True)))


def test_long_names_keep_their_ends() -> None:
    names = [f"resnet-18 with {'very ' * 20}long name seed={seed}" for seed in range(3)]
    for plot in (curves(*names), bars(names, "F1"), matrix(names)):
        shown = [text for text in texts(svg(plot)) if "…" in text]
        assert len(set(shown)) >= 3
        assert all(text.startswith("res") and text[-2] in "=d" for text in shown), shown


def test_a_character_without_a_glyph_is_told_of_where_it_becomes_a_box() -> None:
    plot = bars(("plain", "\U0001bc00 duployan"), "F1")
    for kind in ("png", "pdf"):
        (line,) = draw([plot], kind).told  # type: ignore[arg-type]
        assert "\U0001bc00" in line
    assert draw([plot], "svg").told == []
    assert draw([EVERY["bars"]], "png").told == []


def test_a_hundred_thousand_steps_make_a_small_file() -> None:
    plot = curves("training", "validation", steps=100_000)
    eight = curves(*(f"run {number}" for number in range(8)), steps=100_000)
    for one in (plot, eight):
        for kind in ("svg", "pdf"):
            assert len(draw([one], kind).data) < 500_000  # type: ignore[arg-type]


def test_curves_of_up_to_forty_groups_look_different_each_also_in_grey() -> None:
    with paper_style():
        looks = _looks([curves(*(f"group {number}" for number in range(21)))])
    assert len({(look.marker, look.dashes) for look in looks.values()}) == 21
    assert len({(look.colour, look.marker) for look in looks.values()}) == 21


def test_a_curve_looks_the_same_in_all_panels() -> None:
    loss, rate = curves("training", "validation"), curves("training", quantity="lr")
    with paper_style():
        looks = _looks([loss, rate])
    assert list(looks) == [(0, "training"), (1, "validation")]
    root = ElementTree.fromstring(draw([loss, rate], "svg").data)
    assert texts(root).count("training") == 1


def test_gaps_infinities_and_lonely_points_are_drawn_around() -> None:
    values = [None, 1.0, None, math.nan, 2.0, 3.0, math.inf, -math.inf, 1e300, 4.0]
    curve = Curve("training", list(range(10)), values)
    band = Band((None, 0.5) + (None,) * 8, (None, 1.5) + (None,) * 8, 2)
    plot = CurvesPlot("loss", "loss", "loss", "step", (curve,), (0,), (band,))
    for log in (False, True):
        assert (np.asarray(picture(plot, log=log)) < 128).any()


def test_a_logarithmic_axis_leaves_out_what_is_not_positive() -> None:
    curve = Curve("training", [1, 2, 3, 4], [0.0, -1.0, 1.0, 100.0])
    plot = CurvesPlot("loss", "loss", "loss", "step", (curve,), (0,))
    assert {"1", "10", "100"} <= set(texts(svg(plot, log=True)))


def test_steps_of_a_single_epoch_have_fractions_of_it_below() -> None:
    plot = curves("a", "b")
    each = tuple(Curve(one.label, np.asarray(one.x) / 20, one.y) for one in plot.curves)
    assert {"0.2", "0.8", "1"} <= set(texts(svg(replace(plot, curves=each))))


def test_a_single_epoch_stands_among_whole_numbers() -> None:
    assert {"0", "1", "2"} <= set(texts(svg(EVERY["one epoch"])))


def test_bars_begin_at_zero_and_dots_show_what_bars_would_hide() -> None:
    assert "0.0" in texts(svg(EVERY["bars"]))
    assert "0.0" not in texts(svg(EVERY["dots"]))
    assert not [one for one in texts(svg(EVERY["dots"])) if one == "0.2"]


def test_single_runs_are_dots_beside_their_mean() -> None:
    plot = BarsPlot(
        "comparison",
        "comparison",
        ("a", "b"),
        (("test accuracy", (0.9, 0.8), (0.01, None)),),
        "test accuracy",
        "comparison",
        ((0.89, 0.91, 0.9), ()),
    )
    shown = texts(svg(plot))
    assert {"single runs", "mean ± standard deviation", "Test accuracy", "a", "b"} <= set(shown)


def seeds(*means: float, spread: float, names: Sequence[str] = ("a", "b")) -> BarsPlot:
    """The means of three runs, with one deviation."""
    series = (("quickstart", means, (spread,) * len(means)),)
    return BarsPlot("classes", "classes", tuple(names), series, "F1", groups=(0,), runs=(3,))


def test_a_mean_of_runs_is_told_as_such_and_what_its_band_or_bar_is() -> None:
    each = (Curve("quickstart", (1, 2), (0.5, 0.6)),)
    band = Band((0.4, 0.5), (0.6, 0.7), 3)
    course = CurvesPlot("loss", "loss", "loss", "epoch", each, (0,), (band,))
    for plot in (course, seeds(0.5, 0.6, spread=0.1), seeds(0.9, 0.95, spread=0.01)):
        assert {"quickstart, mean of 3", "± standard deviation"} <= set(texts(svg(plot)))
    single = replace(course, bands=())
    assert "quickstart" in texts(svg(single))
    assert "± standard deviation" not in texts(svg(single))


def test_eight_bars_beside_each_other_look_different_each_also_in_grey() -> None:
    with paper_style():
        figure = figure_of_bars(bars(DIGITS, *(f"group {at}" for at in range(8))), wide=False)
    (legend,) = figure.legends
    handles = [one for one in legend.legend_handles if isinstance(one, Patch)]
    assert len({handle.get_hatch() for handle in handles}) == 8


def test_a_group_has_the_colour_of_its_number_in_curves_bars_and_dots() -> None:
    course = replace(curves("a", "b"), groups=(1, 4))
    with paper_style():
        colours = [look.colour for look in _looks([course]).values()]
        for low in (0.2, 0.9):
            plot = replace(bars(DIGITS, "a", "b", low=low), groups=(1, 4))
            (legend,) = figure_of_bars(plot, wide=False).legends
            handles = legend.legend_handles
            seen = [to_hex(_ink(handle)) for handle in handles]
            assert seen == [one.lower() for one in colours]


def _ink(handle: Any) -> Any:
    return handle.get_facecolor() if isinstance(handle, Patch) else handle.get_color()


def test_a_figure_that_is_missing_leaves_its_place_empty() -> None:
    none = (None, None)
    plot = BarsPlot(
        "comparison",
        "comparison",
        ("a", "b"),
        (("published", none, none), ("measured", (0.5, None), none)),
        "test accuracy",
        "comparison",
    )
    assert {"a", "b", "published", "measured"} <= set(texts(svg(plot)))


def test_a_matrix_has_numbers_as_long_as_they_can_be_read() -> None:
    assert "90.0%" not in " ".join(texts(svg(EVERY["matrix"])))
    assert texts(svg(EVERY["matrix"])).count("90") == 10
    assert "".join(texts(svg(EVERY["matrix"], wide=True))).count("90.0%") == 10
    for count, number in ((25, "90"), (26, ""), (100, "")):
        shown = texts(svg(matrix([f"c{at}" for at in range(count)]), wide=True))
        assert shown.count("90") == (count if number else 0)


def test_a_matrix_may_have_one_class_or_a_class_without_images() -> None:
    assert "only" in texts(svg(matrix(["only"])))
    empty = MatrixPlot("confusion", "confusion", ("a", "b"), ((0, 0), (3, 1)))
    assert "75.0%" in "".join(texts(svg(empty)))


values = st.lists(st.one_of(st.none(), st.floats(width=32), st.just(1.0)), min_size=1, max_size=400)


@settings(max_examples=100)
@given(values, st.integers(1, 40), st.booleans())
def test_thinning_keeps_the_extremes_and_is_bounded(
    given_values: list[float | None], most: int, log: bool
) -> None:
    curve = Curve("c", list(range(len(given_values))), given_values)
    x, y = thinned(*curve.points(), most, log=log)
    whole = np.array(given_values, dtype=np.float64)
    known = np.isfinite(whole) & ((whole > 0) | (not log))
    drawn = y[np.isfinite(y)]
    assert len(drawn) <= max(2 * most, 2 * most + 4)
    assert len(y) <= 2 * len(drawn)
    assert np.all(np.diff(x[np.isfinite(x)]) > 0)
    if known.any():
        assert drawn.min() == whole[known].min()
        assert drawn.max() == whole[known].max()
    for place, value in zip(x[np.isfinite(x)], drawn, strict=True):
        assert whole[int(place)] == value


def test_a_point_between_gaps_is_alone_and_one_beside_another_is_not() -> None:
    y = np.array([1.0, math.nan, 2.0, 3.0, math.nan, 4.0])
    assert alone(np.arange(6.0), y).tolist() == [True, False, False, False, False, True]


def test_a_curve_that_goes_back_becomes_two_lines() -> None:
    x, y = thinned(np.array([1.0, 2.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0, 4.0]), 10)
    assert np.isnan(y).tolist() == [False, False, True, False, False]
    assert np.isnan(x).tolist() == np.isnan(y).tolist()
