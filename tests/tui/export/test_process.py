"""Exports under way: stopped, failed, of runs that are gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tui.conftest import until, until_shown
from tui.export.conftest import NAME, AtHistory, app, names, until_told

from cnnlab.history.edits import delete_run
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.tui.exports import ExportRequest, Subject
from cnnlab.tui.screens.export.dialog import ExportDialog


@pytest.mark.usefixtures("gate")
async def test_stopped_exports_leave_nothing_half_and_say_so(
    at_history: AtHistory, here: Path
) -> None:
    async with at_history() as pilot:
        for number in range(9):
            request = ExportRequest(Subject("x", ("aaaa0001",)), "json", here / f"{number}.json")
            app(pilot).exports.begin(request)
        words = r"writing 0\.json( \d+ s)? and 8 more, \^x stops"  # it tells more than ten seconds
        assert re.fullmatch(words, app(pilot).exports.words)
        await pilot.press("ctrl+x")
        await until_told(pilot, f"Stopped: {here}/8.json was not written.")
        await until(pilot, lambda: app(pilot).exports.under_way == 0)
        told = [one.message for one in app(pilot)._notifications]
        missing = [number for number in range(9) if f"{number}.json" not in names(here)]
        assert len(names(here)) == 9 - len(missing)
        for number in missing:
            assert f"Stopped: {here}/{number}.json was not written." in told


async def test_quitting_while_an_export_is_under_way_asks_first(
    at_history: AtHistory, here: Path, gate: Path
) -> None:
    async with at_history() as pilot:
        request = ExportRequest(Subject("x", ("aaaa0001",)), "json", here / "x.json")
        app(pilot).exports.begin(request)
        await pilot.press("q")
        await until_shown(pilot, "An export is under way.")
        await pilot.press("n")
        gate.touch()
        await until_told(pilot, "Wrote")


async def test_exports_are_made_in_the_order_in_which_they_are_asked_for(
    at_history: AtHistory, here: Path
) -> None:
    async with at_history() as pilot:
        for number in range(3):
            request = ExportRequest(Subject("x", ("aaaa0001",)), "json", here / f"{number}.json")
            app(pilot).exports.begin(request)
        await until(pilot, lambda: app(pilot).exports.under_way == 0)
        told = [one.message.partition(" (")[0] for one in app(pilot)._notifications]
        assert told == [f"Wrote {here}/{number}.json" for number in range(3)]


async def test_an_error_of_the_export_is_told(at_history: AtHistory, here: Path) -> None:
    async with at_history() as pilot:
        request = ExportRequest(Subject("x", ("bbbb0001",)), "json", here / "x.json")
        app(pilot).exports.begin(request)
        await until_told(pilot, "The run x (bbbb0001) is not in the history any more.")
        several = Subject("x", ("bbbb0001", "aaaa0001"))
        app(pilot).exports.begin(ExportRequest(several, "json", here / "x.json"))
        await until_told(pilot, "1 of these 2 runs is not in the history any more.")
        assert names(here) == []


async def test_a_run_that_was_deleted_while_its_result_is_open_is_told(
    at_history: AtHistory, two: Home, here: Path
) -> None:
    gone = f"The run {NAME} (aaaa0002) is not in the history any more."
    async with at_history() as pilot:
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


def test_a_command_names_options_before_the_runs() -> None:
    subject = Subject.of_runs(["-odd", "b"], "x")
    request = ExportRequest(subject, "csv", Path("/x/y.csv"), {"table": "runs"}, force=True)
    assert request.command() == [
        "export", "--format", "csv", "--output", "/x/y.csv", "--json", "--table", "runs",
        "--force", "--", "-odd", "b",
    ]  # fmt: skip
    study = ExportRequest(Subject("s", study="a/b"), "html", Path("/x/y.html"))
    assert study.command()[-2:] == ["--study", "a/b"]
