"""The selected run stays selected, whatever comes and goes around it."""

from __future__ import annotations

from history.samples import add_run
from tui.conftest import Opened, shown, until, until_shown
from tui.history.conftest import config, finished, names, screen, selected

from cnnlab.history.trash import move_to_trash
from cnnlab.home import Home


async def test_new_runs_never_move_the_selection(five: Home, opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("down", "down")
        assert selected(pilot) == "aaaa0003"
        finished(five, "aaaa0006", 0.5, name="sixth")
        await until(pilot, lambda: "sixth" in names(pilot))
        assert selected(pilot) == "aaaa0003"
        await pilot.press("O")
        assert names(pilot)[0] == "first"
        assert selected(pilot) == "aaaa0003"


async def test_in_a_long_list_the_selected_line_stays_where_it_is_on_the_screen(
    home: Home, opened: Opened
) -> None:
    for number in range(40):
        add_run(home, f"{number:08x}", name=f"run-{number}", config=config())
    async with opened("history") as pilot:
        await pilot.press(*["pagedown"] * 2, "up", "up")
        before, at = selected(pilot), names(pilot)
        assert "run-39" not in at
        for number in range(40, 43):
            add_run(home, f"{number:08x}", name=f"run-{number}", config=config())
        await until(pilot, lambda: len(screen(pilot).table.listed) == 43)
        assert selected(pilot) == before
        assert names(pilot) == at


async def test_following_goes_to_each_new_run_until_one_moves_away(
    five: Home, opened: Opened
) -> None:
    async with opened("history") as pilot:
        await until_shown(pilot, "follows the newest")
        finished(five, "aaaa0006", 0.5, name="sixth")
        await until(pilot, lambda: selected(pilot) == "aaaa0006")
        await pilot.press("down")
        await until(pilot, lambda: "follows" not in shown(pilot))
        finished(five, "aaaa0007", 0.5, name="seventh")
        await until(pilot, lambda: "seventh" in names(pilot))
        assert selected(pilot) == "aaaa0005"
        await pilot.press("f")
        assert selected(pilot) == "aaaa0007"


async def test_the_selection_goes_to_the_neighbour_of_a_run_that_left_the_list(
    five: Home, opened: Opened
) -> None:
    async with opened("history") as pilot:
        await pilot.press("down", "down")
        move_to_trash(five, ["aaaa0003"])
        await until(pilot, lambda: "third" not in names(pilot))
        assert selected(pilot) == "aaaa0002"
