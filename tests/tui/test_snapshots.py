"""Each screen as it was looked at and found good, of a history in which nothing depends on the day.

After a change that is meant: `pytest tests/tui/test_snapshots.py --snapshot-update`, then read the
difference.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from history.samples import STARTED, add_run, change, checkpoint, record
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from tui.conftest import Opened, until_shown
from tui.pictures import Pictures, picture

from cnnlab.config import presets
from cnnlab.events import (
    ClassMetrics,
    EpochFinished,
    Evaluation,
    EvaluationFinished,
    Logged,
    RunFailed,
    RunFinished,
    StepsFinished,
)
from cnnlab.history.edits import add_note
from cnnlab.home import Home
from cnnlab.tui import navigation
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.screens.launch.preflight import PreflightPanel
from cnnlab.tui.screens.launch.screen import LaunchScreen
from cnnlab.tui.screens.launch.source import Source

SIZES = ((80, 24), (160, 48))
EPOCHS, STEPS = 6, 20
NEWEST = "aaaa0005"
BEGUN = replace(STARTED, epochs=EPOCHS, steps_per_epoch=STEPS)


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time zone, whatever that of the machine is."""
    # Measuring would take its figures from the machine.
    monkeypatch.setattr(PreflightPanel, "DELAY", 1e6)
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def pictures(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(Pictures)


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    found: tuple[int, int] = request.param
    return found


@pytest.fixture
def recorded(home: Home) -> Home:
    """Two seeds each of two learning rates, a run that failed, and one with a note and tags."""
    for number, (lr, seed, wrong) in enumerate(
        [(0.002, 1, 2), (0.002, 2, 3), (0.01, 1, 5), (0.01, 2, 6)], start=1
    ):
        add(home, f"aaaa000{number}", (f"optimizer.lr={lr}", f"training.seed={seed}"))
        finish(home, f"aaaa000{number}", lr, wrong)
    add(home, "bbbb0001", ("training.batch_size=4000",), name="too-large")
    record(home, "bbbb0001", BEGUN, RunFailed("The device ran out of memory.", "Traceback"))
    add(home, NEWEST, ("training.seed=3",), name="longer [b]", tags=["paper", "old"])
    finish(home, NEWEST, 0.002, 1)
    add_note(home, NEWEST, "Worth a longer look: 4 is taken for 5.")
    fix_times(home)
    return home


def add(home: Home, run_id: str, settings: tuple[str, ...], **known: object) -> None:
    """A run of quickstart, shorter than that."""
    preset = presets.load(home, "quickstart")
    config = preset.with_settings((f"training.epochs={EPOCHS}", *settings)).model_dump(mode="json")
    add_run(home, run_id, config=config, preset="quickstart", epochs=EPOCHS, **known)


def finish(home: Home, run_id: str, lr: float, wrong: int) -> None:
    """Trains nothing: every figure is made of the number of images of a digit that are mistaken."""
    result = evaluation(wrong)
    record(home, run_id, BEGUN, Logged("info", "Weights drawn."))
    for epoch in range(1, EPOCHS + 1):
        first = (epoch - 1) * STEPS + 1
        places = range(first, first + STEPS)
        losses = tuple(wrong / (step + 3) + (step * 7 % 11) / 40 for step in places)
        figures = (tuple(1 - loss / 3 for loss in losses), (lr,) * STEPS)
        step, loss = epoch * STEPS, wrong / (epoch * STEPS)
        record(
            home,
            run_id,
            StepsFinished(epoch, first, losses, *figures, 1000.0),
            EvaluationFinished("validation", None, epoch, step, evaluation(wrong + 6 - epoch)),
            EpochFinished(epoch, step, loss, 1 - loss / 2, loss + 0.1, 0.8, lr, 1.5, 2333.0),
        )
    record(
        home,
        run_id,
        replace(checkpoint("best", 5, value=0.9), step=5 * STEPS),
        replace(checkpoint("last", 6, value=0.89), step=6 * STEPS),
        EvaluationFinished("test", "best", 5, 5 * STEPS, result),
        EvaluationFinished("test", "last", 6, 6 * STEPS, evaluation(wrong + 1)),
        RunFinished(f"all {EPOCHS} epochs trained"),
    )


def evaluation(wrong: int) -> Evaluation:
    """A hundred images of each digit; of each so many, and as many as it says, go to the next."""
    missed = [wrong + digit for digit in range(10)]
    confusion = [[0] * 10 for _ in missed]
    for digit, count in enumerate(missed):
        confusion[digit][digit] = 100 - count
        confusion[digit][(digit + 1) % 10] = count
    classes = []
    for digit, count in enumerate(missed):
        right, taken = 100 - count, missed[digit - 1]
        precision, recall = right / (right + taken), right / 100
        f1 = 2 * precision * recall / (precision + recall)
        classes.append(ClassMetrics(str(digit), precision, recall, f1, 100))
    accuracy = 1 - sum(missed) / 1000
    means = [
        sum(getattr(one, figure) for one in classes) / 10
        for figure in ("precision", "recall", "f1")
    ]
    matrix = tuple(map(tuple, confusion))
    return Evaluation(wrong / 20, accuracy, None, *means, tuple(classes), matrix)


def fix_times(home: Home) -> None:
    """One run a day, of a year that is past, and what each took."""
    for table, column in (
        ("log", "logged_at"),
        ("notes", "written_at"),
        ("evaluations", "evaluated_at"),
        ("checkpoints", "saved_at"),
    ):
        change(home, f"update {table} set {column} = '2020-03-01T10:20:30.000+00:00'")
    days = ("aaaa0001", "aaaa0002", "aaaa0003", "aaaa0004", "bbbb0001", NEWEST)
    for day, run_id in enumerate(days, start=1):
        change(
            home,
            "update runs set host = 'here', duration_s = 83.5, created_at = ?, started_at = ?,"
            " ended_at = ? where id = ?",
            [*(f"2020-03-{day:02}T10:{minute}:00.000+00:00" for minute in (10, 11, 12)), run_id],
        )


def app(pilot: Pilot[None]) -> CnnlabApp:
    found = pilot.app
    assert isinstance(found, CnnlabApp)
    return found


async def open_result(pilot: Pilot[None], tab: int, text: str) -> None:
    """The newest run's result, so many tabs on."""
    await until_shown(pilot, "longer")
    await pilot.press("enter")
    await until_shown(pilot, "Checkpoints")
    for _ in range(tab):
        await pilot.press("tab")
    await until_shown(pilot, text)


@pytest.mark.usefixtures("recorded")
async def test_presets(opened: Opened, size: tuple[int, int], pictures: SnapshotAssertion) -> None:
    async def reach(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "191", "LeNet on the 5,000")

    assert await picture(opened, "presets", size, reach) == pictures


async def test_the_launch_form(
    opened: Opened, home: Home, size: tuple[int, int], pictures: SnapshotAssertion
) -> None:
    async def reach(pilot: Pilot[None]) -> None:
        source = Source.of_preset(presets.load(home, "quickstart"))
        await pilot.app.push_screen(LaunchScreen(source))
        await until_shown(pilot, "no changes")

    assert await picture(opened, "data", size, reach) == pictures


@pytest.mark.usefixtures("recorded")
async def test_a_run_that_is_finished(
    opened: Opened, size: tuple[int, int], pictures: SnapshotAssertion
) -> None:
    async def reach(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "✓ finished  longer [b]", "⣿ training")

    assert await picture(opened, "run", size, reach) == pictures


@pytest.mark.usefixtures("recorded")
async def test_the_history(
    opened: Opened, size: tuple[int, int], pictures: SnapshotAssertion
) -> None:
    async def reach(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "longer [b]", "too-large")

    assert await picture(opened, "history", size, reach) == pictures


@pytest.mark.usefixtures("recorded")
async def test_the_classes_of_a_result(
    opened: Opened, size: tuple[int, int], pictures: SnapshotAssertion
) -> None:
    async def reach(pilot: Pilot[None]) -> None:
        await open_result(pilot, 1, "macro average")

    assert await picture(opened, "history", size, reach) == pictures


@pytest.mark.usefixtures("recorded")
async def test_the_confusion_matrix_of_a_result(
    opened: Opened, size: tuple[int, int], pictures: SnapshotAssertion
) -> None:
    async def reach(pilot: Pilot[None]) -> None:
        await open_result(pilot, 2, "true classes in rows")

    assert await picture(opened, "history", size, reach) == pictures


@pytest.mark.usefixtures("recorded")
async def test_the_dialog_of_an_export(
    opened: Opened,
    size: tuple[int, int],
    pictures: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir("/")

    async def reach(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "longer [b]", "too-large")
        await pilot.press("E", "j", "j", "j")
        await until_shown(pilot, "longer-b-curves.png")

    assert await picture(opened, "history", size, reach) == pictures


@pytest.mark.usefixtures("recorded")
async def test_the_figures_of_a_comparison(
    opened: Opened, size: tuple[int, int], pictures: SnapshotAssertion
) -> None:
    async def reach(pilot: Pilot[None]) -> None:
        await navigation.compare(app(pilot), [f"aaaa000{number}" for number in range(1, 5)])
        await until_shown(pilot, "in 2 groups")
        await pilot.press("tab")
        await until_shown(pilot, "test accuracy")

    assert await picture(opened, "history", size, reach) == pictures


async def test_the_data_sets(
    opened: Opened, size: tuple[int, int], pictures: SnapshotAssertion
) -> None:
    async def reach(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "○ mnist-5k", "4,000 training")

    assert await picture(opened, "data", size, reach) == pictures


@pytest.mark.usefixtures("recorded")
async def test_help_above_the_history(
    opened: Opened, size: tuple[int, int], pictures: SnapshotAssertion
) -> None:
    async def reach(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "longer [b]")
        await pilot.press("question_mark")
        await until_shown(pilot, "Arrow keys and hjkl move everywhere")

    assert await picture(opened, "history", size, reach) == pictures
