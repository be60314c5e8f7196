"""The screen of presets: what can be trained, published against measured, and ways to train it."""

from __future__ import annotations

import pytest
from history import samples
from textual.pilot import Pilot
from tui.conftest import Opened, shown, until, until_shown

from cnnlab.config import presets
from cnnlab.events import RunFinished
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.home import Home
from cnnlab.tui.screens.launch.screen import LaunchScreen
from cnnlab.tui.screens.presets.details import Details
from cnnlab.tui.screens.presets.screen import PresetsScreen
from cnnlab.tui.screens.presets.search import SearchInput
from cnnlab.tui.screens.presets.tree import PresetTree

STUDY = """
title = "Rates [/b]"
source = "A report, table 7"
description = "Two learning rates."
remark = "Read with care."
[data]
name = "{data}"
validation = 500
[model]
name = "simple-cnn"
channels = [2, 2]
[training]
epochs = 1
[[rows]]
name = "slow"
title = "slow rate"
published.accuracy = 0.95
optimizer.lr = 0.001
[[rows]]
name = "fast"
title = "fast rate"
published.accuracy = 0.5
published.class_precision = [0.1, 0.2, 0.3]
optimizer.lr = 0.01
[[rows]]
name = "usual"
optimizer.lr = 0.001
"""


def write_preset(home: Home, name: str, text: str) -> None:
    path = home.presets / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def finish_run(home: Home, run_id: str, preset: str, *settings: str) -> None:
    """A run of a preset, as it stands in the history after it was trained."""
    loaded = presets.load(home, preset)
    config = loaded.with_settings(settings).model_dump(mode="json")
    data, model = config["data"]["name"], config["model"]["name"]
    samples.add_run(home, run_id, config=config, preset=preset, dataset=data, model=model)
    result = samples.evaluation([str(digit) for digit in range(10)])
    samples.record(
        home,
        run_id,
        samples.STARTED,
        samples.evaluated("test", "best", 8, result),
        RunFinished("all 2 epochs done"),
    )


def statuses(home: Home, preset: str = "") -> list[tuple[str | None, str]]:
    with Reader(home) as reader:
        return [(run.preset, run.status) for run in reader.runs(RunFilter(preset=preset))]


async def search(pilot: Pilot[None], text: str) -> None:
    """Searches all there is, and goes to what was found."""
    await until(pilot, lambda: pilot.app.screen._catalog.loaded)
    await pilot.press("slash")
    pilot.app.screen.query_one(SearchInput).value = text
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.focused, PresetTree))


def tree(pilot: Pilot[None]) -> PresetTree:
    return pilot.app.screen.query_one(PresetTree)


def key(pilot: Pilot[None]) -> str:
    here = tree(pilot).here
    return here.key if here is not None else ""


def tree_line(pilot: Pilot[None], text: str) -> str:
    """The line of the tree that holds a text."""
    width = tree(pilot).region.right
    lines = [line[:width] for line in shown(pilot).splitlines()]
    return next((line for line in lines if text in line), "")


async def test_quickstart_is_told_of_first_and_the_reports_stand_below_it(opened: Opened) -> None:
    async with opened() as pilot:
        assert key(pilot) == "preset quickstart"
        await until_shown(pilot, "191", "LeNet on the 5,000 real MNIST digits")
        for report, rows in (("Arati", 55), ("Chen", 39), ("Giuliani", 48), ("Park", 21)):
            assert tree_line(pilot, report).split()[-1] == f"0/{rows}"


async def test_a_row_is_found_by_all_words_in_names_and_titles(opened: Opened) -> None:
    async with opened() as pilot:
        await until_shown(pilot, "191")
        await pilot.press("slash", *"CHEN", "space", *"0.99", "down")
        await until_shown(pilot, "1 of 191", "chen/momentum/momentum-0.99")
        assert key(pilot) == "preset chen/momentum/momentum-0.99"
        await until(pilot, lambda: "Arati" not in shown(pilot))
        await pilot.press("escape")
        await until_shown(pilot, "Arati")
        assert key(pilot) == "preset chen/momentum/momentum-0.99"
        assert "0.99" in tree_line(pilot, "0.99")


async def test_a_search_that_finds_nothing_says_so(opened: Opened) -> None:
    async with opened() as pilot:
        await until_shown(pilot, "191")
        await search(pilot, "qqq")
        await until_shown(pilot, "0 of 191", "Nothing is called so.")
        await pilot.press("enter", "a", "escape")
        await until_shown(pilot, "Start here")
        assert key(pilot) == "preset quickstart"


async def test_a_study_is_read_published_against_measured(opened: Opened, home: Home) -> None:
    write_preset(home, "rates", STUDY.format(data="mnist-5k"))
    finish_run(home, "a0000001", "rates/slow", "training.seed=1")
    finish_run(home, "a0000002", "rates/slow", "training.seed=2")
    async with opened(size=(120, 50)) as pilot:
        await until_shown(pilot, "Rates [/b]", "1/3")
        await search(pilot, "rates slow")
        await pilot.press("escape", "left")
        await until_shown(pilot, "1 of 3 rows trained", "0.9000 ± 0.0000 (2)")
        row = next(line for line in shown(pilot).splitlines() if "± 0.0000" in line)
        figures = ["‡", "0.95", "0.9000", "±", "0.0000", "(2)", "0.9000", "-5.0"]
        assert row.split("│")[-1].split()[2:] == figures
        text = " ".join(shown(pilot).split())
        assert "A report, table 7" in text
        assert "Not run yet: fast, usual." in text
        assert "Read with care." in text
        assert "‡ The published figure lies outside the range" in text
        assert tree_line(pilot, "slow rate").strip().startswith("✓")
        assert not tree_line(pilot, "fast rate").strip().startswith("✓")


async def test_a_row_says_where_it_differs_and_prints_its_classes(
    opened: Opened, home: Home
) -> None:
    write_preset(home, "rates", STUDY.format(data="mnist-5k"))
    finish_run(home, "a0000001", "rates/fast")
    async with opened(size=(120, 60)) as pilot:
        await until_shown(pilot, "Rates")
        await search(pilot, "rates fast")
        await until_shown(pilot, "optimizer.lr 0.01 (most rows 0.001)", "+40.0")
        lines = [line.split("│")[-1].split() for line in shown(pilot).splitlines()]
        assert ["1", "0.20", "0.9000"] in lines
        await until_shown(pilot, "lr=0.01")


async def test_runs_with_other_settings_do_not_compare(opened: Opened, home: Home) -> None:
    write_preset(home, "rates", STUDY.format(data="mnist-5k"))
    finish_run(home, "a0000001", "rates/slow", "training.epochs=3")
    async with opened(size=(120, 50)) as pilot:
        await until_shown(pilot, "Rates")
        await search(pilot, "rates slow")
        await until_shown(pilot, "trained otherwise", "training.epochs 3 instead of 1")
        await until(pilot, lambda: "-5.0" not in shown(pilot))
        await until(pilot, lambda: tree_line(pilot, "slow rate").strip().startswith("*"))
        assert tree_line(pilot, "Rates").split()[-1] == "0/3"
        await pilot.press("escape", "left")
        await until_shown(pilot, "0 of 3 rows trained as the study says, 1 with other")


async def test_a_broken_file_stands_in_its_place_with_its_error_until_it_is_mended(
    opened: Opened, home: Home
) -> None:
    write_preset(home, "mine/one", 'title = "A\\u001b[31m [/b]"\nextends = "quickstart"\n')
    write_preset(home, "mine/two", "[model]\nname = 'lenett'\n")
    async with opened(size=(120, 40)) as pilot:
        await until_shown(pilot, "Own presets", "A␛[31m [/b]", "mine/two")
        assert tree_line(pilot, "mine/two").strip().startswith("×")
        await search(pilot, "mine/two")
        await until_shown(pilot, "This file cannot be used.", "lenet")
        write_preset(home, "mine/two", 'title = "Mended"\nextends = "quickstart"\n')
        await pilot.press("escape")
        await until_shown(pilot, "Mended")


async def test_recent_configs_are_told_with_what_they_changed_and_each_stands_once(
    opened: Opened, home: Home
) -> None:
    finish_run(home, "a0000001", "quickstart", "training.seed=1")
    finish_run(home, "a0000002", "quickstart", "training.seed=2")
    finish_run(home, "a0000003", "quickstart", "optimizer.lr=0.5")
    async with opened(size=(120, 40)) as pilot:
        await until_shown(pilot, "Recent")
        with Reader(home) as reader:
            newest, second, first = (run.name for run in reader.runs())
        assert tree_line(pilot, newest)
        assert tree_line(pilot, second)
        assert not any(first in line[:46].split() for line in shown(pilot).splitlines())
        await pilot.press("G", "up")
        await until_shown(pilot, "optimizer.lr 0.5 (preset 0.002)")
        chosen = key(pilot)
        finish_run(home, "a0000004", "quickstart", "optimizer.lr=0.25")
        with Reader(home) as reader:
            added = reader.run("a0000004").name
        await until_shown(pilot, added)
        assert key(pilot) == chosen


async def test_where_there_is_little_room_the_details_take_the_place_of_the_tree(
    opened: Opened,
) -> None:
    async with opened(size=(60, 20)) as pilot:
        await until_shown(pilot, "Zhang")
        await until(pilot, lambda: "5,000 real MNIST" not in shown(pilot))
        await pilot.press("right")
        await until_shown(pilot, "5,000 real MNIST")
        assert isinstance(pilot.app.focused, Details)
        await until(pilot, lambda: "Zhang" not in shown(pilot))
        await pilot.press("left")
        await until_shown(pilot, "Zhang")
        assert isinstance(pilot.app.focused, PresetTree)


async def test_a_click_moves_the_cursor_and_opens_a_branch(opened: Opened) -> None:
    async with opened() as pilot:
        await until_shown(pilot, "Zhang")
        line = next(
            number for number, text in enumerate(shown(pilot).splitlines()) if "Chen" in text
        )
        await pilot.click(offset=(4, line))
        await until_shown(pilot, "Momentum")
        assert key(pilot) == "report chen"


@pytest.mark.parametrize("words", ["chen/width/channels-10", "chen/width"])
async def test_nothing_is_queued_where_the_data_set_is_absent(
    opened: Opened, home: Home, words: str
) -> None:
    async with opened(size=(120, 40)) as pilot:
        await until_shown(pilot, "191")
        await search(pilot, words)
        if words == "chen/width":
            await pilot.press("left", "left", "a")
            await until_shown(pilot, "4 of 4 rows are neither trained nor queued")
            await pilot.press("enter")
        else:
            await until_shown(pilot, "Not on this machine: mnist.")
            await pilot.press("a")
        await until_shown(pilot, "The data set mnist is not on this")
        assert statuses(home) == []


async def test_a_whole_study_queues_what_is_missing_for_the_seeds(
    opened: Opened, home: Home
) -> None:
    write_preset(home, "rates", STUDY.format(data="mnist-5k"))
    finish_run(home, "a0000001", "rates/slow", "training.seed=1")
    async with opened() as pilot:
        await until_shown(pilot, "Rates", "1/3")
        await search(pilot, "rates slow")
        await pilot.press("escape", "left", "a")
        await until_shown(pilot, "2 of 3 rows are neither trained nor")
        await pilot.press(*"1,x")
        await until_shown(pilot, "'x' is no seed.")
        await pilot.press("backspace", "2", "enter")
        await until(pilot, lambda: len(statuses(home)) == 6)
        await until(pilot, lambda: pilot.app.current_mode == "run")
        counts = {name: len(statuses(home, f"rates/{name}")) for name in ("slow", "fast", "usual")}
        assert counts == {"slow": 2, "fast": 2, "usual": 2}
        await pilot.press("1")
        await until(pilot, lambda: tree_line(pilot, "usual").strip()[:1] in ("…", "▶", "✓"))
        await pilot.press("a")
        await until_shown(pilot, "0 of 3 rows are neither trained nor")


async def test_enter_opens_the_form_of_a_row_and_of_a_recent_config(
    opened: Opened, home: Home
) -> None:
    finish_run(home, "a0000001", "quickstart", "optimizer.lr=0.5")
    async with opened() as pilot:
        await until_shown(pilot, "Recent")
        await search(pilot, "chen/l2/first")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LaunchScreen))
        await until_shown(pilot, "chen/l2/first")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, PresetsScreen))
        await pilot.press("escape", "G", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LaunchScreen))
        with Reader(home) as reader:
            name = reader.run("a0000001").name
        await until_shown(pilot, name)
