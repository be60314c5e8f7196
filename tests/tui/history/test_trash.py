"""Runs go to the trash, come back from it, and are deleted for good."""

from __future__ import annotations

import pytest
from history import samples
from history.samples import add_run, record
from tui.conftest import Opened, until, until_shown
from tui.history.conftest import config, names, screen, until_told

from cnnlab.history.trash import move_to_trash
from cnnlab.home import Home


@pytest.mark.usefixtures("five")
async def test_runs_go_to_the_trash_and_come_back(opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("space", "space", "x")
        await until_shown(pilot, "Move 2 runs to the trash?")
        await until_shown(pilot, "frees 4.0 kB of checkpoints")
        await pilot.press("y")
        await until(pilot, lambda: names(pilot) == ["third", "second", "first"])
        assert not screen(pilot).table.marks
        await pilot.press("z")
        await until(pilot, lambda: len(names(pilot)) == 5)


async def test_the_trash_is_shown_and_restored_from_and_emptied(five: Home, opened: Opened) -> None:
    for run_id in ("aaaa0001", "aaaa0002"):
        five.checkpoints(run_id).mkdir(parents=True)
        (five.checkpoints(run_id) / "best-2.pt").write_bytes(b"x" * 1500)
    move_to_trash(five, ["aaaa0001", "aaaa0002"])
    async with opened("history") as pilot:
        await pilot.press("T")
        assert names(pilot) == ["second", "first"]
        await pilot.press("enter")
        await until(pilot, lambda: names(pilot) == ["first"])
        await pilot.press("E")
        await until_shown(pilot, "Delete 1 run for good? That frees 1.5 kB.")
        assert pilot.app.focused.id == "no"  # type: ignore[union-attr]
        await pilot.press("y")
        await until_told(pilot, "Deleted 1 run, 1.5 kB freed.")
        await until_shown(pilot, "The trash is empty.")
        await pilot.press("escape")
        assert screen(pilot).table.listed == ["aaaa0005", "aaaa0004", "aaaa0003", "aaaa0002"]
    assert not five.run_folder("aaaa0001").exists()
    assert five.run_folder("aaaa0002").exists()


async def test_a_run_under_way_is_protected(five: Home, opened: Opened) -> None:
    add_run(five, "bbbb0001", name="live", config=config())
    record(five, "bbbb0001", samples.STARTED)
    async with opened("history") as pilot:
        await pilot.press("3", "x")
        await until_told(pilot, "is still being trained by process")
        await pilot.press("asterisk", "x")
        await until_shown(pilot, "Move 5 runs to the trash?", "1 run still under way or queued")
        await pilot.press("y")
        await until(pilot, lambda: names(pilot) == ["live"])
