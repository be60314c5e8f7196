"""Which plots several runs have: all that the help lists, or a reason why one is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from export.comparisons import finished, imported
from history.samples import change

from cnnlab.errors import ConfigError
from cnnlab.export.available_plots import CURVES, names_of, plots_of_runs
from cnnlab.export.job import ExportJob, ExportOptions
from cnnlab.export.plot_data import BarsPlot
from cnnlab.export.plot_names import PLOTS
from cnnlab.export.plotting.files import write_plot
from cnnlab.history.queries import Reader
from cnnlab.home import Home

OF_SEVERAL = {name for name, plot in PLOTS.items() if plot.of_several}


def names(home: Home, *ids: str) -> set[str]:
    with Reader(home) as reader:
        return set(names_of(plots_of_runs(reader, ids, ExportOptions())))


def refused(home: Home, name: str, *ids: str, **options: str) -> str:
    chosen = ExportOptions(plot=name, **options)  # type: ignore[arg-type]
    with pytest.raises(ConfigError) as caught:
        write_plot(ExportJob(home, ids, options=chosen), home.root / "plot.svg", "svg")
    return str(caught.value)


@pytest.mark.parametrize("epochs", [1, 3])
def test_runs_of_any_length_have_every_plot_that_is_listed(home: Home, epochs: int) -> None:
    ids = [
        finished(home, f"run{at}", 0.8 + at / 100, f"optimizer.lr=0.0{at + 1}", epochs=epochs)
        for at in range(2)
    ]
    assert CURVES in OF_SEVERAL
    assert names(home, *ids) == OF_SEVERAL


def test_the_plot_of_groups_says_how_many_runs_each_is_of(home: Home, groups: list[str]) -> None:
    assert names(home, *groups) == OF_SEVERAL
    with Reader(home) as reader:
        found = plots_of_runs(reader, groups, ExportOptions())
    (bars,) = [one for one in found if isinstance(one, BarsPlot) and one.name == "comparison"]
    assert bars.members == (3, 1)


def test_what_is_missing_is_told_with_its_reason(home: Home, groups: list[str]) -> None:
    for name in sorted({*PLOTS} - OF_SEVERAL):
        assert "takes one run" in refused(home, name, *groups)
    assert "runs that differ only in the seed are one" in refused(home, "comparison", *groups[:3])
    one, two = (imported(home, name, validated=False) for name in ("a", "b"))
    assert "no validation accuracy was recorded" in refused(home, "accuracy", one, two)
    change(home, "update epochs set train_accuracy = null, validation_accuracy = null")
    told = refused(home, "training-accuracy", *groups)
    assert "no training accuracy was recorded" in told
    assert "training-loss" in told


def test_of_one_run_there_are_no_plots_of_several(home: Home, groups: list[str]) -> None:
    for name in ("comparison", "training-loss", "training-accuracy"):
        assert "takes several runs" in refused(home, name, groups[0])


def test_training_accuracies_are_drawn_beside_those_of_validation(
    home: Home, groups: list[str], tmp_path: Path
) -> None:
    job = ExportJob(home, tuple(groups), options=ExportOptions(plot="training-accuracy"))
    write_plot(job, tmp_path / "plot.svg", "svg")
    assert "Training accuracy" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
