"""The order of the runs in the history screen, and the studies they stand under."""

from __future__ import annotations

import pytest
from tui.conftest import Opened, shown, until, until_shown
from tui.history.conftest import names, screen

from cnnlab.history.filters import parse
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.home import Home
from cnnlab.tui.screens.history.listing import lines_of, read_listing
from cnnlab.tui.screens.history.screen import rest_after
from cnnlab.tui.screens.history.table import RunTable
from cnnlab.tui.settings import HistoryView, load_settings


async def test_a_click_on_a_header_sorts_and_a_second_one_turns_the_order_round(
    five: Home, opened: Opened
) -> None:
    async with opened("history") as pilot:
        header = shown(pilot).splitlines()[2]
        await pilot.click(RunTable, offset=(header.index("accuracy"), 0))
        assert names(pilot) == ["fourth", "second", "third", "first", "fifth"]
        await until_shown(pilot, "accuracy▼")
        await pilot.click(RunTable, offset=(header.index("accuracy"), 0))
        assert names(pilot) == ["fifth", "first", "third", "second", "fourth"]
        await until_shown(pilot, "accuracy▲")
    assert load_settings(five).history.sort == "accuracy"


@pytest.mark.usefixtures("five")
async def test_one_chooses_what_to_sort_by(opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("o", "g", "enter")
        await until(pilot, lambda: "name▲" in shown(pilot))
        assert names(pilot) == ["fifth", "first", "fourth", "second", "third"]


async def test_runs_stand_under_their_studies_which_open_and_close(
    five: Home, opened: Opened
) -> None:
    async with opened("history") as pilot:
        await pilot.press("b")
        lines = [line.strip() for line in shown(pilot).splitlines()]
        assert any(line.startswith("▾ no study 2 runs".replace("y 2", "y  2")) for line in lines)
        await until_shown(pilot, "▾ arati 1 run", "▾ chen/base 2 runs")
        await pilot.press("g", "enter")
        await until_shown(pilot, "▸ no study 2 runs")
        assert "fifth" not in names(pilot)
        await pilot.press("space")
        await until_shown(pilot, "2 runs, 2 marked")
        assert screen(pilot).table.marks == {"aaaa0004", "aaaa0005"}
    assert load_settings(five).history.by_study


def test_a_listing_knows_the_newest_run_whatever_the_order(five: Home) -> None:
    with Reader(five) as reader:
        for query, newest in (("", "aaaa0005"), ("chen", "aaaa0002"), ("nothing", "")):
            wanted = RunFilter(query=parse(query))
            for view in (HistoryView(sort="name"), HistoryView(), HistoryView(ascending=True)):
                listing = read_listing(reader, wanted, view)
                assert listing.newest == newest
                assert len(listing.known) == 5
                assert lines_of(listing, by_study=False) == listing.ids


def test_a_list_that_is_dear_to_read_rests_but_never_for_long() -> None:
    assert rest_after(0.01) == pytest.approx(0.2)
    assert rest_after(30) == 10
