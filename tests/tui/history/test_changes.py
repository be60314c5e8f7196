"""Marked runs get tags and notes, and one run another name."""

from __future__ import annotations

import pytest
from tui.conftest import Opened, until, until_shown
from tui.history.conftest import names, runs, screen, selected, until_told

from cnnlab.errors import ConfigError
from cnnlab.history.naming import TagChange
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.tui.screens.history.edits import tag_change
from cnnlab.tui.screens.history.table import RunTable


@pytest.mark.usefixtures("five")
async def test_runs_are_marked_and_unmarked(opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("space", "space")
        assert screen(pilot).table.marks == {"aaaa0005", "aaaa0004"}
        assert selected(pilot) == "aaaa0003"
        await until_shown(pilot, "2 marked")
        await pilot.press("u")
        assert not screen(pilot).table.marks
        await pilot.press("asterisk")
        assert len(screen(pilot).table.marks) == 5
        await pilot.click(RunTable, offset=(0, 1))
        assert "aaaa0005" not in screen(pilot).table.marks
        assert selected(pilot) == "aaaa0005"


async def test_tags_are_added_and_taken_away_on_all_marked_runs(five: Home, opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("space", "space", "t")
        await pilot.press(*"lr-sweep, -old", "enter")
        await until(pilot, lambda: "lr-sweep" in runs(five)["aaaa0005"].tags)
        await until_told(pilot, "Added lr-sweep and took away old: 2 runs.")
    assert runs(five)["aaaa0005"].tags == ("lr-sweep", "paper")
    assert runs(five)["aaaa0004"].tags == ("lr-sweep",)
    assert runs(five)["aaaa0003"].tags == ()


def test_words_for_tags_are_taken_apart() -> None:
    assert tag_change(" a b , -c,, a b,- d") == TagChange(("a b",), ("c", "d"))
    assert tag_change("--c, ,") == TagChange((), ("-c",))


@pytest.mark.parametrize(("text", "words"), [("a, -", "minus stands"), ("a, -a", "'a' is both")])
def test_words_that_say_nothing_about_tags_are_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        tag_change(text)


async def test_tags_that_are_so_already_are_told(five: Home, opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("space", "space", "t", *"Paper, -old", "enter")
        await until_told(pilot, "Added Paper and took away old: 2 runs.")
        await pilot.press("t", *"paper", "enter")
        await until_told(pilot, "Added paper: 1 of 2 runs; the tags of the rest were so already.")
        await pilot.press("t", *"paper", "enter")
        await until_told(pilot, "Nothing changed: the tags of 2 runs were so already.")
    assert runs(five)["aaaa0004"].tags == ("Paper", "paper")


async def test_a_note_is_written_on_all_marked_runs(five: Home, opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("space", "space", "n", *" good ", "enter")
        await until_told(pilot, "Noted on 2 runs.")
    with Reader(five) as reader:
        notes = reader.notes(["aaaa0005", "aaaa0004"])
    assert [notes[run_id][-1].text for run_id in ("aaaa0005", "aaaa0004")] == ["good", "good"]


async def test_a_note_and_another_name_are_written(five: Home, opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("n")
        await pilot.press(*"worth a look", "enter")
        await until(pilot, lambda: pilot.app._notifications)
        pilot.app.clear_notifications()  # what they say would lie over it
        await until_shown(pilot, "“worth a look”")
        await pilot.press("r", "ctrl+u")
        await until_shown(pilot, "cannot be empty")
        await pilot.press(*"better", "enter")
        await until(pilot, lambda: names(pilot)[0] == "better")
    assert runs(five)["aaaa0005"].name == "better"
