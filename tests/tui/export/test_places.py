"""Exports from each screen: of the run, the comparison or the study that it shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui.conftest import Opened, line_with, until_shown
from tui.export.conftest import NAME, STEM, AtHistory, app, choose, names, until_told

from cnnlab.tui import navigation
from cnnlab.tui.screens.export.dialog import ExportDialog


async def test_enter_exports_the_run_under_the_cursor_while_one_goes_elsewhere(
    at_history: AtHistory, here: Path, gate: Path
) -> None:
    async with at_history() as pilot:
        await pilot.press("E")
        await until_shown(pilot, f"Export {NAME}", f"{STEM}.html")
        assert line_with(pilot, "html").index("html") < line_with(pilot, "csv").index("tidy")
        await choose(pilot, "json")
        await until_shown(pilot, f"{STEM}.json")
        await pilot.press("enter")
        assert app(pilot).exports.words.startswith(f"writing {STEM}.json")
        await pilot.press("1")
        gate.touch()
        await until_told(pilot, f"Wrote {here / STEM}.json")
        assert names(here) == [f"{STEM}.json"]
        assert app(pilot).exports.words == ""


async def test_a_result_is_exported_as_it_is_shown(at_history: AtHistory) -> None:
    async with at_history() as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "Checkpoints")
        await pilot.press("tab", "tab", "b", "E")
        await until_shown(pilot, f"Export {NAME}", "checkpoint ◂ last ▸")
        await choose(pilot, "pdf")
        await until_shown(pilot, f"{STEM}-confusion.pdf")


async def test_a_comparison_is_exported_against_its_baseline_with_its_runs_as_they_stand(
    at_history: AtHistory, here: Path
) -> None:
    async with at_history() as pilot:
        await navigation.compare(app(pilot), ["aaaa0001", "aaaa0002"])
        await until_shown(pilot, "baseline ◆ lr=0.01")
        await pilot.press("a", "down", "enter")
        await until_shown(pilot, "baseline ◆ lr=0.02")
        await pilot.press("E", "j", "enter")
        await until_told(pilot, f"Wrote {here}/2-runs.md")
    report = (here / "2-runs.md").read_text(encoding="utf-8")
    assert "held against lr=0.02" in report
    assert "lr=0.01 | lr=0.02 (baseline)" in " ".join(report.split()), "in the screen's order"


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
