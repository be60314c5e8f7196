"""The courses in the document of a comparison: means with bands, imported ones, the best few."""

from __future__ import annotations

import pytest
from export.comparisons import (
    blocks,
    curves,
    document,
    finished,
    heads,
    imported,
    row,
    table,
)
from history.samples import change

from cnnlab.export.comparison_document import comparison_document
from cnnlab.export.document import Figure, Listing
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_data import CurvesPlot
from cnnlab.history.queries import Reader
from cnnlab.home import Home


def test_curves_of_a_group_are_their_mean_with_a_band(home: Home, groups: list[str]) -> None:
    plot = curves(document(home, groups))["accuracy"]
    mean, single = plot.curves
    assert (mean.label, single.label) == ("lr=0.01", "lr=0.1")
    assert list(mean.x) == [1.0, 2.0]
    assert mean.y == pytest.approx([0.93 - 0.15, 0.93 - 0.10])
    band, none = plot.bands
    assert none is None
    assert band is not None
    assert band.high[0] - mean.y[0] == pytest.approx(0.0361, abs=1e-4)
    assert mean.y[0] - band.low[0] == pytest.approx(0.0361, abs=1e-4)
    assert plot.groups == (0, 1)


def test_a_mean_ends_where_the_first_of_its_runs_ends_and_leaves_out_what_is_no_number(
    home: Home, groups: list[str]
) -> None:
    finished(home, "long", 0.9, "optimizer.lr=0.01", "training.seed=7", epochs=4)
    change(home, "update epochs set train_loss = null where run_id = 'slow-1' and epoch = 1")
    plots = curves(document(home, [*groups, "long"]))
    assert list(plots["accuracy"].curves[0].x) == [1.0, 2.0]
    first, second = plots["training-loss"].curves[0].y
    assert first is None
    assert second is not None


def test_against_seconds_each_run_of_a_group_is_drawn(home: Home, groups: list[str]) -> None:
    with Reader(home) as reader:
        found = comparison_document(reader, groups, ExportOptions(by="time"))
    plot = curves(found)["accuracy"]
    labels = [curve.label for curve in plot.curves]
    assert labels == ["lr=0.01 seed=0", "lr=0.01 seed=1", "lr=0.01 seed=2", "lr=0.1"]
    assert plot.groups == (0, 0, 0, 1)
    assert (plot.x_label, plot.bands) == ("seconds", ())


def test_imported_curves_stand_beside_runs_and_never_fold(home: Home, groups: list[str]) -> None:
    ids = [*groups, imported(home, "old"), imported(home, "older")]
    found = document(home, ids)
    figures = table(found, "Figures")
    assert heads(figures)[3:] == ["old", "older"]
    assert row(figures, "seeds")[2:] == ["imported curves", "imported curves"]
    assert row(figures, "test accuracy")[2:] == ["–", "–"]
    assert row(figures, "best validation accuracy") == [
        "0.8300 ± 0.0361",
        "0.7000",
        "0.7000",
        "0.7000",
    ]
    fields = table(found, "Fields that differ")
    assert [cells[0].text for cells in fields.rows] == ["optimizer.lr", "training.seed"]
    assert row(fields, "optimizer.lr") == ["0.01", "0.1", "–", "–"]
    assert [curve.label for curve in curves(found)["loss"].curves][2:] == ["old", "older"]
    statuses = [cells[5 - 1].text for cells in table(found, "Runs").rows]
    assert statuses[-1] == "finished, imported from CSV"
    commands = [one.text for one in blocks(found, Listing) if one.language == "sh"]
    assert "old" not in commands[0]


def test_of_imported_curves_alone_there_are_curves_and_figures_of_epochs(home: Home) -> None:
    names = [imported(home, name, validated=False) for name in ("a", "b")]
    found = document(home, names)
    assert [*curves(found)] == ["training-accuracy", "training-loss"]
    assert not any(section.title == "Fields that differ" for section in found.sections)


def test_of_many_groups_all_are_in_tables_and_the_best_eight_in_plots(home: Home) -> None:
    ids = [
        finished(
            home, f"run-{at:02}", 0.5 + at / 100, f"optimizer.lr=0.{at + 1:02}", "training.seed=1"
        )
        for at in range(12)
    ]
    found = document(home, ids)
    assert len(table(found, "Figures").rows) == 12
    (accuracy,) = [
        block
        for block in blocks(found, Figure)
        if isinstance(block.plot, CurvesPlot) and block.plot.name == "accuracy"
    ]
    assert [curve.label for curve in accuracy.plot.curves] == [
        f"lr=0.{at + 1:02}".rstrip("0") for at in range(4, 12)
    ]
    assert accuracy.plot.groups == tuple(range(8))
    told = "8 of 12 groups are drawn: the best by test accuracy."
    assert accuracy.caption.endswith(told)
    assert accuracy.plot.note == told
