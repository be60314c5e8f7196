"""Where an export goes, as it is written into the dialog, and what is there already."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from textual.widgets import Input
from tui.conftest import shown, until, until_shown
from tui.export.conftest import NAME, STEM, AtHistory, ask_for, until_told

from cnnlab.errors import ConfigError
from cnnlab.export.formats import FORMATS
from cnnlab.tui.screens.export.dialog import ExportDialog
from cnnlab.tui.screens.export.target import target


async def test_the_dialog_says_in_which_folder_the_file_will_be(
    at_history: AtHistory, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "plots").mkdir()
    monkeypatch.setenv("HOME", str(here.parent))
    async with at_history() as pilot:
        await pilot.press("E")
        await until_shown(pilot, f"{STEM}.html", "in ~/here")
        await pilot.press("tab", "home", *"plots/")
        await until_shown(pilot, f"plots/{STEM}.html", "in ~/here/plots")
        await pilot.press("home", "x")
        await until_shown(pilot, "There is no folder xplots.")
        await until(pilot, lambda: "in ~" not in shown(pilot))
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
        await until(pilot, lambda: "✗" not in shown(pilot))


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


async def test_one_table_is_a_file_and_all_are_a_folder(at_history: AtHistory, here: Path) -> None:
    async with at_history() as pilot:
        await ask_for(pilot, "csv")
        await until_shown(pilot, f"{STEM}-csv", "a folder with a file each")
        await pilot.press("tab", "tab", "right")
        await until_shown(pilot, f"{STEM}-runs.csv")
        await pilot.press("enter")
        await until_told(pilot, f"Wrote {here / STEM}-runs.csv")
        with (here / f"{STEM}-runs.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["name"] for row in rows] == [NAME]


async def test_what_is_there_already_is_written_over_only_after_a_question(
    at_history: AtHistory, here: Path
) -> None:
    old = here / f"{STEM}.json"
    old.write_text("old", encoding="utf-8")
    async with at_history() as pilot:
        await ask_for(pilot, "json")
        await until_shown(pilot, f"{STEM}.json is there already")
        await pilot.press("enter")
        await until_shown(pilot, f"Write over {STEM}.json?")
        await pilot.press("n")
        await until_shown(pilot, "is there already")
        assert old.read_text(encoding="utf-8") == "old"
        await pilot.press("enter", "y")
        await until_told(pilot, f"Wrote {old}")
        assert old.read_text(encoding="utf-8").startswith("{")


async def test_a_path_may_be_a_folder_or_below_home_and_a_wrong_one_says_so(
    at_history: AtHistory, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(here))
    (here / "results").mkdir()
    async with at_history() as pilot:
        await ask_for(pilot, "json")
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


async def test_a_name_that_is_written_by_hand_stays_when_the_format_changes(
    at_history: AtHistory,
) -> None:
    async with at_history() as pilot:
        await pilot.press("E", "j")
        await until_shown(pilot, f"{STEM}.md")
        field = pilot.app.screen.query_one(Input)
        field.value = "mine.txt"
        await pilot.press("j")
        await pilot.pause()
        assert field.value == "mine.txt"
