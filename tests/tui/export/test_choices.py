"""What the dialog offers: formats, plots, checkpoints and images that there are."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from itertools import product
from pathlib import Path

import pytest
from export.comparisons import finished, imported
from history import samples
from history.samples import add_run, record
from tui.conftest import Opened, shown, until, until_shown
from tui.export.conftest import AtHistory, app, ask_for, choose

from cnnlab.errors import ConfigError
from cnnlab.events import CHECKPOINTS
from cnnlab.export.formats import FORMATS
from cnnlab.export.job import ExportJob, ExportOptions
from cnnlab.export.plot_names import PLOTS
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.tui import navigation
from cnnlab.tui.exports import Subject
from cnnlab.tui.screens.export.choices import Choices, formats
from cnnlab.tui.screens.export.dialog import ExportDialog
from cnnlab.tui.screens.export.stock import read_stock


def choices_of(home: Home, *ids: str, baseline: str = "") -> Choices:
    subject = Subject.of_runs(ids, "x", baseline=baseline)
    with Reader(home) as reader:
        return Choices(subject, read_stock(reader, subject))


def plots_of(choices: Choices) -> list[str]:
    return [name for one in choices.options() if one.name == "plot" for name in one.meanings]


async def test_formats_that_cannot_be_say_why(
    at_history: AtHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    async with at_history() as pilot:
        await pilot.press("asterisk", "E")
        await until_shown(pilot, "Export 2 runs", "2-runs.html")
        await choose(pilot, "parquet")
        await until_shown(pilot, "✗ parquet needs pip install 'cnnlab[parquet]'.")
        await pilot.press("enter")
        await choose(pilot, "onnx")
        await until_shown(pilot, "✗ onnx takes one run alone.")
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, ExportDialog)
        await pilot.press("escape")
        assert app(pilot).exports.under_way == 0


async def test_figures_that_the_run_does_not_have_are_told_in_the_dialog(
    at_history: AtHistory,
) -> None:
    async with at_history() as pilot:
        await ask_for(pilot, "svg")
        await pilot.press("tab", "tab", *["left"] * 2, "tab", "tab", "right", "tab", "right")
        await until_shown(
            pilot,
            "plot ◂ classes",
            "checkpoint ◂ last",
            "images ◂ train",
            "✗ This run was not evaluated on train images with the last checkpoint.",
        )
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, ExportDialog)
        await pilot.press("left")
        await until_shown(pilot, "images ◂ test", "in ")
        await until(pilot, lambda: "✗" not in shown(pilot))


def test_a_run_that_was_cut_short_is_offered_what_it_has(home: Home) -> None:
    add_run(home, "aaaa0001")
    record(home, "aaaa0001", samples.STARTED, samples.epoch(1), samples.checkpoint("last", 1))
    choices = choices_of(home, "aaaa0001")
    offered = {option.name: list(option.meanings) for option in choices.options()}
    assert offered["plot"] == ["curves", "loss", "accuracy"]
    assert offered["checkpoint"] == ["last"]
    assert "split" not in offered
    assert choices.fault(FORMATS["safetensors"]) == ""
    last = {"plot": "curves", "columns": "1", "table": "all", "checkpoint": "last"}
    assert choices.chosen(FORMATS["safetensors"], last) == {"checkpoint": "last"}
    assert choices.chosen(FORMATS["markdown"], last) == {}
    assert choices.absence(FORMATS["safetensors"], {"checkpoint": "best"}) != ""
    samples.change(home, "update checkpoints set kind = 'previous'")
    choices = choices_of(home, "aaaa0001")
    assert "needs a checkpoint" in choices.fault(FORMATS["safetensors"])


def test_a_run_that_failed_at_once_cannot_be_drawn(home: Home) -> None:
    add_run(home, "aaaa0001")
    choices = choices_of(home, "aaaa0001")
    words = "needs curves or evaluations, and this run has none"
    assert choices.fault(FORMATS["png"]) == words
    assert choices.fault(FORMATS["html"]) == ""
    assert [option.name for option in choices.options()] == ["columns", "table"]


def test_the_dialog_knows_every_format_and_every_plot() -> None:
    assert {form.name for form in formats()} == set(FORMATS)
    assert formats()[0].name == "html"
    one, several = Subject("x", ("a",)), Subject("x", ("a", "b"))
    offered = {
        name
        for subject in (one, several)
        for option in Choices(subject).options()
        if option.name == "plot"
        for name in option.meanings
    }
    assert offered == set(PLOTS)


def settings(home: Home) -> list[str]:
    return [finished(home, f"run-{at}", 0.9, f"optimizer.lr=0.{at}") for at in (1, 2)]


def seeds(home: Home) -> list[str]:
    return [finished(home, f"run-{at}", 0.9, f"training.seed={at}") for at in (1, 2)]


def curves(home: Home) -> list[str]:
    return [imported(home, name) for name in ("a", "b")]


def curves_of_training(home: Home) -> list[str]:
    return [imported(home, name, validated=False) for name in ("a", "b")]


def one_of_two(home: Home) -> list[str]:
    add_run(home, "waits")
    return ["waits", finished(home, "done", 0.9)]


COURSES = ("curves", "loss", "accuracy", "training-loss", "training-accuracy")
OFFERED: dict[Callable[[Home], list[str]], tuple[str, ...]] = {
    settings: (*COURSES, "classes", "comparison"),
    seeds: (*COURSES, "classes"),
    curves: (*COURSES, "comparison"),
    curves_of_training: ("curves", "training-loss", "training-accuracy"),
    one_of_two: (*COURSES, "classes"),
}


@pytest.mark.parametrize("made", OFFERED)
def test_several_runs_are_offered_the_plots_that_the_command_writes(
    home: Home, here: Path, made: Callable[[Home], list[str]]
) -> None:
    ids = made(home)
    choices = choices_of(home, *ids)
    assert plots_of(choices) == list(OFFERED[made])
    for plot, checkpoint in product(PLOTS, CHECKPOINTS):
        job = ExportJob(home, tuple(ids), options=ExportOptions(plot=plot, checkpoint=checkpoint))
        is_offered = plot in plots_of(choices) and not choices.absence(
            FORMATS["svg"], choices.chosen(FORMATS["svg"], {"plot": plot, "checkpoint": checkpoint})
        )
        with nullcontext() if is_offered else pytest.raises(ConfigError):
            FORMATS["svg"].load()(job, here / "x.svg")


async def test_a_comparison_says_which_figures_its_runs_do_not_have(
    opened: Opened, home: Home
) -> None:
    ids = settings(home)
    async with opened("history") as pilot:
        await navigation.compare(app(pilot), ids)
        await until_shown(pilot, "2 runs · best checkpoint")
        await pilot.press("c")
        await until_shown(pilot, "2 runs · last checkpoint")
        await ask_for(pilot, "svg")
        await pilot.press("tab", "tab", "left", "left")
        words = "✗ The plot classes has no figures of the last checkpoint."
        await until_shown(pilot, "plot ◂ classes", words)


def test_several_runs_that_failed_at_once_cannot_be_drawn(home: Home) -> None:
    ids = ["aaaa0001", "aaaa0002"]
    for run_id in ids:
        add_run(home, run_id)
    choices = choices_of(home, *ids)
    words = "needs curves or evaluations, and these runs have none"
    assert choices.fault(FORMATS["png"]) == words
    assert choices.fault(FORMATS["html"]) == ""


def test_very_many_runs_are_offered_all_plots_at_once(home: Home) -> None:
    ids = [f"{number:08}" for number in range(101)]
    for run_id in ids:
        add_run(home, run_id)
    assert plots_of(choices_of(home, *ids)) == [
        name for name, plot in PLOTS.items() if plot.of_several
    ]
    assert plots_of(choices_of(home, *ids[1:])) == []


def test_a_baseline_is_for_reports_of_several_runs(home: Home) -> None:
    ids = settings(home)
    html, csv = FORMATS["html"], FORMATS["csv"]
    choices = choices_of(home, *ids, baseline=ids[1])
    assert choices.chosen(html, {})["baseline"] == ids[1]
    assert "baseline" not in choices.chosen(csv, {})
    assert "baseline" not in choices_of(home, *ids).chosen(html, {})
    assert "baseline" not in choices_of(home, ids[1], baseline=ids[1]).chosen(html, {})
