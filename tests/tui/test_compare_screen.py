"""The screen that holds runs against each other, on runs with known figures."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from analysis.finished_runs import compared, compared_before_deletion, finished, imported, seeds
from history.samples import change, evaluated, evaluation, record
from textual.pilot import Pilot
from textual.widgets import OptionList
from tui.conftest import Opened, until, until_shown

from cnnlab.events import ClassMetrics
from cnnlab.export.comparison_tables import Compared, config_tables
from cnnlab.history.trash import empty_trash, move_to_trash
from cnnlab.home import Home
from cnnlab.tui import navigation
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.screens.compare.material import Desk
from cnnlab.tui.screens.compare.screen import CompareScreen
from cnnlab.tui.screens.compare.sheets import config_sheet
from cnnlab.tui.widgets.dialogs import ChoiceDialog
from cnnlab.tui.widgets.pages import Pages


async def compare(pilot: Pilot[None], ids: Sequence[str], tab: str = "figures") -> None:
    app = pilot.app
    assert isinstance(app, CnnlabApp)
    await navigation.compare(app, ids)
    await until_shown(pilot, "best checkpoint")
    while app.screen.query_one(Pages).active != tab:
        await pilot.press("tab")
        await pilot.pause()


@pytest.fixture
def three(home: Home) -> list[str]:
    """Two groups of seeds that are near each other, and one that is far."""
    return [
        *seeds(home, "base", [0.90, 0.93, 0.91]),
        *seeds(home, "near", [0.92, 0.90, 0.93], "optimizer.lr=0.02"),
        *seeds(home, "far", [0.97, 0.98], "optimizer.lr=0.03"),
    ]


async def test_seeds_fold_and_what_is_noise_is_said_to_be(opened: Opened, three: list[str]) -> None:
    async with opened("history", size=(120, 40)) as pilot:
        await compare(pilot, three)
        await until_shown(
            pilot,
            "8 runs in 3 groups",
            "0.9133 ± 0.0153",
            "0.9750 ± 0.0071 *",
            "lr=0.02: +0.33 points, within the noise of the seeds (p = 0.80",
            "lr=0.03: +6.17 points, beyond the noise of the seeds",
        )


async def test_groups_tell_their_seeds_and_their_best_run(
    opened: Opened, home: Home, three: list[str]
) -> None:
    alone = finished(home, "alone", 0.5, "optimizer.lr=0.5")
    async with opened("history", size=(120, 40)) as pilot:
        await compare(pilot, [*three[:3], *three[6:], alone])
        await until_shown(
            pilot,
            "seeds 3 seeds 2 seeds 1 seed",
            "of the best run 0.9300 0.9800 0.5000",
        )


async def test_where_figures_do_not_compare_no_best_is_marked_and_the_screen_says_why(
    opened: Opened, home: Home
) -> None:
    ids = [
        finished(home, "quick", 0.9, "optimizer.lr=0.02"),
        finished(home, "slow", 0.8, "optimizer.lr=0.03"),
    ]
    for run_id, seconds in zip(ids, (3.0, 9.0), strict=True):
        change(home, "update runs set duration_s = ? where id = ?", [seconds, run_id])
    why = "Training times compare only where all runs were trained to their end"
    async with opened("history", size=(120, 40)) as pilot:
        await compare(pilot, ids)
        assert why not in await until_shown(pilot, "training time 3.0 s * 9.0 s")
    change(home, "update runs set status = 'interrupted' where id = ?", [ids[0]])
    async with opened("history", size=(120, 40)) as pilot:
        await compare(pilot, ids)
        await until_shown(pilot, why, "training time 3.0 s 9.0 s")


async def test_another_baseline_turns_the_differences(opened: Opened, three: list[str]) -> None:
    async with opened("history", size=(120, 40)) as pilot:
        await compare(pilot, three)
        await until_shown(pilot, "lr=0.03: +6.17 points")
        await pilot.press("a", "down", "down", "enter")
        await until_shown(pilot, "baseline ◆ lr=0.03", "lr=0.02: -5.83 points")


async def test_unfolded_every_run_has_a_column_of_its_own(opened: Opened, three: list[str]) -> None:
    async with opened("history", size=(120, 40)) as pilot:
        await compare(pilot, three)
        await until_shown(pilot, "in 3 groups")
        await pilot.press("f")
        text = await until_shown(pilot, "8 runs · best", "lr=0.02 seed=1")
        assert "±" not in text.split("Test accuracy against")[0]


async def test_the_last_checkpoint_has_its_own_figures(opened: Opened, home: Home) -> None:
    ids = [
        finished(home, "a", 0.9, last=0.71),
        finished(home, "b", 0.8, "optimizer.lr=0.2", last=0.72),
    ]
    async with opened("history") as pilot:
        await compare(pilot, ids)
        await until_shown(pilot, "0.9000 *")
        await pilot.press("c")
        await until_shown(pilot, "last checkpoint", "0.7200 *")


async def test_only_fields_that_differ_are_listed_and_machines_below(
    opened: Opened, home: Home
) -> None:
    ids = [
        finished(home, "a", 0.9, "training.seed=1"),
        finished(home, "b", 0.8, "optimizer.lr=0.2", "training.seed=2"),
    ]
    async with opened("history") as pilot:
        await compare(pilot, ids, "config")
        text = await until_shown(pilot, "optimizer.lr", "training.seed", "1 seed")
        assert "optimizer.momentum" not in text
        assert "batch_size" not in text


def test_of_many_seeds_the_screen_tells_as_many_as_the_report(home: Home) -> None:
    ids = [
        *seeds(home, "slow", [0.9] * 10, "optimizer.lr=0.02"),
        *seeds(home, "fast", [0.8] * 8, "optimizer.lr=0.2"),
        imported(home, "old", "mnist-5k", 0.7),
    ]
    comparison, names = compared(home, ids), ["slow", "fast", "old"]
    (report,) = config_tables(Compared(comparison, names, 0))
    sheet = config_sheet(comparison, names)
    for rows in (report.rows, sheet.rows[:2]):
        assert [[cell.text for cell in cells] for cells in rows] == [
            ["optimizer.lr", "0.02", "0.2", "–"],
            ["training.seed", "0, 1, 2, 3, 4, 5, 6, … (10 values)", "0, 1, 2, 3, 4, 5, 6, 7", "–"],
        ]


async def test_classes_differ_in_points_with_a_sign_and_by_the_figure_one_chooses(
    opened: Opened, home: Home
) -> None:
    def classes(value: float) -> list[ClassMetrics]:
        return [
            ClassMetrics("[/b]cat\x1b", value, 0.5, 0.8 - value, 10),
            ClassMetrics("dog", 0.5, value, 0.5, 10),
        ]

    ids = [
        finished(home, "a", 0.9, classes=classes(0.6)),
        finished(home, "b", 0.8, "optimizer.lr=0.2", classes=classes(0.64)),
    ]
    async with opened("history") as pilot:
        await compare(pilot, ids, "classes")
        await until_shown(pilot, "[/b]cat␛ 0.2000 -4.0 ▼", "dog 0.5000 0.0", "F1 on the test")
        await pilot.press("m")
        await until_shown(pilot, "[/b]cat␛ 0.6000 +4.0 ▲", "Precision on the test")
        await pilot.press("m")
        await until_shown(pilot, "dog 0.6000 +4.0 ▲", "Recall on the test")


async def test_groups_without_a_class_of_the_baseline_are_left_out_and_told(
    opened: Opened, home: Home
) -> None:
    other = [ClassMetrics("left", 0.5, 0.5, 0.5, 10), ClassMetrics("right", 0.5, 0.5, 0.5, 10)]
    ids = [
        finished(home, "a", 0.9, "optimizer.lr=0.1"),
        finished(home, "b", 0.8, "optimizer.lr=0.2"),
        finished(home, "c", 0.8, "optimizer.lr=0.3", "data.name=mine", classes=other),
    ]
    async with opened("history", size=(100, 24)) as pilot:
        await compare(pilot, ids, "classes")
        text = await until_shown(pilot, "lr=0.3 has other classes and is left out.")
        head = next(line for line in text.splitlines() if "class " in line)
        assert "lr=0.2" in head
        assert "lr=0.3" not in head
        assert "–" not in text.split(head)[1].split("F1 on")[0]


async def test_eight_groups_fit_80_columns_as_rows_and_their_words_can_be_scrolled(
    opened: Opened, home: Home
) -> None:
    ids = [
        finished(home, f"run {number}", 0.8 + number / 100, f"optimizer.lr=0.{number}")
        for number in range(1, 9)
    ]
    async with opened("history") as pilot:
        await compare(pilot, ids)
        text = await until_shown(pilot, "lr=0.1", "lr=0.8", "0.8800 *")
        assert "lr=0.8: +7.00 points" not in " ".join(text.split())
        await pilot.press(*["pagedown"] * 8)
        await until_shown(pilot, "lr=0.8: +7.00 points")


async def test_curves_have_the_differing_fields_in_their_legend_and_grow(
    opened: Opened, home: Home
) -> None:
    ids = [
        finished(home, "a", 0.9, "optimizer.lr=0.3"),
        finished(home, "b", 0.8, "optimizer.lr=0.2"),
    ]
    async with opened("history", size=(160, 48)) as pilot:
        await compare(pilot, ids, "curves")
        await until_shown(pilot, "lr=0.3 training", "lr=0.2 validation 0.6000")
        change(home, "update runs set status = 'running' where id = 'b'")
        record(home, "b", evaluated("validation", None, 8, evaluation(loss=0.125)))
        await until_shown(pilot, "lr=0.2 validation 0.1250", "lr=0.3 validation 0.6000")


async def test_runs_on_other_data_are_said_not_to_compare(opened: Opened, home: Home) -> None:
    ids = [finished(home, "a", 0.9), finished(home, "b", 0.8, "data.name=mine")]
    async with opened("history") as pilot:
        await compare(pilot, ids)
        await until_shown(pilot, "mine: tested on other images: the figures do not compare")
        await until_shown(pilot, "test accuracy 0.9000 0.8000")


@pytest.mark.parametrize("colour", [True, False], ids=["colour", "plain"])
async def test_at_80_columns_eight_runs_are_all_named_in_the_legends(
    opened: Opened, home: Home, monkeypatch: pytest.MonkeyPatch, colour: bool
) -> None:
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    kinds = ("batch-128", "batch-32", "scheduler", "adam", "momentum", "lr-0.1", "lower-lr", "wide")
    long = "a-model-with-a-very-long-name"
    ids = [
        finished(home, f"{long}-{kind}", 0.9, f"optimizer.lr=0.00{number}", f"data.name={long * 2}")
        for number, kind in enumerate(kinds, start=1)
    ]
    for run_id in ids:
        record(home, run_id, evaluated("validation", None, 8, evaluation(loss=0.125)))
    async with opened("history") as pilot:
        await compare(pilot, ids, "curves")
        text = await until_shown(pilot, "loss", "┌", "accuracy")
        above = text.split("┌")[0].split("loss")[1]
        names = [entry.split()[1] for entry in above.split("  ") if "…" in entry]
        assert len(set(names)) == 8, text
        signs = [entry.split()[0] for entry in above.split("  ") if "…" in entry]
        assert colour or len(set("".join(signs))) == 16
        await pilot.press("end")
        text = await until_shown(pilot, "loss at step")
        assert text.split("┌")[0].count("0.1250") == 8, "the values at the cursor"


async def test_runs_that_are_moved_to_the_trash_or_deleted_meanwhile_are_told(
    opened: Opened, home: Home
) -> None:
    ids = [
        finished(home, name, 0.9, f"optimizer.lr=0.{number}")
        for number, name in enumerate(("first", "second", "third"), start=1)
    ]
    async with opened("history") as pilot:
        await compare(pilot, ids)
        await until_shown(pilot, "compare 3 runs", "3 runs · best")
        move_to_trash(home, ["second"])
        await until_shown(pilot, "3 runs · 1 in the trash · best", "second is in the trash.")
        empty_trash(home)
        move_to_trash(home, ["first"])
        await until_shown(
            pilot,
            "compare 2 runs",
            "2 runs · 1 deleted · 1 in the trash · best",
            "1 run was deleted meanwhile and left out.",
            "first is in the trash.",
        )


def test_figures_and_curves_are_of_one_moment_though_a_run_is_deleted_meanwhile(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [finished(home, "a", 0.9), finished(home, "b", 0.8, "optimizer.lr=0.2")]
    desk = Desk(home, ids)
    with monkeypatch.context() as patched:
        comparing = compared_before_deletion(home, "b")
        patched.setattr("cnnlab.tui.screens.compare.material.compare", comparing)
        found = desk.read("best", fold=True)
    assert [one.run.id for one in found.series] == ids
    assert len(found.comparison.groups) == 2
    assert [one.run.id for one in desk.read("best", fold=True).series] == ["a"]


async def test_the_baseline_is_chosen_among_the_groups_asked_for_last(
    opened: Opened, three: list[str]
) -> None:
    async with opened("history", size=(120, 40)) as pilot:
        await compare(pilot, three)
        await until_shown(pilot, "in 3 groups")
        await pilot.press("f", "c", "a")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChoiceDialog))
        await until_shown(pilot, "8 runs · last")
        dialog = pilot.app.screen
        names = [str(one.prompt) for one in dialog.query_one(OptionList).options]
        assert len(names) == 8
        assert {"lr=0.02 seed=2", "lr=0.03 seed=1"} <= set(names)


async def test_runs_that_are_gone_are_said_to_be(opened: Opened, home: Home) -> None:
    finished(home, "a", 0.9)
    async with opened("history") as pilot:
        app = pilot.app
        assert isinstance(app, CnnlabApp)
        await navigation.compare(app, ["never", "ever"])
        await until_shown(pilot, "not in the history any more")
        assert isinstance(app.screen, CompareScreen)
        await pilot.resize_terminal(100, 30)
        await pilot.press("m", "a", "f", "c")
        await until_shown(pilot, "not in the history any more")
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, CompareScreen)
