"""What the history screen shows of runs: columns that fit, details, and nothing at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from tui.conftest import Opened, shown, until, until_shown
from tui.history.conftest import finished, names, screen

from cnnlab.history.edits import add_note
from cnnlab.history.queries import SORTABLE
from cnnlab.home import Home
from cnnlab.tui.screens.history.columns import COLUMNS, placed, total_width
from cnnlab.tui.screens.history.details import Details
from cnnlab.tui.screens.history.line_drawing import fitted
from cnnlab.tui.settings import load_settings


async def test_an_empty_history_says_what_to_do_next(opened: Opened) -> None:
    async with opened("history") as pilot:
        await until_shown(
            pilot, "No runs yet. Press 1, choose quickstart, press Enter, then Ctrl-R."
        )
        for key in ("down", "space", "enter", "t", "x", "v", "m", "e", "r", "o", "escape", "b"):
            await pilot.press(key)


async def test_a_history_that_cannot_be_read_is_told(home: Home, opened: Opened) -> None:
    home.root.mkdir(parents=True)
    Path(home.history).write_bytes(b"not a history" * 100)
    async with opened("history") as pilot:
        await until(pilot, lambda: "history" in shown(pilot).lower().split("quit")[0])
        assert pilot.app.screen.query_one(Details)


@pytest.mark.usefixtures("five")
async def test_at_80_columns_the_newest_runs_stand_with_their_main_figures(opened: Opened) -> None:
    async with opened("history") as pilot:
        assert names(pilot) == ["fifth", "fourth", "third", "second", "first"]
        header, newest = shown(pilot).splitlines()[2:4]
        for title in ("name", "status", "data set", "epochs", "accuracy", "started▼"):
            assert title in header
        assert "✓ finished" in newest
        assert "2/2" in newest
        assert "0.9000" in newest
        assert header.index("accuracy") + len("accuracy") == newest.index("0.9000") + len("0.9000")


async def test_a_wide_screen_tells_all_of_a_run_and_its_notes_beside_the_table(
    five: Home, opened: Opened
) -> None:
    add_note(five, "aaaa0004", "try [bold]less[/bold]\x1b[31m")
    async with opened("history", size=(160, 40)) as pilot:
        await pilot.press("down")
        await until_shown(pilot, "dropout too high", "lenet", "61,706")
        await until_shown(pilot, "try [bold]less[/bold]␛[31m")


async def test_names_are_shown_as_text_and_wide_ones_keep_the_columns(
    home: Home, opened: Opened
) -> None:
    finished(home, "aaaa0001", 0.9, name="[red]x[/]\x1b[2J\n")
    finished(home, "aaaa0002", 0.9, name="日本語の名前がとても長い実験です")
    async with opened("history") as pilot:
        long, marked = shown(pilot).splitlines()[3:5]
        assert "[red]x[/]␛[2J" in marked
        at = [cell_len(line[: line.index("✓")]) for line in (long, marked)]
        assert at[0] == at[1]


def test_texts_take_exactly_their_cells() -> None:
    for text in ("", "a", "日本語", "abc日本", "e\u0301e\u0301"):
        for width in range(1, 9):
            assert cell_len(fitted(text, width)) == width
            assert cell_len(fitted(text, width, right=True)) == width


def test_the_usual_columns_fit_and_more_come_with_the_room() -> None:
    counts = []
    for width in (77, 100, 130, 200):
        columns = placed((), width)
        assert total_width(columns) <= width
        counts.append(len(columns))
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_every_column_can_be_sorted_by_and_every_order_has_its_column() -> None:
    assert set(COLUMNS) == set(SORTABLE)


async def test_columns_are_chosen_and_remembered(five: Home, opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("c")
        await pilot.press("down", "space", "enter")
        await until(pilot, lambda: "status" not in shown(pilot).splitlines()[2])
    assert "status" not in load_settings(five).history.columns
    assert "name" in load_settings(five).history.columns


@pytest.mark.usefixtures("five")
async def test_more_columns_than_there_is_room_scroll_behind_the_names(opened: Opened) -> None:
    async with opened("history") as pilot:
        screen(pilot).table.choose_columns(list(COLUMNS))
        await pilot.pause()
        assert "tags" not in shown(pilot).splitlines()[2]
        await pilot.press(*["l"] * 30)
        await pilot.pause()
        header, newest = shown(pilot).splitlines()[2:4]
        assert "tags" in header
        assert newest[2:].startswith("fifth")
        assert "aaaa0005" in newest
