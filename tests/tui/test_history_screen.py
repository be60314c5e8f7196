"""The history screen: every run, found, ordered, marked and changed, with the selection kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from history import samples
from history.samples import add_run, change, record
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input
from tui.conftest import Opened, dead_process, shown, until, until_shown

from cnnlab.config.run import RunConfig
from cnnlab.errors import ConfigError
from cnnlab.events import RunStopped
from cnnlab.execution.queue import RunQueue
from cnnlab.execution.requests import RunRequest
from cnnlab.history.edits import add_note
from cnnlab.history.filters import parse
from cnnlab.history.naming import TagChange
from cnnlab.history.queries import SORTABLE, Reader, RunFilter
from cnnlab.history.records import RunRecord
from cnnlab.history.trash import move_to_trash
from cnnlab.home import Home
from cnnlab.tui.screens.history.columns import COLUMNS, placed, total_width
from cnnlab.tui.screens.history.departures import resume
from cnnlab.tui.screens.history.details import Details
from cnnlab.tui.screens.history.edits import tag_change
from cnnlab.tui.screens.history.line_drawing import fitted
from cnnlab.tui.screens.history.listing import lines_of, read_listing
from cnnlab.tui.screens.history.screen import HistoryScreen
from cnnlab.tui.screens.history.table import RunTable
from cnnlab.tui.settings import HistoryView, load_settings

SMALL = {
    "data": {"name": "mnist-5k", "validation": 500},
    "model": {"name": "lenet"},
    "training": {"epochs": 1, "batch_size": 250, "seed": 1},
}


def config(**changes: dict[str, Any]) -> dict[str, Any]:
    """A complete config."""
    tables = {key: SMALL.get(key, {}) | changes.get(key, {}) for key in (*SMALL, *changes)}
    return RunConfig.model_validate(tables).model_dump(mode="json")


def finished(home: Home, run_id: str, accuracy: float, **known: Any) -> str:
    """A run that came to its end; returns its name."""
    name = add_run(home, run_id, **{"config": config(), "preset": "quickstart"} | known)
    record(home, run_id, *samples.life())
    change(
        home,
        "update evaluations set accuracy = ? where run_id = ? and split = 'test'"
        " and checkpoint = 'best'",
        [accuracy, run_id],
    )
    return name


@pytest.fixture
def five(home: Home) -> Home:
    """Five finished runs of two studies and none, made one after another."""
    finished(home, "aaaa0001", 0.91, name="first", preset="chen/base/row", tags=["paper"])
    finished(home, "aaaa0002", 0.95, name="second", preset="chen/base/other")
    finished(home, "aaaa0003", 0.93, name="third", preset="arati/table", dataset="cifar10")
    finished(home, "aaaa0004", 0.99, name="fourth", note="dropout too high")
    finished(home, "aaaa0005", 0.90, name="fifth", tags=["paper", "old"])
    return home


def screen(pilot: Pilot[None]) -> HistoryScreen:
    found = pilot.app.screen
    assert isinstance(found, HistoryScreen)
    return found


def names(pilot: Pilot[None]) -> list[str]:
    """The first word of each line of the table, from top to bottom."""
    table = screen(pilot).table.region
    lines = shown(pilot).splitlines()[table.y + 1 : table.bottom]
    # Notifications may lie over what is further right, below the last line of the table too.
    starts = [line.partition("▌")[0][2:16] for line in lines]
    return [start.split()[0] for start in starts if start.strip()]


def selected(pilot: Pilot[None]) -> str:
    return screen(pilot).table.cursor


async def until_told(pilot: Pilot[None], *texts: str) -> None:
    """Waits until some texts stand in notifications."""
    told = pilot.app._notifications
    await until(pilot, lambda: all(any(text in each.message for each in told) for text in texts))


async def type_filter(pilot: Pilot[None], text: str) -> None:
    await pilot.press("slash")
    await pilot.press(*text)


def runs(home: Home) -> dict[str, RunRecord]:
    with Reader(home) as reader:
        return {run.id: run for run in reader.runs()}


# What is shown


async def test_an_empty_history_says_what_to_do_next(opened: Opened) -> None:
    async with opened("history") as pilot:
        await until_shown(
            pilot, "No runs yet. Press 1, choose quickstart, press Enter, then Ctrl-R."
        )
        for key in ("down", "space", "enter", "t", "x", "v", "m", "e", "r", "o", "escape", "b"):
            await pilot.press(key)


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


# The selection


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
        await until_shown(pilot, "43")
        await pilot.pause(0.1)
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


# Order, filter, columns, groups


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
        await until_shown(pilot, text[-30:], seconds=10)
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
    async with opened("presets") as pilot:
        pilot.app.session.settings.history.filter = "acc>>"  # type: ignore[attr-defined]
        await pilot.press("3")
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


# Marks and changes


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


# The trash


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


# Runs that are no more, and go on


async def test_a_run_whose_process_is_gone_is_interrupted(five: Home, opened: Opened) -> None:
    gone = dead_process()
    add_run(five, "bbbb0001", name="live", config=config())
    record(five, "bbbb0001", samples.STARTED)
    async with opened("history") as pilot:
        await pilot.press("3")
        await until_shown(pilot, "▶ running")
        change(five, "update runs set pid = ? where id = 'bbbb0001'", [gone])
        await until_shown(pilot, "! interrupted", f"process {gone} ended without a word")


async def test_runs_cut_short_before_the_app_opened_are_told_then(
    five: Home, opened: Opened
) -> None:
    gone = dead_process()
    for number in range(1, 6):
        run_id = f"bbbb000{number}"
        add_run(five, run_id, name=f"[b]cut-{number}", config=config())
        record(five, run_id, samples.STARTED)
    change(five, "update runs set pid = ? where id like 'bbbb%'", [gone])
    async with opened("history") as pilot:
        await until_told(pilot, "5 runs were interrupted: [b]cut-", "and 2 more", "m resumes one")
        assert {run.status for key, run in runs(five).items() if key.startswith("bbbb")} == {
            "interrupted"
        }


@pytest.mark.usefixtures("five")
async def test_what_cannot_go_on_says_why(opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.press("m")
        await until_told(pilot, "is finished: there is nothing left to train")


async def test_a_run_left_in_a_queue_and_one_that_was_stopped_go_on_here(home: Home) -> None:
    queue = RunQueue(home)
    try:
        (run_id,) = queue.add([RunRequest(RunConfig.model_validate(SMALL), name="whole")])
        add_run(home, "bbbb0001", name="left", config=config())
        change(home, "update runs set pid = ? where id = 'bbbb0001'", [dead_process()])
        add_run(home, "bbbb0002", name="stopped", config=config())
        record(home, "bbbb0002", RunStopped("by hand"))
        with Reader(home) as reader:
            resumed, errors = resume(queue, reader, ["bbbb0001", "bbbb0002"])
        assert resumed == ["bbbb0001"]
        assert [error.message for error in errors] == [
            "The run stopped (bbbb0002) has no checkpoint to go on from."
        ]
        assert queue.waiting[-1:] == ("bbbb0001",)
        assert runs(home)[run_id].status in ("queued", "running")
    finally:
        queue.close()
        assert queue.join(60)


# Elsewhere


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


async def test_a_history_that_cannot_be_read_is_told(home: Home, opened: Opened) -> None:
    home.root.mkdir(parents=True)
    Path(home.history).write_bytes(b"not a history" * 100)
    async with opened("history") as pilot:
        await until(pilot, lambda: "history" in shown(pilot).lower().split("quit")[0])
        assert pilot.app.screen.query_one(Details)
