"""Imported curves without times: the screens show them, and take no file's time for a start."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from history.samples import add_run, life, record
from tui.conftest import Opened, until_shown

from cnnlab.home import Home
from cnnlab.interchange.readers import ImportOptions, import_runs
from cnnlab.tui.screens.result.screen import ResultScreen

WRITTEN = datetime(2019, 3, 1, 10, tzinfo=UTC)
DAY = f"{WRITTEN.astimezone():%Y-%m-%d}"


@pytest.fixture
def undated(home: Home, tmp_path: Path) -> str:
    path = tmp_path / "keras.csv"
    path.write_text("epoch,loss,val_loss,seconds\n0,1.5,1.75,12\n1,0.5,0.75,14\n")
    os.utime(path, (WRITTEN.timestamp(),) * 2)
    (arrival,) = import_runs(home, [path], ImportOptions())
    return arrival.written.id


@pytest.mark.usefixtures("undated")
async def test_the_list_tells_the_day_of_the_file(opened: Opened) -> None:
    async with opened("history", size=(160, 48)) as pilot:
        await until_shown(pilot, f"~{DAY}", "imported from CSV: curves only", "13 s an epoch")
        await until_shown(pilot, f"of {DAY} ")


async def test_its_curves_are_shown_and_laid_over_others(
    opened: Opened, home: Home, undated: str
) -> None:
    add_run(home, "aaaa0001", name="mine")
    record(home, "aaaa0001", *life())
    async with opened("history", size=(160, 48)) as pilot:
        await pilot.app.push_screen(ResultScreen(undated))
        await until_shown(pilot, "⣿ training 0.5000")
        await pilot.press("escape")
        await pilot.app.push_screen(ResultScreen("aaaa0001"))
        await until_shown(pilot, "⣿ training")
        await pilot.press("o")
        await until_shown(pilot, "Lay over", "keras  finished")
