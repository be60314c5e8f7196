"""From the history screen to others: the result, the comparison, another run."""

from __future__ import annotations

import pytest
from tui.conftest import Opened, until
from tui.history.conftest import selected, until_told

from cnnlab.tui.screens.history.screen import HistoryScreen


@pytest.mark.usefixtures("five")
async def test_two_to_eight_marked_runs_are_compared(opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("space", "v")
        await until_told(pilot, "Mark two to eight runs with Space")
        await pilot.press("space", "v")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "CompareScreen")


@pytest.mark.usefixtures("five")
async def test_enter_opens_the_result_and_the_list_is_as_it_was_after_it(opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("down", "enter")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "ResultScreen")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen))
        assert selected(pilot) == "aaaa0004"


@pytest.mark.usefixtures("five")
async def test_a_run_is_run_again_with_changes(opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("e")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "LaunchScreen")
