"""What the plots of a comparison are made of: which curves, of which kind, in whose colours."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from export.comparisons import finished
from history.samples import STARTED, add_run, change, epoch, record, steps

from cnnlab.analysis.comparison import compare
from cnnlab.analysis.curves import Curve
from cnnlab.events import RunFinished
from cnnlab.export.comparison_document import comparison_document
from cnnlab.export.comparison_plots import comparison_plots, mean_curve
from cnnlab.export.comparison_words import labels
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_data import BarsPlot, CurvesPlot, Plot
from cnnlab.export.run_plots import curve_plots
from cnnlab.history.queries import Reader
from cnnlab.home import Home


def trained(home: Home, name: str, epochs: int) -> str:
    """A run with four steps an epoch, whose losses lie far above the means of its epochs."""
    add_run(home, name, name=name, config={"optimizer": {"name": "sgd", "lr": len(name)}})
    record(home, name, STARTED)
    for number in range(1, max(epochs, 1) + 1):
        record(home, name, steps(4 * number - 3, (11.0, 9.0, 3.0, 1.0), epoch=number))
        if epochs:
            record(home, name, epoch(number))
    if epochs:
        record(home, name, RunFinished("done"))
    return name


def plots(home: Home, *ids: str) -> dict[str, Plot]:
    with Reader(home) as reader:
        comparison = compare(reader, ids, "best", baseline="")
        found = comparison_plots(reader, comparison, labels(comparison), ExportOptions())
    return {plot.name: plot for plot in found}


def curves(found: Plot) -> list[tuple[int, list[float | None]]]:
    """The group of each curve, and its values."""
    assert isinstance(found, CurvesPlot)
    values = [list(curve.y) for curve in found.curves]
    return list(zip(found.groups, values, strict=True))


def test_beside_a_run_of_several_epochs_one_of_a_single_epoch_has_its_mean_not_its_steps(
    home: Home,
) -> None:
    found = plots(home, trained(home, "long", 2), trained(home, "s", 1))["training-loss"]
    assert curves(found) == [(0, [0.5, 0.5]), (1, [0.5])]
    assert found.note == ""  # type: ignore[union-attr]


def test_that_a_run_has_finished_no_epoch_and_so_has_its_steps_is_told(home: Home) -> None:
    found = plots(home, trained(home, "long", 2), trained(home, "s", 0))
    assert curves(found["training-loss"])[1] == (1, [11.0, 9.0, 3.0, 1.0])
    notes = {name: plot.note for name, plot in found.items() if isinstance(plot, CurvesPlot)}
    assert notes["training-loss"] == "Of runs that finished no epoch single steps are drawn."
    assert "steps" not in notes["accuracy"]


def test_runs_of_a_single_epoch_are_drawn_by_their_steps_and_dots_are_left_out(home: Home) -> None:
    ids = [trained(home, name, 1) for name in ("a", "ab")]
    found = plots(home, *ids)
    assert curves(found["training-loss"]) == [(at, [11.0, 9.0, 3.0, 1.0]) for at in (0, 1)]
    assert {"loss", "accuracy", "training-accuracy"} <= set(found)
    with Reader(home) as reader:
        report = comparison_document(reader, ids, ExportOptions())
    assert [plot.name for plot in report.plots() if isinstance(plot, CurvesPlot)] == [
        "training-accuracy",
        "training-loss",
    ]


def test_a_band_is_a_whole_deviation_wide_also_beyond_what_a_share_can_be() -> None:
    values: Sequence[Sequence[float]] = ((0.0, 0.5, 1.0), (0.1, 0.6, 0.8))
    found = mean_curve("x", [Curve("", (1, 2, 3), each) for each in values])
    assert found is not None
    mean, band = found
    assert mean.y == pytest.approx((0.05, 0.55, 0.9))
    spreads = (0.0707, 0.0707, 0.1414)
    assert band.low == pytest.approx(
        [at - by for at, by in zip(mean.y, spreads, strict=True)], abs=1e-4
    )
    assert band.high == pytest.approx(
        [at + by for at, by in zip(mean.y, spreads, strict=True)], abs=1e-4
    )
    assert band.low[0] < 0
    assert band.high[2] > 1
    assert band.runs == 2


def test_a_group_has_one_colour_in_curves_and_bars_also_where_others_are_missing(
    home: Home,
) -> None:
    untested = trained(home, "untested", 2)
    ids = [
        *(finished(home, name, 0.8, f"optimizer.lr={name}") for name in ("0.1", "0.2")),
        *(finished(home, f"seed{at}", 0.9, f"training.seed={at}") for at in (1, 2)),
    ]
    found = plots(home, ids[0], untested, *ids[1:])
    bars = found["classes"]
    assert isinstance(bars, BarsPlot)
    named = dict(zip((name for name, _, _ in bars.series), bars.groups, strict=True))
    accuracy = found["accuracy"]
    assert isinstance(accuracy, CurvesPlot)
    drawn = {one.label: at for one, at in zip(accuracy.curves, accuracy.groups, strict=True)}
    assert named.items() < drawn.items()
    assert sorted(drawn.values()) == [0, 1, 2, 3]
    assert dict(zip(bars.groups, bars.runs, strict=True))[3] == 2


def test_validation_has_its_colour_also_where_no_training_is_known(home: Home) -> None:
    trained(home, "run", 2)
    change(home, "update runs set origin = 'csv'")
    change(home, "update epochs set train_accuracy = null")
    with Reader(home) as reader:
        found = curve_plots(reader, reader.run("run"), ExportOptions())
    assert {plot.name: plot.groups for plot in found} == {"loss": (0, 1), "accuracy": (1,)}


def of_rates(home: Home, *accuracies: float, **row: object) -> list[str]:
    """Groups of one run each."""
    return [
        finished(home, f"r{at:02}", accuracy, f"optimizer.lr=0.{at + 1:02}", **row)
        for at, accuracy in enumerate(accuracies)
    ]


def labels_of(found: Plot) -> list[str]:
    assert isinstance(found, CurvesPlot)
    return [curve.label for curve in found.curves]


def test_groups_without_the_figure_are_drawn_behind_the_others_and_told(home: Home) -> None:
    ids = [*of_rates(home, *[0.8] * 7), *(trained(home, name, 2) for name in ("x", "yy", "zzz"))]
    found = plots(home, *ids)["accuracy"]
    assert isinstance(found, CurvesPlot)
    assert len(found.curves) == 8
    assert found.note == (
        "8 of 10 groups are drawn: those with a test accuracy and the first of the others."
    )


def test_curves_of_different_images_are_the_first_ones_as_they_have_no_best(home: Home) -> None:
    ids = of_rates(home, *(0.5 + at / 100 for at in range(10)))
    change(home, "update runs set dataset = 'other' where id = 'r00'")
    found = plots(home, *ids)["accuracy"]
    assert labels_of(found)[0] == "lr=0.01"
    assert found.note == "8 of 10 groups are drawn: the first ones."  # type: ignore[union-attr]


def test_what_cannot_be_drawn_gives_way_to_what_can_in_a_colour_of_its_own(home: Home) -> None:
    ids = of_rates(home, *(0.9 - at / 100 for at in range(20)))
    change(home, "update epochs set validation_loss = null where run_id < 'r09' and run_id > 'r00'")
    found = plots(home, *ids)
    loss, accuracy = found["loss"], found["accuracy"]
    assert isinstance(loss, CurvesPlot)
    assert isinstance(accuracy, CurvesPlot)
    assert labels_of(loss) == ["lr=0.01", *(f"lr=0.{at}".rstrip("0") for at in range(10, 17))]
    assert loss.note == (
        "8 of 20 groups are drawn: the best by test accuracy; some of the others have no "
        "validation loss."
    )
    assert accuracy.note == "8 of 20 groups are drawn: the best by test accuracy."
    assert loss.groups == (0, *range(9, 16))
    assert accuracy.groups == tuple(range(8))


def test_classes_are_those_of_the_groups_that_have_them_and_the_reason_is_told(home: Home) -> None:
    ids = of_rates(home, *(0.5 + at / 100 for at in range(11)))
    change(
        home,
        "update class_metrics set class_name = class_name || '!' where evaluation_id in "
        "(select id from evaluations where run_id > 'r04')",
    )
    bars = plots(home, *ids)["classes"]
    assert isinstance(bars, BarsPlot)
    assert [name for name, _, _ in bars.series] == [f"lr=0.0{at}" for at in range(1, 6)]
    assert bars.note == "5 of 11 groups are drawn: the others have other classes, or none."


def test_a_plot_of_figures_of_different_images_says_so(home: Home) -> None:
    ids = of_rates(home, 0.8, 0.9)
    bars = plots(home, *ids)["comparison"]
    assert isinstance(bars, BarsPlot)
    assert (bars.note, bars.y_label) == ("", "test accuracy")
    change(home, "update runs set test_images = 100 where id = 'r00'")
    for name in ("comparison", "classes"):
        bars = plots(home, *ids)[name]
        assert isinstance(bars, BarsPlot)
        assert bars.note == "Not all were tested on the same images; their figures do not compare."
    assert plots(home, *ids)["comparison"].y_label == "test accuracy, different images"  # type: ignore[union-attr]
