"""Runs that were imported, on every screen: curves without a config, and evaluations made later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from history import samples
from history.samples import add_run, change, evaluated, record
from textual.pilot import Pilot
from tui.conftest import Opened, line_with, shown, until, until_shown, words

from cnnlab.config.run import RunConfig
from cnnlab.errors import ConfigError
from cnnlab.export.run_words import run_words
from cnnlab.history.importing import ImportedRun, write_runs
from cnnlab.history.later_evaluations import record_later_evaluation
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.tui import navigation
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.screens.history.screen import HistoryScreen
from cnnlab.tui.screens.launch.source import Source
from cnnlab.tui.screens.launch.words import LaunchConfig
from cnnlab.tui.screens.presets.standing import read_standing
from cnnlab.tui.screens.result.screen import TABS, ResultScreen
from cnnlab.tui.session import Session
from cnnlab.tui.settings import load_settings

TIME = "2020-03-01T10:20:30.000+00:00"
SMALL = {"data": {"name": "mnist-5k"}, "model": {"name": "lenet"}}


def imported(home: Home, name: str, origin: str, *, evaluations: bool = False) -> str:
    """A run of curves alone, as the readers of such files make them; returns its id."""
    run = {
        "name": name, "status": "finished", "dataset": "unknown", "model": "unknown",
        "config": "{}", "monitor": "validation_accuracy", "epochs_planned": 3, "host": "",
        "pid": 0, "versions": "{}", "created_at": TIME, "started_at": TIME, "ended_at": TIME,
        "message": "imported from metrics.csv", "origin": origin, "best_epoch": 3,
        "best_step": 30, "best_value": 0.75,
    }  # fmt: skip
    rows: list[tuple[str, dict[str, Any]]] = []
    for epoch in (1, 2, 3):
        figures = {"train_loss": 1 / epoch, "validation_loss": 1.5 / epoch}
        figures["validation_accuracy"] = epoch / 4
        rows.append(("epochs", {"epoch": epoch, "step": 10 * epoch, **figures}))
        rows.append(("steps", {"step": 10 * epoch, "epoch": epoch, "loss": 1 / epoch}))
    for number, checkpoint in enumerate((None, "best") if evaluations else (), start=1):
        means = dict.fromkeys(("precision_macro", "recall_macro", "f1_macro"), 0.7)
        split = "validation" if checkpoint is None else "test"
        place = {"id": number, "split": split, "checkpoint": checkpoint, "epoch": 3, "step": 30}
        rows.append(("evaluations", {**place, "accuracy": 0.7, **means, "evaluated_at": TIME}))
    written = write_runs(home, [ImportedRun(run, rows, Path("metrics.csv"))])
    return written[0].id


def own(home: Home, run_id: str, **known: Any) -> str:
    """A finished run of this home; returns its id."""
    config = RunConfig.model_validate(SMALL).model_dump(mode="json")
    add_run(home, run_id, config=config, **known)
    record(home, run_id, *samples.life())
    return run_id


def app(pilot: Pilot[None]) -> CnnlabApp:
    found = pilot.app
    assert isinstance(found, CnnlabApp)
    return found


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_the_history_tells_where_a_run_comes_from_and_filters_by_it(
    opened: Opened, home: Home, size: tuple[int, int]
) -> None:
    imported(home, "old [b]", "tensorboard")
    own(home, "aaaa0001", name="mine")
    async with opened("history", size=size) as pilot:
        await until_shown(pilot, "mine", "old [b]")
        await pilot.press("slash", *"origin:tensorboard", "enter")
        await until(pilot, lambda: "mine" not in shown(pilot))
        await until_shown(pilot, "imported from TensorBoard:")
        await until(pilot, lambda: "seed unknown" not in shown(pilot))


async def test_runs_are_sorted_by_group_and_origin(opened: Opened, home: Home) -> None:
    own(home, "aaaa0001", name="alone")
    names = {"repeat": own(home, "aaaa0002", name="repeat", group="cafe0001")}
    names["old"] = imported(home, "old", "csv")
    async with opened("history", size=(160, 48)) as pilot:
        await until_shown(pilot, "repeat")
        screen = app(pilot).screen
        assert isinstance(screen, HistoryScreen)
        for column, first in (("group", "repeat"), ("origin", "old")):
            screen._choose_columns(("name", column))
            screen._sort(column)
            await until(pilot, lambda first=first: screen.table.listed[0] == names[first])
            text = await until_shown(pilot, f"{column}▲")
            assert "cafe0001" in text if column == "group" else "csv" in text


async def test_a_run_of_curves_alone_cannot_be_run_again(opened: Opened, home: Home) -> None:
    run_id = imported(home, "old", "tensorboard")
    async with opened("history") as pilot:
        await until_shown(pilot, "old")
        await pilot.press("e")
        await until_shown(pilot, "No config is known of old: it was imported from TensorBoard")
        await pilot.press("enter")
        await until_shown(pilot, "Checkpoints")
        keys = {key for key, _ in app(pilot).screen.active_bindings.items()}
        assert "E" in keys
        assert "e" not in keys
    with Reader(home) as reader, pytest.raises(ConfigError):
        Source.of_run(reader.run(run_id))
    assert read_standing(home).recent == ()


@pytest.mark.parametrize("evaluations", [False, True])
@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_a_result_shows_what_there_is_and_says_what_is_not(
    opened: Opened, home: Home, size: tuple[int, int], evaluations: bool
) -> None:
    run_id = imported(home, "old", "csv", evaluations=evaluations)
    nothing = "This run was imported from CSV: curves only."
    async with opened("history", size=size) as pilot:
        await app(pilot).push_screen(ResultScreen(run_id))
        await until_shown(pilot, "✓ finished   imported from CSV: curves only", "⣿ training")
        for tab in TABS[1:]:
            await pilot.press("tab")
            if tab == "Classes" and evaluations:
                await until_shown(pilot, "macro average 0.7000", "accuracy 0.7000")
            elif tab == "Config":
                await until_shown(pilot, "No config is known of it.", "curves only")
            elif tab != "Log":
                await until_shown(pilot, nothing)
            if not evaluations:
                await until(pilot, lambda: "checkpoint" not in shown(pilot))
            for key in ("s", "b", "o", "p", "c", "enter", "down"):
                await pilot.press(key)
        await pilot.press("escape")


@pytest.mark.parametrize("evaluations", [False, True])
async def test_only_what_a_run_of_curves_alone_has_can_be_exported(
    opened: Opened, home: Home, evaluations: bool
) -> None:
    imported(home, "old", "csv", evaluations=evaluations)
    async with opened("history", size=(100, 40)) as pilot:
        await until_shown(pilot, "old")
        await pilot.press("enter", "E")
        text = await until_shown(pilot, "Export old", "old.html")
        assert "checkpoint ◂" not in text
        assert "images " not in line_with(pilot, "html")
        for name in ("safetensors", "torchscript"):
            assert "needs a checkpoint, and this run has none" in line_with(pilot, name)
        await pilot.press(*"jjj")
        text = await until_shown(pilot, "plot ◂ curves ▸", "old-curves.png")
        assert "checkpoint ◂" not in text
        seen = []
        await pilot.press("tab", "tab")
        while "◂ curves" not in text or not seen:
            await pilot.press("right")
            text = await until_shown(pilot, "◂")
            seen.append(line_with(pilot, "◂").split("◂")[1].split("▸")[0].strip())
        assert seen == ["loss", "accuracy", "curves"]


async def test_imported_curves_stand_beside_own_runs(opened: Opened, home: Home) -> None:
    ids = [imported(home, "old", "tensorboard"), own(home, "aaaa0001", name="mine")]
    ids.append(imported(home, "older", "csv", evaluations=True))
    async with opened("history", size=(160, 48)) as pilot:
        await navigation.compare(app(pilot), ids)
        await until_shown(pilot, "3 runs · best checkpoint", "old training", "mine validation")
        await pilot.press("tab")
        await until_shown(pilot, "best validation accuracy", "0.7500")
        for _ in range(3):
            await pilot.press("tab")
            await pilot.pause()


def of_epochs(home: Home) -> str:
    """A run as a CSV file without steps makes it, its training as loss and accuracy an epoch."""
    run_id = imported(home, "keras", "csv")
    change(home, "update runs set steps_per_epoch = 1, best_step = 3 where id = ?", [run_id])
    epochs = "update epochs set step = epoch, train_accuracy = 0.3 * epoch where run_id = ?"
    change(home, epochs, [run_id])
    change(home, "delete from steps where run_id = ?", [run_id])
    return run_id


async def test_values_of_epochs_are_shown_as_they_were_told(opened: Opened, home: Home) -> None:
    run_id = of_epochs(home)
    async with opened("history") as pilot:
        await app(pilot).push_screen(ResultScreen(run_id))
        # The means of the smoothed ones would be 0.5238 and 0.6937.
        await until_shown(pilot, "⣿ training 0.3333", "⣿ training 0.9000")
        await until_shown(pilot, "by epoch · not smoothed")
        # The footer is drawn anew after the panel.
        await until(
            pilot,
            lambda: not any(key in shown(pilot) for key in ("s Smooth", "b X axis")),
        )
        await pilot.press("s", "b")
    assert load_settings(home).curves.by == "step"
    assert load_settings(home).curves.smoothing == 0.6


async def test_what_was_imported_without_times_is_not_drawn_by_time(
    opened: Opened, home: Home
) -> None:
    run_id = of_epochs(home)
    ids = [run_id, own(home, "aaaa0001", name="mine")]
    session = Session.begin(home)
    session.settings.curves.by = "time"
    session.remember()
    async with opened("history") as pilot:
        await app(pilot).push_screen(ResultScreen(run_id))
        await until_shown(pilot, "⣿ training 0.3333", "by epoch · ")
        await pilot.press("escape")
        await navigation.compare(app(pilot), ids)
        await until_shown(pilot, "keras training 0.3333", "by epoch · ")


async def test_beside_runs_with_steps_values_of_epochs_stay_as_they_are(
    opened: Opened, home: Home
) -> None:
    ids = [of_epochs(home), own(home, "aaaa0001", name="mine")]
    async with opened("history", size=(160, 48)) as pilot:
        await navigation.compare(app(pilot), ids)
        await until_shown(pilot, "keras training 0.3333", "mine training ~ ")
        await until_shown(pilot, "by epoch · ~ smoothed by 0.6 · training, then validation")


async def test_where_epochs_take_the_place_of_steps_all_is_seen_again(
    opened: Opened, home: Home
) -> None:
    run_id = own(home, "aaaa0001", name="mine")
    of_epochs(home)
    async with opened("history", size=(120, 40)) as pilot:
        await app(pilot).push_screen(ResultScreen(run_id))
        await until_shown(pilot, "by step · ~ smoothed by 0.6")
        await pilot.press("plus")
        await until_shown(pilot, "· step 2.75 to 6.25")
        await pilot.press("o", "space", "enter")
        await until_shown(pilot, "keras training 0.3333", "by epoch · ")
        assert " to " not in line_with(pilot, "by epoch")


async def test_three_runs_fit_a_legend_of_80_columns(opened: Opened, home: Home) -> None:
    ids = [imported(home, "densenet-121", "csv"), imported(home, "resnet-50", "tensorboard")]
    ids.append(imported(home, "shufflenet-v2", "csv", evaluations=True))
    async with opened("history") as pilot:
        await navigation.compare(app(pilot), ids)
        text = await until_shown(pilot, "densenet-121 ~ ", "shufflenet-v2 ~ ", "resnet-50 ~ ")
        legend = text.partition("loss   ")[2].partition("┌")[0]
        assert legend.count("• 0.5000") == 2  # of the third one no loss of validation is known
        assert "…" not in legend


def test_the_best_epoch_of_a_run_without_steps_has_none(home: Home) -> None:
    ids = [of_epochs(home), own(home, "aaaa0001")]
    with Reader(home) as reader:
        best = [dict(run_words(reader.run(one), ()))["best"] for one in ids]
    assert best == [
        "validation_accuracy 0.7500 in epoch 3",
        "validation_accuracy 0.8000 in epoch 2, step 8",
    ]


async def test_the_live_screen_shows_imported_curves_that_are_the_newest(
    opened: Opened, home: Home
) -> None:
    imported(home, "old", "csv", evaluations=True)
    async with opened("run", size=(160, 48)) as pilot:
        await until_shown(pilot, "✓ finished  old", "3 epochs")
        await pilot.press("t", "n", "c", "f")
        await until_shown(pilot, "imported from CSV: curves only")


async def test_a_run_of_an_archive_is_as_one_of_this_home(opened: Opened, home: Home) -> None:
    own(home, "aaaa0001", name="brought")
    change(home, "update runs set origin = 'archive'")
    async with opened("history", size=(160, 48)) as pilot:
        await until_shown(pilot, "brought", "imported from an archive")
        await pilot.press("enter")
        await until_shown(pilot, "✓ finished   imported from an archive   test accuracy 0.9000")
        await pilot.press("tab")
        await until_shown(pilot, "test images, best checkpoint", "owl")


# Evaluations that were made after the run


def later(home: Home, run_id: str, dataset: str, accuracy: float) -> None:
    result = samples.evaluation(accuracy=accuracy)
    record_later_evaluation(home, run_id, dataset, evaluated("test", "best", 8, result))


async def test_later_evaluations_are_chosen_beside_those_of_the_run(
    opened: Opened, home: Home
) -> None:
    run_id = own(home, "aaaa0001")
    async with opened("history", size=(120, 40)) as pilot:
        await app(pilot).push_screen(ResultScreen(run_id))
        await until_shown(pilot, "Checkpoints")
        await pilot.press("tab")
        await until_shown(pilot, "test images, best checkpoint", "accuracy 0.9000")
        await until(pilot, lambda: "d Data set" not in shown(pilot))
        await pilot.press("d", "escape")
    later(home, run_id, "pets [b]", 0.4321)
    later(home, run_id, "mnist-5k", 0.8765)
    async with opened("history", size=(120, 40)) as pilot:
        await app(pilot).push_screen(ResultScreen(run_id))
        await until_shown(pilot, "Checkpoints")
        await pilot.press("tab")
        await until_shown(pilot, "accuracy 0.9000", "d Data set")
        await pilot.press("d")
        await until_shown(
            pilot, "The images of the run itself", "0.8765 mnist-5k, test, best checkpoint"
        )
        await pilot.press("down", "enter")
        await until_shown(pilot, "pets [b]: test images, best checkpoint", "accuracy 0.4321")
        await pilot.press("tab")
        await until_shown(pilot, "pets [b]: test images", "true classes in rows")
        await pilot.press("enter")
        await until_shown(pilot, "The images of a later evaluation are not shown.")
        await pilot.press("tab")
        await until(pilot, lambda: "pets" not in words(pilot).split("The images of")[0])
        await pilot.press("shift+tab", "s")
        await until_shown(pilot, "train images, best checkpoint")


async def test_a_run_that_was_only_evaluated_later_shows_that_first(
    opened: Opened, home: Home
) -> None:
    run_id = own(home, "aaaa0001")
    change(home, "delete from evaluations where split = 'train' or checkpoint = 'last'")
    change(home, "update evaluations set dataset = 'pets' where checkpoint = 'best'")
    async with opened("history") as pilot:
        await app(pilot).push_screen(ResultScreen(run_id))
        await until_shown(pilot, "Checkpoints")
        await pilot.press("tab")
        await until_shown(pilot, "pets: test images", "owl")


# Repeats


def test_repeats_are_one_group_with_consecutive_seeds() -> None:
    tables = {**SMALL, "training": {"seed": 7}, "run": {"name": "net", "repeats": 3}}
    requests = LaunchConfig.model_validate(tables).requests("quickstart")
    assert [one.config.training.seed for one in requests] == [7, 8, 9]
    assert {(one.name, one.stem) for one in requests} == {("", "net")}
    assert len({one.group for one in requests}) == 1
    assert requests[0].group


def test_certain_seeds_are_one_group_and_a_single_run_is_none() -> None:
    seeds = LaunchConfig.model_validate({**SMALL, "run": {"seeds": "4, 2"}}).requests(None)
    assert [one.config.training.seed for one in seeds] == [4, 2]
    assert len({one.group for one in seeds}) == 1
    assert seeds[0].group
    for run in ({}, {"seeds": "4"}):
        (single,) = LaunchConfig.model_validate({**SMALL, "run": run}).requests(None)
        assert single.group is None


def test_seeds_and_repeats_are_not_both_taken() -> None:
    with pytest.raises(ValueError, match="give one of the two"):
        LaunchConfig.model_validate({**SMALL, "run": {"repeats": 2, "seeds": "4"}})
