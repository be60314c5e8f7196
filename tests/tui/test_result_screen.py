"""The result of a run, opened on a real one: every tab, and the images behind the figures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import finished_run
import numpy as np
import pytest
import torch
from history.samples import STARTED, add_run, checkpoint, record
from inference.untrained import rewrite_state
from textual.coordinate import Coordinate
from textual.pilot import Pilot
from textual.widgets import DataTable
from tui.conftest import Opened, shown, until, until_shown

from cnnlab.data import library
from cnnlab.events import (
    ClassMetrics,
    Evaluation,
    EvaluationFinished,
    RunFailed,
    RunFinished,
    RunStopped,
)
from cnnlab.history.edits import add_note
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder, create_run
from cnnlab.history.records import evaluation_of
from cnnlab.home import Home
from cnnlab.tui.screens.result.facts import Choice
from cnnlab.tui.screens.result.heat_map import HeatMap
from cnnlab.tui.screens.result.predicted import CellScreen
from cnnlab.tui.screens.result.screen import ResultScreen
from cnnlab.tui.settings import Settings
from cnnlab.tui.widgets.gallery import Gallery, PictureDialog
from cnnlab.tui.widgets.kitty import speaks
from cnnlab.tui.widgets.picture import Picture, graphics


async def at_tab(pilot: Pilot[None], run_id: str, number: int, text: str) -> str:
    """Opens a run and goes so many tabs on."""
    await pilot.app.push_screen(ResultScreen(run_id))
    await until_shown(pilot, "Checkpoints")
    for _ in range(number):
        await pilot.press("tab")
    return await until_shown(pilot, text)


def stored(home: Home, run_id: str, choice: Choice) -> tuple[list[str], list[list[int]]]:
    """The names of the classes and the confusion matrix that the history has."""
    with Reader(home) as reader:
        evaluations = reader.final_evaluations([run_id])[run_id]
        found = evaluation_of(evaluations, choice.split, choice.checkpoint)
        assert found is not None
        names = [metrics.name for metrics in found.classes]
        return names, reader.confusion(found.id, len(names))


@pytest.mark.usefixtures("gate")
async def test_each_tab_shows_its_part_at_80_by_24(opened: Opened, run_id: str, home: Home) -> None:
    with Reader(home) as reader:
        run = reader.run(run_id)
        test = evaluation_of(reader.final_evaluations([run_id])[run_id], "test", "best")
        kept = reader.checkpoints([run_id])[run_id][0]
    assert test is not None
    async with opened("data") as pilot:
        text = await at_tab(pilot, run_id, 0, "accuracy")
        assert "digits" in text
        assert f"test accuracy {run.test_accuracy:.4f}" in text
        await pilot.press("tab")
        text = await until_shown(pilot, "macro average")
        for metrics in test.classes:
            assert f"{metrics.name:<14}{metrics.precision:.4f}" in text
        await pilot.press("tab")
        await until_shown(
            pilot, "true classes in rows", f"[{stored(home, run_id, Choice())[1][0][0]}]"
        )
        await pilot.press("tab")
        await until_shown(pilot, "Classifying the test images again")
        await pilot.press("tab")
        await until_shown(pilot, "not as in the preset quickstart")
        changed = '● name = "fully-connected"   was "lenet"'
        assert changed in await scrolled(pilot, changed)
        await pilot.press("tab")
        await until_shown(pilot, "sha256", kept.sha256[:12])
        await pilot.press("tab")
        await until_shown(pilot, "Evaluating the last and the best checkpoint")
        await pilot.press("right_square_bracket")
        await until_shown(pilot, "by step")


async def scrolled(pilot: Pilot[None], text: str) -> str:
    """What is shown once one has scrolled to a text."""
    for _ in range(60):
        if text in shown(pilot):
            break
        await pilot.press("j")
        await pilot.pause(0.02)
    return shown(pilot)


async def test_enter_on_a_cell_shows_its_images(opened: Opened, run_id: str, home: Home) -> None:
    names, matrix = stored(home, run_id, Choice())
    counts = np.array(matrix) - np.diag(np.diag(matrix))
    true, predicted = (int(at) for at in np.unravel_index(counts.argmax(), counts.shape))
    count, images = matrix[true][predicted], sum(matrix[true])
    dataset = library.require(home, "mnist-5k")
    async with opened("data") as pilot:
        await at_tab(pilot, run_id, 2, "true classes in rows")
        await pilot.press(*["down"] * true, *["l"] * predicted)
        await until_shown(pilot, f"{names[true]} taken for {names[predicted]}: {count} of {images}")
        await pilot.press("enter")
        await until_shown(pilot, "with confidence")
        assert isinstance(pilot.app.screen, CellScreen)
        await until(pilot, lambda: "here they are" not in shown(pilot))
        gallery = pilot.app.screen.query_one(Gallery)
        shots = gallery._shots
        assert len(shots) == count
        assert {int(dataset.test_labels[shot.index]) for shot in shots} == {true}
        await pictures(pilot)
        for picture, shot in zip(gallery.query(Picture), shots, strict=False):
            assert np.array_equal(picture._pixels, dataset.test_images[shot.index])
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, PictureDialog)
        await pilot.press("escape", "escape")
        await until_shown(pilot, "true classes in rows")
        # The other mistakes are known from the same answer.
        await pilot.press("tab")
        wrong = int(np.sum(matrix) - np.trace(matrix))
        await until_shown(pilot, f"{wrong:,} of 1,000 (", "wrong, the surest first")


async def pictures(pilot: Pilot[None]) -> None:
    """Waits until the pictures of the page are there."""

    def there() -> bool:
        tiles = [one for one in pilot.app.screen.query(Picture) if one.parent.display]
        return bool(tiles) and all(one._pixels is not None for one in tiles)

    await until(pilot, there)


async def test_split_and_checkpoint_are_chosen_for_all_tabs(
    opened: Opened, run_id: str, home: Home
) -> None:
    async with opened("data") as pilot:
        await at_tab(pilot, run_id, 1, "test images, best checkpoint")
        await pilot.press("s", "b")
        await until_shown(pilot, "train images, last checkpoint")
        await pilot.press("tab")
        await until_shown(pilot, "train images, last checkpoint")
        _, matrix = stored(home, run_id, Choice("train", "last"))
        await until_shown(pilot, f"{matrix[0][0]} of {sum(matrix[0])}")
        await pilot.press("p")
        await until_shown(pilot, f"[{100 * matrix[0][0] / sum(matrix[0]):.1f}]")


async def test_checkpoints_are_compared_with_their_checksums(
    opened: Opened, run_id: str, home: Home
) -> None:
    best = next(home.checkpoints(run_id).glob("best-*.pt"))
    best.write_bytes(b"?" + best.read_bytes()[1:])
    async with opened("data") as pilot:
        text = await at_tab(pilot, run_id, 5, "there")
        assert str(best.name) in text.replace("\n", "")
        await pilot.press("c")
        await until_shown(pilot, "× damaged", "✓ as recorded")


async def test_a_diverged_model_has_mistakes_without_a_confidence(
    opened: Opened, run_id: str, home: Home
) -> None:
    (best,) = home.checkpoints(run_id).glob("best-*.pt")
    weights = torch.load(best, weights_only=True)["model"]
    broken = {name: values * float("nan") for name, values in weights.items()}
    rewrite_state(home, run_id, "best", model=broken)
    async with opened("data") as pilot:
        await at_tab(pilot, run_id, 3, "of 1,000")
        await until_shown(pilot, "taken for", "with confidence –")


async def test_a_class_is_plotted_over_the_epochs(opened: Opened, run_id: str) -> None:
    async with opened("data") as pilot:
        await at_tab(pilot, run_id, 1, "F1, epochs")
        await pilot.press("down", "o")
        await until_shown(pilot, "1, validation")
        await pilot.press("o")
        await pilot.pause()
        await until(pilot, lambda: "1, validation" not in shown(pilot))


async def test_bars_take_the_colours_of_another_theme(opened: Opened, run_id: str) -> None:
    async with opened("data") as pilot:
        await at_tab(pilot, run_id, 1, "macro average")
        table = pilot.app.screen.query_one("ClassesTab DataTable", DataTable)

        def has_bars_in(colour: str) -> bool:
            return bool(table.get_cell_at(Coordinate(0, 2)).style == colour)

        for theme in ("cnnlab-light", "cnnlab-dark"):
            pilot.app.theme = theme
            found = pilot.app.get_theme(theme)
            assert found is not None
            colour = found.to_color_system().generate()["primary"]
            await until(pilot, partial(has_bars_in, colour))


async def test_words_from_outside_are_shown_as_text(
    opened: Opened, run_id: str, home: Home
) -> None:
    add_note(home, run_id, "[/bold] [red]note\x1b[2J")
    async with opened("data") as pilot:
        await at_tab(pilot, run_id, 4, "[/bold] [red]note␛[2J")


async def test_what_is_wrapped_in_config_and_log_goes_on_below_its_own_text(
    opened: Opened, home: Home
) -> None:
    words = " ".join(["word"] * 40)
    run_id = recorded(home, failure=words)
    add_note(home, run_id, words)
    async with opened("data") as pilot:
        await at_tab(pilot, run_id, 4, "note of")
        assert_hangs(pilot, "note of", "word")
        assert_hangs(pilot, "status", "failed")
        await pilot.press("tab", "tab")
        await until_shown(pilot, "× error")
        assert_hangs(pilot, "× error", "Traceback")


def assert_hangs(pilot: Pilot[None], head: str, text: str) -> None:
    """The row below the first one with a head begins where the text behind that does."""
    lines = shown(pilot).splitlines()
    at = next(number for number, line in enumerate(lines) if head in line)
    begin = lines[at].index(text, lines[at].index(head) + len(head))
    assert lines[at + 1][:begin].strip() == "", shown(pilot)
    assert lines[at + 1][begin : begin + 4] == "word", shown(pilot)


# Runs that did not come to their end, or have many classes


def recorded(
    home: Home,
    *,
    evaluation: Evaluation | None = None,
    preset: str | None = None,
    failure: str = "The device ran out of memory.",
) -> str:
    """A run without files, as far as it was evaluated."""
    config = finished_run.CONFIG.model_dump(mode="json")
    create_run(
        home, "abc12345", config=config, dataset="mnist-5k", model="lenet",
        monitor="validation_accuracy", epochs=1, preset=preset, name="recorded",
    )  # fmt: skip
    with Recorder(home, "abc12345") as recorder:
        if evaluation is not None:
            recorder.record(EvaluationFinished("test", "best", 1, 1, evaluation))
            recorder.record(RunFinished("all epochs trained"))
        else:
            recorder.record(RunFailed(failure, f"Traceback [/x]\n{failure}"))
    return "abc12345"


async def test_a_best_epoch_is_not_one_of_fewer_epochs(opened: Opened, home: Home) -> None:
    add_run(home, "abc12345")
    record(home, "abc12345", STARTED, checkpoint("best", 1), RunStopped("by the user"))
    async with opened("data") as pilot:
        text = await at_tab(pilot, "abc12345", 0, "best epoch 1")
        assert "best epoch 1/" not in text


async def test_a_run_that_failed_says_what_is_missing(opened: Opened, home: Home) -> None:
    run_id = recorded(home, preset="gone/preset")
    async with opened("data") as pilot:
        text = await at_tab(pilot, run_id, 1, "No figures")
        assert "× failed   The device ran out of memory." in text
        await pilot.press("tab")
        await until_shown(pilot, "No confusion matrix")
        await pilot.press("tab")
        await until_shown(pilot, "has no best checkpoint")
        await pilot.press("tab")
        await until_shown(pilot, "Not compared with its preset: Unknown preset 'gone/preset'")
        await pilot.press("tab")
        await until_shown(pilot, "No checkpoints")
        await pilot.press("tab")
        await until_shown(pilot, "Traceback [/x]")


def of_classes(names: Sequence[str]) -> Evaluation:
    count = len(names)
    confusion = tuple(tuple(int(column == row) * 9 + 1 for column in range(count)) for row in range(count))  # noqa: E501 # fmt: skip
    metrics = tuple(ClassMetrics(name, 0.5, 0.25, 1 / 3, count + 9) for name in names)
    return Evaluation(0.5, 0.5, None, 0.5, 0.5, 0.5, metrics, confusion)


async def test_a_hundred_classes_are_scrolled_through(opened: Opened, home: Home) -> None:
    names = [f"类{number}[/x]" for number in range(100)]
    run_id = recorded(home, evaluation=of_classes(names))
    async with opened("data") as pilot:
        text = await at_tab(pilot, run_id, 2, "类0[/x] classified correctly: 10 of 109")
        assert "类99" not in text
        await pilot.press("end")
        await until_shown(pilot, "类99[/x] classified correctly: 10 of 109", "[10]", "类98[/x]")
        await pilot.press("left")
        await until_shown(pilot, "类99[/x] taken for 类98[/x]: 1 of 109 (0.9 %)")
        heat = pilot.app.screen.query_one(HeatMap)
        assert {heat.render_line(y).cell_length for y in range(heat.size.height)} == {
            heat.size.width
        }


# Pictures


def checkered() -> np.ndarray:
    pixels = np.zeros((3, 8, 8), np.uint8)
    pixels[:, :4, :4] = 255
    return pixels


async def test_a_picture_is_made_of_half_blocks(opened: Opened) -> None:
    async with opened("data") as pilot:
        await pilot.app.push_screen(PictureDialog(checkered(), "a checkered [/b] square"))
        text = await until_shown(pilot, "a checkered [/b] square")
        assert "▄" * 16 in text


async def test_without_colours_brightness_is_told_by_characters(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened("data") as pilot:
        await pilot.app.push_screen(PictureDialog(checkered(), "a square"))
        text = await until_shown(pilot, "a square")
        assert "█" * 16 in text
        assert "▄" not in text


KITTY = {"TERM": "xterm-kitty", "COLORTERM": "truecolor"}


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        (KITTY, True),
        ({"TERM": "xterm-ghostty", "COLORTERM": "truecolor"}, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty", "COLORTERM": "24bit"}, True),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, False),
        ({**KITTY, "COLORTERM": ""}, False),
        ({**KITTY, "TMUX": "/tmp/tmux-0/default,1,0"}, False),
        ({**KITTY, "STY": "1.pts-0"}, False),
        ({"TERM": "screen-256color", "KITTY_WINDOW_ID": "1", "COLORTERM": "truecolor"}, False),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm", "COLORTERM": "truecolor"}, False),
        ({}, False),
    ],
)
def test_only_terminals_with_such_graphics_get_them(
    environment: dict[str, str], spoken: bool
) -> None:
    assert speaks(environment) is spoken


async def test_graphics_go_through_the_driver_and_are_freed(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMUX", "STY", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in KITTY.items():
        monkeypatch.setenv(name, value)
    async with opened("data") as pilot:
        sent: list[str] = []
        monkeypatch.setattr(pilot.app._driver, "write", sent.append)
        await pilot.app.push_screen(PictureDialog(checkered(), "a square"))
        await until_shown(pilot, "a square", "\U0010eeee")
        assert any(part.startswith("\x1b_Gi=") for part in sent)
        sent.clear()
        await pilot.press("escape")
        await pilot.pause()
        assert any(part.startswith("\x1b_Ga=d") for part in sent)


def test_blocks_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KITTY.items():
        monkeypatch.setenv(name, value)
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    assert graphics(Settings())
    assert not graphics(Settings(pictures="blocks"))
