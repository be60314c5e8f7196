"""The filter of the history screen, while it is written and afterwards."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input
from tui.conftest import Opened, shown, until, until_shown
from tui.history.conftest import names, runs, screen

from cnnlab.home import Home
from cnnlab.tui.screens.history.table import RunTable
from cnnlab.tui.session import Session
from cnnlab.tui.settings import load_settings


async def type_filter(pilot: Pilot[None], text: str) -> None:
    await pilot.press("slash")
    await pilot.press(*text)


async def test_a_filter_shows_what_passes_while_it_is_written(five: Home, opened: Opened) -> None:
    async with opened("history") as pilot:
        await type_filter(pilot, "acc>0.92")
        await until_shown(pilot, "3 of 5")
        await pilot.press("space", *"dropout")
        await until_shown(pilot, "1 of 5")
        await pilot.press("enter")
        assert isinstance(pilot.app.focused, RunTable)
        assert names(pilot) == ["fourth"]
        assert load_settings(five).history.filter == "acc>0.92 dropout"
        await pilot.press("slash", "escape")
        await until(pilot, lambda: len(names(pilot)) == 5 or "dataset:" in shown(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: len(names(pilot)) == 5)
        assert isinstance(pilot.app.focused, RunTable)


@pytest.mark.usefixtures("five")
async def test_the_end_of_a_long_text_is_seen_while_it_is_written(opened: Opened) -> None:
    text = f"{'long ' * 20}text"
    async with opened("history") as pilot:
        await until_shown(pilot, "fifth")
        await pilot.press("slash", *("space" if key == " " else key for key in text))
        await until_shown(pilot, text[-30:])
        await pilot.press("ctrl+u", "escape")
        await until_shown(pilot, "dataset:cifar10 acc>0.9")


@pytest.mark.usefixtures("five")
async def test_a_wrong_filter_is_told_and_the_last_good_rows_stay(opened: Opened) -> None:
    async with opened("history") as pilot:
        await type_filter(pilot, "tag:paper")
        await until_shown(pilot, "2 of 5")
        pilot.app.screen.query_one(Input).insert_text_at_cursor(" acc>high")  # in one go
        await until_shown(pilot, "compares with what is no number")
        await until_shown(pilot, "2 of 5")
        await pilot.press("enter")
        assert isinstance(pilot.app.focused, Input)
        await pilot.press(*["backspace"] * len(" acc>high"))
        await until(pilot, lambda: "no number" not in shown(pilot))
        await pilot.press("enter")
        assert names(pilot) == ["fifth", "first"]


async def test_a_remembered_filter_that_no_longer_works_is_told_and_shows_all(
    five: Home, opened: Opened
) -> None:
    session = Session.begin(five)
    session.settings.history.filter = "acc>>"
    session.remember()
    async with opened("history") as pilot:
        await until_shown(pilot, "compares with what is no number")
        assert screen(pilot).table.listed == list(runs(five))


@pytest.mark.usefixtures("five")
async def test_tab_completes_keys_and_values(opened: Opened) -> None:
    async with opened("history") as pilot:
        await type_filter(pilot, "datas")
        await until_shown(pilot, "dataset:")
        await pilot.press("tab")
        await until_shown(pilot, "cifar10", "mnist-5k")
        await pilot.press("down", "tab")
        assert pilot.app.focused.value == "dataset:cifar10 "  # type: ignore[union-attr]
        await until_shown(pilot, "1 of 5")
        await pilot.press("enter")
        assert names(pilot) == ["third"]
