"""Exports from the screens: the dialog, the process behind it, and what is told of it."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import pytest
from history import samples
from history.samples import add_run, record
from textual.pilot import Pilot
from textual.widgets import Input, OptionList
from tui.conftest import Opened, line_with, shown, until, until_shown

from cnnlab.config.run import RunConfig
from cnnlab.errors import ConfigError
from cnnlab.export.formats import FORMATS
from cnnlab.export.plot_names import PLOTS
from cnnlab.history.edits import delete_run
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.tui import navigation
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.exports import ExportRequest, Subject
from cnnlab.tui.screens.export.choices import Choices, formats
from cnnlab.tui.screens.export.dialog import ExportDialog
from cnnlab.tui.screens.export.stock import read_stock
from cnnlab.tui.screens.export.target import target

NAME = 'a "b" & [c], 2'
STEM = "a-b-c-2"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which cnnlab was started."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def two(home: Home) -> Home:
    """Two finished runs that differ in the learning rate."""
    for number, name in enumerate(("other", NAME), start=1):
        tables = {
            "data": {"name": "mnist-5k"},
            "model": {"name": "lenet"},
            "optimizer": {"name": "sgd", "lr": number / 100},
        }
        config = RunConfig.model_validate(tables).model_dump(mode="json")
        add_run(home, f"aaaa000{number}", name=name, config=config)
        record(home, f"aaaa000{number}", *samples.life())
    return home


def app(pilot: Pilot[None]) -> CnnlabApp:
    found = pilot.app
    assert isinstance(found, CnnlabApp)
    return found


async def choose(pilot: Pilot[None], name: str) -> None:
    """Puts the cursor of the dialog on a format."""
    found = pilot.app.screen.query_one(OptionList)
    found.highlighted = [form.name for form in formats()].index(name)
    await pilot.pause()


async def until_told(pilot: Pilot[None], text: str) -> None:
    """Waits until a notification holds a text."""
    told = pilot.app._notifications
    await until(pilot, lambda: any(text in " ".join(one.message.split()) for one in told))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("two")
async def test_enter_exports_the_run_under_the_cursor_while_one_goes_elsewhere(
    opened: Opened, here: Path
) -> None:
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
        await pilot.press("E")
        await until_shown(pilot, f"Export {NAME}", f"{STEM}.html")
        assert line_with(pilot, "html").index("html") < line_with(pilot, "csv").index("tidy")
        await choose(pilot, "json")
        await until_shown(pilot, f"{STEM}.json")
        await pilot.press("enter")
        assert app(pilot).exports.words == f"writing {STEM}.json, ^x stops"
        await pilot.press("1")
        await until_told(pilot, f"Wrote {here / STEM}.json")
        assert names(here) == [f"{STEM}.json"]
        assert app(pilot).exports.words == ""


@pytest.mark.usefixtures("two")
async def test_the_dialog_says_in_which_folder_the_file_will_be(
    opened: Opened, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "plots").mkdir()
    monkeypatch.setenv("HOME", str(here.parent))
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
        await pilot.press("E")
        await until_shown(pilot, f"{STEM}.html", "in ~/here")
        await pilot.press("tab", "home", *"plots/")
        await until_shown(pilot, f"plots/{STEM}.html", "in ~/here/plots")
        await pilot.press("home", "x")
        await until_shown(pilot, "There is no folder xplots.")
        assert "in ~" not in shown(pilot)
        field = pilot.app.screen.query_one(Input)
        for text in ("plots", "plots/"):
            field.value = text
            await until_shown(pilot, f"as {STEM}.html in ~/here/plots")
        field.value = "plots/x.pdf"
        await until_shown(pilot, "✗ x.pdf ends as pdf does, and the format is html.")
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, ExportDialog)
        field.value = "plots/x.html"
        await until_shown(pilot, "   in ~/here/plots")
        assert "✗" not in shown(pilot)


def test_a_target_that_cannot_be_is_told() -> None:
    for text, words in (("~nosuchuser/x", "no home folder"), ("x" * 300, "File name too long")):
        with pytest.raises(ConfigError, match=words):
            target(text, FORMATS["html"], "x", folder=False)


def test_a_name_that_says_what_is_not_so_is_told_without_options(here: Path) -> None:
    (here / "results").mkdir()
    os.mkfifo(here / "pipe")
    for text, form, folder, words in (
        ("x.pdf", "html", False, "x.pdf ends as pdf does, and the format is html."),
        ("x.PT", "safetensors", False, "x.PT ends as torchscript does, and the format is"),
        ("x.csv", "csv", True, "x.csv is called as one table, and all of them are a folder."),
        ("new/", "html", False, "There is no folder new."),
        ("/", "csv", True, "/ is no name for a folder."),
        ("/dev/null", "html", False, "/dev/null is neither a file nor a folder."),
        ("pipe", "csv", True, "pipe is neither a file nor a folder."),
    ):
        with pytest.raises(ConfigError) as caught:
            target(text, FORMATS[form], "y", folder=folder)
        assert words in str(caught.value)
        assert "--" not in str(caught.value)
    for text, form, folder in (
        ("x.htm", "html", False),
        ("results/", "html", False),
        ("x.csv", "csv", False),
        ("x.2024", "tensorboard", True),
        ("new/", "csv", True),
    ):
        target(text, FORMATS[form], "y", folder=folder)


@pytest.mark.usefixtures("two")
async def test_one_table_is_a_file_and_all_are_a_folder(opened: Opened, here: Path) -> None:
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
        await pilot.press("E")
        await choose(pilot, "csv")
        await until_shown(pilot, f"{STEM}-csv", "a folder with a file each")
        await pilot.press("tab", "tab", "right")
        await until_shown(pilot, f"{STEM}-runs.csv")
        await pilot.press("enter")
        await until_told(pilot, f"Wrote {here / STEM}-runs.csv")
        with (here / f"{STEM}-runs.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["name"] for row in rows] == [NAME]


@pytest.mark.usefixtures("two")
async def test_what_is_there_already_is_written_over_only_after_a_question(
    opened: Opened, here: Path
) -> None:
    old = here / f"{STEM}.json"
    old.write_text("old", encoding="utf-8")
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
        await pilot.press("E")
        await choose(pilot, "json")
        await until_shown(pilot, f"{STEM}.json is there already")
        await pilot.press("enter")
        await until_shown(pilot, f"Write over {STEM}.json?")
        await pilot.press("n")
        await until_shown(pilot, "is there already")
        assert old.read_text(encoding="utf-8") == "old"
        await pilot.press("enter", "y")
        await until_told(pilot, f"Wrote {old}")
        assert old.read_text(encoding="utf-8").startswith("{")


@pytest.mark.usefixtures("two")
async def test_a_path_may_be_a_folder_or_below_home_and_a_wrong_one_says_so(
    opened: Opened, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(here))
    (here / "results").mkdir()
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
        await pilot.press("E")
        await choose(pilot, "json")
        field = pilot.app.screen.query_one(Input)
        field.value = "nowhere/run.json"
        await until_shown(pilot, "✗ There is no folder nowhere.")
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, ExportDialog)
        field.value = ""
        await until_shown(pilot, "✗ Write where it shall go.")
        field.value = "~/results"
        await pilot.press("enter")
        await until_told(pilot, f"Wrote {here}/results/{STEM}.json")
        # The next one is offered the same format and folder.
        await pilot.press("E")
        await until_shown(pilot, f"results/{STEM}.json")


@pytest.mark.usefixtures("two")
async def test_a_name_that_is_written_by_hand_stays_when_the_format_changes(opened: Opened) -> None:
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
        await pilot.press("E", "j")
        await until_shown(pilot, f"{STEM}.md")
        field = pilot.app.screen.query_one(Input)
        field.value = "mine.txt"
        await pilot.press("j")
        await pilot.pause()
        assert field.value == "mine.txt"


@pytest.mark.usefixtures("two")
async def test_formats_that_cannot_be_say_why(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
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


@pytest.mark.usefixtures("two")
async def test_figures_that_the_run_does_not_have_are_told_in_the_dialog(opened: Opened) -> None:
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
        await pilot.press("E")
        await choose(pilot, "svg")
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
        assert "✗" not in shown(pilot)


def test_a_run_that_was_cut_short_is_offered_what_it_has(home: Home) -> None:
    add_run(home, "aaaa0001")
    record(home, "aaaa0001", samples.STARTED, samples.epoch(1), samples.checkpoint("last", 1))
    subject = Subject.of_runs(["aaaa0001"], "x")
    with Reader(home) as reader:
        choices = Choices(subject, read_stock(reader, subject))
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
    with Reader(home) as reader:
        choices = Choices(subject, read_stock(reader, subject))
    assert "needs a checkpoint" in choices.fault(FORMATS["safetensors"])


def test_a_run_that_failed_at_once_cannot_be_drawn(home: Home) -> None:
    add_run(home, "aaaa0001")
    subject = Subject.of_runs(["aaaa0001"], "x")
    with Reader(home) as reader:
        choices = Choices(subject, read_stock(reader, subject))
    words = "needs curves or evaluations, and this run has none"
    assert choices.fault(FORMATS["png"]) == words
    assert choices.fault(FORMATS["html"]) == ""
    assert [option.name for option in choices.options()] == ["columns", "table"]


@pytest.mark.usefixtures("two")
async def test_stopped_exports_leave_nothing_half_and_say_so(opened: Opened, here: Path) -> None:
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
        for number in range(9):
            request = ExportRequest(Subject("x", ("aaaa0001",)), "json", here / f"{number}.json")
            app(pilot).exports.begin(request)
        assert app(pilot).exports.words == "writing 0.json and 8 more, ^x stops"
        await pilot.press("ctrl+x")
        await until_told(pilot, f"Stopped: {here}/8.json was not written.")
        await until(pilot, lambda: app(pilot).exports.under_way == 0)
        told = [one.message for one in app(pilot)._notifications]
        missing = [number for number in range(9) if f"{number}.json" not in names(here)]
        assert len(names(here)) == 9 - len(missing)
        for number in missing:
            assert f"Stopped: {here}/{number}.json was not written." in told


@pytest.mark.usefixtures("two")
async def test_quitting_while_an_export_is_under_way_asks_first(opened: Opened, here: Path) -> None:
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
        request = ExportRequest(Subject("x", ("aaaa0001",)), "json", here / "x.json")
        app(pilot).exports.begin(request)
        await pilot.press("q")
        await until_shown(pilot, "An export is under way.")
        await pilot.press("n")
        await until_told(pilot, "Wrote")


@pytest.mark.usefixtures("two")
async def test_an_error_of_the_export_is_told(opened: Opened, here: Path) -> None:
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
        request = ExportRequest(Subject("x", ("bbbb0001",)), "json", here / "x.json")
        app(pilot).exports.begin(request)
        await until_told(pilot, "The run x (bbbb0001) is not in the history any more.")
        several = Subject("x", ("bbbb0001", "aaaa0001"))
        app(pilot).exports.begin(ExportRequest(several, "json", here / "x.json"))
        await until_told(pilot, "1 of these 2 runs is not in the history any more.")
        assert names(here) == []


async def test_a_run_that_was_deleted_while_its_result_is_open_is_told(
    opened: Opened, two: Home, here: Path
) -> None:
    gone = f"The run {NAME} (aaaa0002) is not in the history any more."
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
        await pilot.press("enter")
        await until_shown(pilot, "Checkpoints")
        await pilot.press("E")
        await until_shown(pilot, f"Export {NAME}")
        with Reader(two) as reader:
            delete_run(two, reader.run("aaaa0002"))
        await pilot.press("enter")
        await until_told(pilot, gone)
        await pilot.press("E")
        assert not isinstance(pilot.app.screen, ExportDialog)
        assert names(here) == []


@pytest.mark.usefixtures("two")
async def test_a_result_and_a_comparison_are_exported_as_what_they_are(
    opened: Opened, here: Path
) -> None:
    async with opened("history") as pilot:
        await until_shown(pilot, NAME[:5])
        await pilot.press("enter")
        await until_shown(pilot, "Checkpoints")
        await pilot.press("tab", "tab", "b", "E")
        await until_shown(pilot, f"Export {NAME}", "checkpoint ◂ last ▸")
        await choose(pilot, "pdf")
        await until_shown(pilot, f"{STEM}-confusion.pdf")
        await pilot.press("escape", "escape")
        await navigation.compare(app(pilot), ["aaaa0001", "aaaa0002"])
        await until_shown(pilot, "2 runs · best checkpoint")
        await pilot.press("a", "down", "enter")
        await until_shown(pilot, "baseline ◆ lr=0.02")
        await pilot.press("E", "j", "enter")
        await until_told(pilot, f"Wrote {here}/2-runs.md")
        request = app(pilot).exports.last
        assert request is not None
        assert request.subject.run_ids == ("aaaa0002", "aaaa0001")
        assert "0.02" in (here / "2-runs.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("two")
async def test_a_study_is_exported_by_its_name(opened: Opened, here: Path) -> None:
    async with opened("presets") as pilot:
        await until_shown(pilot, "191")
        await pilot.press("slash", *"table-1", "enter")
        await until_shown(pilot, "▾ Arati")
        await pilot.press("up", "E")
        await until_shown(pilot, "Export arati/table-1")
        await pilot.press("j", "enter")
        await until_told(pilot, "Wrote")
        request = app(pilot).exports.last
        assert request is not None
        assert request.subject.study == "arati/table-1"
        assert names(here) == [request.path.name]


@pytest.mark.usefixtures("two")
async def test_what_is_no_study_and_no_run_says_what_can_be_exported(opened: Opened) -> None:
    async with opened("presets") as pilot:
        await until_shown(pilot, "191")
        await pilot.press("slash", *"table-1", "enter")
        await until_shown(pilot, "▾ Arati")
        for key in ("up", "down"):
            await pilot.press(*[key] * 3, "E")
            await until_told(pilot, "A study or a run can be exported: put the cursor on one.")
            app(pilot).clear_notifications()
        assert not isinstance(pilot.app.screen, ExportDialog)


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


def test_a_command_names_options_before_the_runs() -> None:
    subject = Subject.of_runs(["-odd", "b"], "x")
    request = ExportRequest(subject, "csv", Path("/x/y.csv"), {"table": "runs"}, force=True)
    assert request.command() == [
        "export", "--format", "csv", "--output", "/x/y.csv", "--json", "--table", "runs",
        "--force", "--", "-odd", "b",
    ]  # fmt: skip
    study = ExportRequest(Subject("s", study="a/b"), "html", Path("/x/y.html"))
    assert study.command()[-2:] == ["--study", "a/b"]
