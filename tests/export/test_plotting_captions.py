"""What stands on the axes of a plot, so that a paper can be told what its figures are of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from export.comparisons import imported
from export.test_plotting import DIGITS, bars, curves, matrix, picture, svg, texts
from history.samples import add_run, life, record

from cnnlab.export.available_plots import plots_of_runs
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_data import BarsPlot, MatrixPlot
from cnnlab.export.plotting.style import blank, label_of, paper_style
from cnnlab.history.queries import Reader
from cnnlab.home import Home

OF = "test images, best checkpoint"


def test_classes_and_their_images_stand_on_the_axes_in_one_line_or_two() -> None:
    plot = replace(bars(DIGITS, "precision", "recall", "F1"), things="class", of=OF)
    told = matrix(DIGITS)
    numbers = f"numbers: {OF}"
    for one, words, of in (
        (plot, "Share", OF),
        (replace(told, of=OF), "Predicted class", numbers),
    ):
        assert {words, of} <= set(texts(svg(one)))
        assert f"{words}, {of}" in texts(svg(one, wide=True))
    assert "Class" in texts(svg(plot))


def test_a_matrix_tells_that_its_numbers_are_images_where_it_has_some() -> None:
    assert "Predicted class, numbers: images" in texts(svg(matrix(DIGITS), wide=True))
    many = [f"class {at}" for at in range(30)]
    assert "Predicted class" in texts(svg(matrix(many), wide=True))


def test_a_second_line_below_a_matrix_has_room() -> None:
    for names in (DIGITS, [f"a class with a name {at}" for at in range(10)]):
        plot = replace(matrix(names), of=OF)
        assert (np.asarray(picture(plot))[-1] > 250).all()
    many = matrix([f"a class with a name {at}" for at in range(30)])
    seen, plain = (np.asarray(picture(one)) for one in (replace(many, of=OF), many))
    assert len(seen) - len(plain) == pytest.approx(42, abs=4)


def test_what_a_label_is_of_keeps_to_one_line_whatever_it_holds() -> None:
    with paper_style():
        assert label_of(blank(3.5, 2), "f1", "") == "F1"
        assert label_of(blank(7.16, 2), "f1", "a\nb").count("\n") == 0
        assert label_of(blank(3.5, 2), "f1", "x\n" * 40).count("\n") == 1


def test_a_legend_keeps_away_from_the_edge() -> None:
    for one in (bars(DIGITS, "precision", "recall", low=0.9), curves("training", "validation")):
        dots = np.asarray(picture(one))
        assert (dots[:60, :12] > 250).all()


def of_plots(home: Home, *ids: str) -> dict[str, tuple[str, str]]:
    """Of each plot of figures what its names are, and of what its figures are."""
    with Reader(home) as reader:
        found = plots_of_runs(reader, ids, ExportOptions())
    figures = {one.name: (one.things, one.of) for one in found if isinstance(one, BarsPlot)}
    return figures | {one.name: ("", one.of) for one in found if isinstance(one, MatrixPlot)}


def test_plots_of_a_run_tell_split_and_checkpoint(home: Home) -> None:
    add_run(home, "run")
    record(home, "run", *life())
    assert of_plots(home, "run") == {"classes": ("class", OF), "confusion": ("", OF)}


def test_plots_of_several_runs_tell_split_and_checkpoint(home: Home, groups: list[str]) -> None:
    told = {"classes": ("class", OF), "comparison": ("", "best checkpoint")}
    assert of_plots(home, *groups) == told


def test_a_figure_of_epochs_is_of_no_checkpoint(home: Home) -> None:
    ids = [imported(home, name) for name in ("a", "b")]
    assert of_plots(home, *ids) == {"comparison": ("", "")}
