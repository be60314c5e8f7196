"""The launch form, driven by its keys: editing, faults, the pre-flight, launching, saving."""

from __future__ import annotations

import os
from contextlib import suppress

import psutil
import pytest
from pydantic import ValidationError
from textual.pilot import Pilot
from tui.conftest import Opened, line_with, shown, until, until_shown

from cnnlab.config import presets
from cnnlab.config.overrides import apply_settings, merge
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.home import Home
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.screens.launch.form_view import FormView
from cnnlab.tui.screens.launch.preflight import PreflightPanel
from cnnlab.tui.screens.launch.screen import LaunchScreen
from cnnlab.tui.screens.launch.source import Source
from cnnlab.tui.screens.launch.words import RunWords
from cnnlab.tui.screens.run.screen import RunScreen


def source_of(home: Home, *settings: str) -> Source:
    """Quickstart, so small that it trains in a moment, on a busy machine too."""
    preset = presets.load(home, "quickstart")
    small = {"model": {"channels": [4, 8], "hidden": 32}, "training": {"batch_size": 500}}
    short = merge(merge(preset.tables, small), {"training": {"epochs": 1}})
    tables = apply_settings(short, settings)
    base = validate(RunConfig, tables).model_dump(mode="json")
    return Source("quickstart", tables, "quickstart", base)


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of the rest: the pre-flight waits for ever before it takes a core."""
    monkeypatch.setattr(PreflightPanel, "DELAY", 1e6)


async def prepare(pilot: Pilot[None], source: Source) -> LaunchScreen:
    screen = LaunchScreen(source)
    await pilot.app.push_screen(screen)
    await pilot.pause()
    return screen


def go_to(screen: LaunchScreen, *path: str | int) -> None:
    screen.query_one(FormView).go_to(path)


async def write(pilot: Pilot[None], text: str) -> None:
    await pilot.press("end", "ctrl+u", *text)


def runs(home: Home) -> list[RunRecord]:
    with Reader(home) as reader:
        return reader.runs()


@pytest.mark.usefixtures("unmeasured")
async def test_a_changed_field_is_marked_and_says_what_it_was(opened: Opened, home: Home) -> None:
    async with opened("history") as pilot:
        screen = await prepare(pilot, source_of(home))
        await until_shown(pilot, "no changes")
        go_to(screen, "optimizer", "lr")
        await write(pilot, "0.05")
        await until(pilot, lambda: "● lr" in line_with(pilot, "0.05"))
        await until_shown(pilot, "● 1 change")
        assert "was 0.002" in line_with(pilot, "0.05")
        await until_shown(pilot, "optimizer.lr  Learning rate. Accepts a number above 0.")
        await pilot.press("ctrl+o")
        await until_shown(pilot, "no changes")
        assert "default 0.001" in line_with(pilot, " lr ")


@pytest.mark.usefixtures("unmeasured")
async def test_what_is_wrong_is_said_at_the_field_and_launches_nothing(
    opened: Opened, home: Home
) -> None:
    async with opened("history") as pilot:
        screen = await prepare(pilot, source_of(home))
        go_to(screen, "training", "device")
        await write(pilot, "cud")
        await until_shown(pilot, "✗ 1 error")
        assert "✗ device" in line_with(pilot, " device ")
        await until_shown(pilot, "Did you mean 'cuda'")
        go_to(screen, "data", "name")
        view = screen.query_one(FormView)
        await until(pilot, lambda: view.here is not None and view.here.field.path[0] == "data")
        await pilot.press("ctrl+r")
        wrong = ("training", "device")
        await until(pilot, lambda: view.here is not None and view.here.field.path == wrong)
        assert runs(home) == []
        await write(pilot, "cpu")
        await until(pilot, lambda: "error" not in line_with(pilot, "Launch"))


@pytest.mark.usefixtures("unmeasured")
async def test_another_component_brings_its_own_fields(opened: Opened, home: Home) -> None:
    async with opened("history", size=(160, 60)) as pilot:
        screen = await prepare(pilot, source_of(home))
        go_to(screen, "model")
        await pilot.press("right")
        await until_shown(pilot, "pooling_after")
        assert "● name" in line_with(pilot, "simple-cnn")
        await pilot.press("enter")
        await until_shown(pilot, "fully-connected  Fully")
        await pilot.press("j", "enter")
        await until_shown(pilot, "fully-connected")
        await until(pilot, lambda: "pooling_after" not in shown(pilot))
        order = [row.field.path for row in screen.query("FieldRow").results()]
        assert order == [field.path for field in screen.query_one(FormView).form.fields()]
        await pilot.press("left", "left")
        await until_shown(pilot, "no changes")


@pytest.mark.usefixtures("unmeasured")
async def test_the_arrow_keys_and_enter_go_from_field_to_field(opened: Opened, home: Home) -> None:
    async with opened("history") as pilot:
        screen = await prepare(pilot, source_of(home))
        view = screen.query_one(FormView)

        def here() -> str:
            assert view.here is not None
            return ".".join(map(str, view.here.field.path))

        await pilot.press("down", "down")
        assert here() == "data.normalization"
        await pilot.press("k", "enter")
        assert here() == "data.normalization", "Enter in a text goes on"
        await pilot.press("pagedown", "pagedown")
        assert here() == "model"
        await pilot.press("pageup")
        assert here() == "augmentation"
        await pilot.press("ctrl+f", *"patience")
        await until_shown(pilot, "training.early_stopping.patience")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        await until(pilot, lambda: here() == "training.early_stopping.patience")


@pytest.mark.usefixtures("unmeasured")
async def test_augmentations_are_added_moved_and_removed(opened: Opened, home: Home) -> None:
    async with opened("history", size=(120, 50)) as pilot:
        screen = await prepare(pilot, source_of(home, "augmentation=horizontal-flip"))
        form = screen.query_one(FormView).form

        def names() -> list[str]:
            return [entry["name"] for entry in form.tables["augmentation"]]

        go_to(screen, "augmentation")
        await pilot.press("enter")
        await until_shown(pilot, "Add to augmentation")
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: names() == ["horizontal-flip", "rotation"])
        await until_shown(pilot, "degrees")
        await pilot.press("u")
        await until(pilot, lambda: names() == ["rotation", "horizontal-flip"])
        await pilot.press("down", "ctrl+u", *"30")
        await until(pilot, lambda: form.tables["augmentation"][0]["degrees"] == "30")
        await pilot.press("up", "x")
        await until(pilot, lambda: names() == ["horizontal-flip"])
        await until(pilot, lambda: "degrees" not in shown(pilot))


@pytest.mark.usefixtures("unmeasured")
async def test_leaving_asks_where_changes_would_be_lost(opened: Opened, home: Home) -> None:
    async with opened("history") as pilot:
        await prepare(pilot, source_of(home))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, LaunchScreen))
        screen = await prepare(pilot, source_of(home))
        go_to(screen, "data", "normalization")
        await pilot.press("right", "4")
        await until_shown(pilot, "Its changes are lost.")
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen is screen)
        await pilot.press("escape", "y")
        await until(pilot, lambda: not isinstance(pilot.app.screen, LaunchScreen))


@pytest.mark.usefixtures("unmeasured")
async def test_a_launch_trains_what_the_form_holds_and_shows_it(opened: Opened, home: Home) -> None:
    async with opened("history") as pilot:
        screen = await prepare(pilot, source_of(home))
        go_to(screen, "optimizer", "lr")
        await write(pilot, "0.004")
        go_to(screen, "run", "name")
        await pilot.press(*"first")
        go_to(screen, "run", "tags")
        await pilot.press(*"paper, try")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await until(pilot, lambda: runs(home)[0].status == "finished")
        [run] = runs(home)
        assert (run.name, run.preset) == ("first", "quickstart")
        assert set(run.tags) == {"paper", "try"}
        assert run.config["optimizer"]["lr"] == 0.004
        assert run.test_accuracy is not None
        again = Source.of_run(run)
        screen = await prepare(pilot, again)
        assert screen.query_one(FormView).form.changes() == 0
        assert screen.query_one(FormView).form.tables["training"]["seed"] is not None


@pytest.mark.usefixtures("unmeasured")
async def test_while_a_run_trains_others_are_told_when_they_have_their_turn(
    opened: Opened, home: Home
) -> None:
    async with opened("history", size=(160, 48)) as pilot:
        await prepare(pilot, source_of(home, "training.epochs=100000"))
        await pilot.press("ctrl+e")
        await until_shown(pilot, "quickstart-1 begins.")
        await until(pilot, lambda: runs(home)[0].status == "running")
        screen = pilot.app.screen
        assert isinstance(screen, LaunchScreen)
        go_to(screen, "run", "seeds")
        await pilot.press(*"3, 4")
        await pilot.press("ctrl+e")
        await until_shown(pilot, "quickstart-2, quickstart-3 wait as number 1.")
        go_to(screen, "run", "seeds")
        await write(pilot, "")
        await pilot.press("ctrl+r")
        await until_shown(pilot, "quickstart-4 waits behind quickstart-1.")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        names = {run.id: run.name for run in runs(home)}
        app = pilot.app
        assert isinstance(app, CnnlabApp)
        waiting = [names[run_id] for run_id in app.session.queue.waiting]
        assert waiting == ["quickstart-4", "quickstart-2", "quickstart-3"]
        seeds = {run.name: run.config["training"]["seed"] for run in runs(home)}
        assert (seeds["quickstart-2"], seeds["quickstart-3"]) == (3, 4)


def test_the_form_takes_the_tags_that_a_run_may_have() -> None:
    assert RunWords(tags=("paper, try", "try")).tags == ("paper", "try")
    with pytest.raises(ValidationError, match="cannot begin with a minus"):
        RunWords(tags=("paper, -try",))


@pytest.mark.usefixtures("unmeasured")
async def test_a_form_is_saved_as_a_preset_and_read_back(opened: Opened, home: Home) -> None:
    async with opened("history") as pilot:
        source = Source.of_preset(presets.load(home, "quickstart"))
        screen = await prepare(pilot, source)
        form = screen.query_one(FormView).form
        go_to(screen, "optimizer")
        await pilot.press("right")
        go_to(screen, "training", "epochs")
        await write(pilot, "2")
        await pilot.press("ctrl+s", *"Own Net")
        await until_shown(pilot, "cannot be called")
        await pilot.press("ctrl+u", *"own/net", "enter")
        await until(pilot, lambda: form.changes() == 0)
        saved = presets.load(home, "own/net").config
        assert (saved.training.epochs, saved.optimizer.name) == (2, "adamw")
        assert saved == validate(
            RunConfig, apply_settings(source.tables, ["optimizer=adamw", "training.epochs=2"])
        ).model_copy(update={"optimizer": saved.optimizer})
        go_to(screen, "training", "epochs")
        await write(pilot, "9")
        await pilot.press("ctrl+s", *"own/net", "enter")
        await until_shown(pilot, "Replace it?")
        await pilot.press("n")
        assert presets.load(home, "own/net").config.training.epochs == 2
        await pilot.press("ctrl+s", *"own/net", "enter")
        await until_shown(pilot, "Replace it?")
        await pilot.press("y")
        await until(pilot, lambda: form.changes() == 0)
        assert presets.load(home, "own/net").config.training.epochs == 9


def measuring() -> list[int]:
    """The numbers of the measurements that this process has started and that live."""
    found = []
    for child in psutil.Process(os.getpid()).children(recursive=True):
        # One that ends meanwhile lives no more.
        with suppress(psutil.NoSuchProcess):
            if "--dry-run" in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child.pid)
    return found


@pytest.mark.usefixtures("gate")
async def test_while_it_measures_the_preflight_says_so(opened: Opened, home: Home) -> None:
    async with opened("history") as pilot:
        await prepare(pilot, source_of(home))
        await until(pilot, measuring)
        await until_shown(pilot, "Measuring on a few batches…")


async def test_the_preflight_measures_behind_the_form(opened: Opened, home: Home) -> None:
    async with opened("history") as pilot:
        await prepare(pilot, source_of(home))
        await until_shown(pilot, "5,370 parameters · ")
        await pilot.press("f4")
        await until_shown(pilot, "images/s")
        await until_shown(pilot, "mnist-5k, 3,500 training, 500 validation")
        await until_shown(pilot, "a checkpoint, up to four are kept")
        assert "name" in shown(pilot), "the form stays"


@pytest.mark.usefixtures("gate")
async def test_a_measurement_ends_with_the_config_it_was_for(opened: Opened, home: Home) -> None:
    async with opened("history", size=(160, 48)) as pilot:
        screen = await prepare(pilot, source_of(home))
        await until(pilot, measuring)
        first = set(measuring())
        go_to(screen, "training", "batch_size")
        await write(pilot, "64")
        await until(pilot, lambda: measuring() and first.isdisjoint(measuring()))
        await write(pilot, "no")
        await until(pilot, lambda: measuring() == [])
        await until_shown(pilot, "Measured once nothing is wrong.")
        await write(pilot, "32")
        await until(pilot, measuring)
        await pilot.press("escape", "y")
        await until(pilot, lambda: measuring() == [])


async def test_what_the_measurement_finds_wrong_is_said(opened: Opened, home: Home) -> None:
    async with opened("history", size=(160, 48)) as pilot:
        await prepare(pilot, source_of(home, "training.device=cuda:77"))
        await until_shown(pilot, "✗ training.device = cuda:77")


async def test_a_data_set_that_is_absent_is_said_before_and_at_the_launch(
    opened: Opened, home: Home
) -> None:
    async with opened("history", size=(160, 48)) as pilot:
        await prepare(pilot, source_of(home, "data.name=cifar100"))
        await until_shown(pilot, "✗ The data set cifar100 is not on this machine.")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: shown(pilot).count("is not on this machine") == 2)
        assert runs(home) == []


@pytest.mark.usefixtures("unmeasured")
async def test_an_unknown_data_set_names_the_nearest(opened: Opened, home: Home) -> None:
    async with opened("history") as pilot:
        source = source_of(home)
        tables = {**source.tables, "data": {"name": "mnist-5kk"}}
        await prepare(pilot, Source("old [/x] \x1b[31m", tables, None, tables))
        await until_shown(pilot, "Unknown data set 'mnist-5kk'. Did you mean 'mnist-5k'")
        await until_shown(pilot, "old [/x] ␛[31m")
