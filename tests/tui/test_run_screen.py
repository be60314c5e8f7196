"""The live screen: a real training, changed and ended by keys; runs of others, and what waits."""

from __future__ import annotations

import pytest
from execution.conftest import FOREVER, recorded, request, set_in_history, store_digits
from history import samples
from textual.pilot import Pilot
from tui.conftest import Opened, shown, until, until_shown, works_behind
from waiting import NO_PROCESS

from cnnlab.data.store import Dataset
from cnnlab.errors import ConfigError
from cnnlab.events import (
    ClassMetrics,
    Command,
    Evaluation,
    EvaluationFinished,
    Intervened,
    Logged,
    RunFinished,
)
from cnnlab.execution.queue import RunQueue
from cnnlab.execution.requests import record_requests
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.screens.result.screen import ResultScreen
from cnnlab.tui.screens.run import control
from cnnlab.tui.screens.run.control import Sent, epochs_to_add
from cnnlab.tui.screens.run.progress import Speed, seconds_left
from cnnlab.tui.screens.run.screen import RunScreen
from cnnlab.tui.screens.run.state import Watched

RUN, OTHER = "10000001", "10000002"
LIVE_CONFIG = {"model": {"name": "lenet"}, "training": {"batch_size": 100}}


def queue_of(pilot: Pilot[None]) -> RunQueue:
    app = pilot.app
    assert isinstance(app, CnnlabApp)
    return app.session.queue


def follow(pilot: Pilot[None], run_id: str) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, RunScreen)
    screen.follow(run_id)


def done_by_hand(home: Home, run_id: str) -> list[tuple[str, float]]:
    with Reader(home) as reader:
        return [(one.kind, one.value) for one in reader.interventions([run_id])[run_id]]


# A training in this process


async def test_keys_change_the_course_of_a_run_and_the_screen_says_so(
    home: Home, few_digits: Dataset, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a command came to stays, however late one looks.
    monkeypatch.setattr(control, "_SECONDS", 3600.0)
    store_digits(home, few_digits)
    async with opened("run") as pilot:
        await until_shown(pilot, "No runs yet.")
        (run_id,) = queue_of(pilot).add([request("live", training=FOREVER)])
        await until_shown(pilot, "▶ running  live")
        await until_shown(pilot, "images/s")
        await until_shown(pilot, "⣿ training")
        await pilot.press("space")
        await until_shown(pilot, "‖ paused  live")
        await pilot.press("space")
        await until_shown(pilot, "▶ running  live")
        await pilot.press("d")
        await until_shown(pilot, "Learning rate times 0.5")
        await pilot.press("w")
        await until_shown(pilot, "Checkpoint written after")
        await pilot.press("e", "0", "enter")
        await until_shown(pilot, "whole number from 1 on")
        await pilot.press("backspace", "7", "enter")
        await until(pilot, lambda: recorded(home, run_id).epochs_planned == 100_007)
        await until_shown(pilot, "◆ checkpoint")
        # At the very end of the curves there is no room for all signs yet.
        await until(
            pilot, lambda: any("┌" in line and "↓" in line for line in shown(pilot).split("\n"))
        )
        await pilot.press("t")
        await until_shown(pilot, "precis.")
        await pilot.press("n")
        await until_shown(pilot, "Learning rate times 0.5 after step")
        await pilot.press("x")
        await until_shown(pilot, "Stop live after the step under way?")
        await pilot.press("n")
        assert recorded(home, run_id).status == "running"
        await pilot.press("x", "y")
        await until_shown(
            pilot, "■ stopped  live", "Enter opens its result · by the user after step"
        )
    assert done_by_hand(home, run_id) == [
        ("pause", 0),
        ("continue", 0),
        ("scale_lr", 0.5),
        ("checkpoint", 0),
        ("add_epochs", 7),
    ]


async def test_runs_that_wait_have_their_place_and_can_be_taken_out(
    home: Home, few_digits: Dataset, opened: Opened
) -> None:
    store_digits(home, few_digits)
    async with opened("run") as pilot:
        queue = queue_of(pilot)
        _, second, third = queue.add(
            [request(name, training=FOREVER) for name in ("first", "second", "third")]
        )
        await until_shown(pilot, "▶ running  first")
        await pilot.press("r")
        await until_shown(
            pilot,
            "· third  number 2 in the queue",
            "▶ first  running, epoch",
            "· second  number 1 in the queue",
        )
        await pilot.press("j", "x")
        await until_shown(pilot, "· third  number 1 in the queue")
        assert recorded(home, second).status == "stopped"
        await pilot.press("down", "enter")
        await until_shown(pilot, "· queued  third")
        await until_shown(pilot, "waits here as number 1 of 1")
        await pilot.press("x")
        await until_shown(pilot, "■ stopped  third")
        assert recorded(home, third).message == "taken out of the queue"


async def test_a_run_left_in_a_queue_is_adopted_and_tells_how_it_ended(
    home: Home, few_digits: Dataset, opened: Opened
) -> None:
    store_digits(home, few_digits)
    record_requests(home, {RUN: request("left", training={"epochs": 1}).with_seed()})
    set_in_history(home, RUN, pid=NO_PROCESS)
    async with opened("run") as pilot:
        await until_shown(pilot, "? process gone  left")
        await until_shown(pilot, "is gone before it began: a trains it here.")
        await pilot.press("a")
        await until_shown(pilot, "✓ finished  left")
        accuracy = recorded(home, RUN).test_accuracy
        await until_shown(pilot, f"test accuracy {accuracy:.4f} · 1 epoch in")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))


# Runs of other processes


def add_live(home: Home, run_id: str = RUN, **changes: object) -> None:
    """A run of two epochs of four steps that this process seems to train elsewhere."""
    samples.add_run(home, run_id, **({"config": LIVE_CONFIG} | changes))
    samples.record(home, run_id, samples.STARTED)


async def test_a_run_of_another_process_grows_on_the_screen(home: Home, opened: Opened) -> None:
    add_live(home, name="elsewhere")
    samples.record(home, RUN, samples.steps(1, (0.9, 0.8)))
    async with opened("run") as pilot:
        await until_shown(pilot, "▶ running  elsewhere")
        await until_shown(pilot, "epoch 1/2 · step 2/8")
        samples.record(home, RUN, samples.steps(3, (0.7, 0.6)), samples.epoch(1))
        samples.record(home, RUN, samples.steps(5, (0.5,), epoch=2))
        await until_shown(pilot, "epoch 2/2 · step 5/8")
        await until_shown(pilot, "s left")
        samples.record(home, RUN, Logged("warning", "look [out]\x1b[2J"))
        await pilot.press("n")
        await until_shown(pilot, "▲ look [out]␛[2J")
        samples.record(home, RUN, RunFinished("all epochs trained"))
        await until_shown(pilot, "✓ finished  elsewhere")
        await until_shown(pilot, "1 epoch in")


async def test_a_screen_stays_at_its_run_when_another_begins(home: Home, opened: Opened) -> None:
    add_live(home, name="mine")
    async with opened("run") as pilot:
        await until_shown(pilot, "▶ running  mine")
        add_live(home, OTHER, name="yours")
        samples.record(home, RUN, RunFinished("all epochs trained"))
        await until_shown(pilot, "✓ finished  mine")
        await pilot.press("1")
        await pilot.pause()
        await pilot.press("2")
        await until_shown(pilot, "▶ running  yours")
        follow(pilot, RUN)
        await until_shown(pilot, "✓ finished  mine")
        await pilot.press("1")
        await pilot.pause()
        await pilot.press("2")
        await until_shown(pilot, "✓ finished  mine")


async def test_a_run_whose_process_is_gone_is_not_called_running(
    home: Home, opened: Opened
) -> None:
    add_live(home, name="[b]lost")
    async with opened("run") as pilot:
        await until_shown(pilot, "▶ running  [b]lost")
        set_in_history(home, RUN, pid=NO_PROCESS)
        await until_shown(pilot, "[b]lost was interrupted: process")
        screen = await until_shown(pilot, "! interrupted  [b]lost")
        assert "Pause" not in screen
        await pilot.press("space", "d", "x")
        await until(pilot, lambda: not works_behind())
        assert samples.plain(home, "select count(*) from commands") == [(0,)]


async def test_a_run_that_is_deleted_gives_way_to_another(home: Home, opened: Opened) -> None:
    add_live(home, name="stays")
    samples.record(home, RUN, RunFinished("done"))
    add_live(home, OTHER, name="goes")
    async with opened("run") as pilot:
        await until_shown(pilot, "▶ running  goes")
        samples.change(home, "delete from runs where id = ?", [OTHER])
        await until_shown(pilot, "✓ finished  stays")


# Classes


def validated(step: int, *figures: tuple[str, float, float]) -> EvaluationFinished:
    classes = tuple(ClassMetrics(name, value, recall, value, 30) for name, value, recall in figures)
    count = len(classes)
    confusion = tuple(tuple(30 * (i == j) for j in range(count)) for i in range(count))
    result = Evaluation(0.25, figures[0][1], None, 0.5, 0.5, 0.5, classes, confusion)
    return EvaluationFinished("validation", None, 1, step, result)


async def test_classes_tell_their_change_since_the_validation_before(
    home: Home, opened: Opened
) -> None:
    add_live(home)
    samples.record(home, RUN, validated(2, ("cat", 0.5, 0.25), ("[i]猫", 0.875, 0.5)))
    async with opened("run", size=(140, 40)) as pilot:
        await until_shown(pilot, "Step 2  loss 0.2500  accuracy 0.5000")
        await until(pilot, lambda: "▲" not in shown(pilot))
        samples.record(home, RUN, validated(4, ("cat", 0.625, 0.25), ("[i]猫", 0.75, 0.5)))
        screen = await until_shown(pilot, "Step 4  loss 0.2500  accuracy 0.6250 ▲12")
        rows = {
            line.split("│")[-1].split()[0]: line
            for line in screen.split("\n")
            if line.endswith(("▲12", "▼12"))
        }
        assert "0.625 ▲12    0.250        0.625 ▲12" in rows["cat"]
        assert "0.750 ▼12    0.500        0.750 ▼12" in rows["[i]猫"]
        # Wide characters take two columns and move nothing.
        assert rows["cat"].index("0.625") == rows["[i]猫"].index("0.750") + 1


async def test_a_wide_screen_shows_curves_classes_and_log_together(
    home: Home, opened: Opened
) -> None:
    add_live(home, name="wide")
    samples.record(
        home, RUN, samples.steps(1, (0.9, 0.8)), validated(2, ("cat", 0.5, 0.5)),
        Logged("info", "a line"), samples.steps(3, (0.7,)), samples.epoch(1),
    )  # fmt: skip
    async with opened("run", size=(160, 40)) as pilot:
        await until_shown(pilot, "a line", "⣿ training", "cat")
        await pilot.press("n")
        await pilot.pause()
        await until_shown(pilot, "⣿ training")


# Figures


def watched(home: Home, *events: object) -> Watched:
    add_live(home)
    samples.record(home, RUN, *events)  # type: ignore[arg-type]
    found = Watched(RUN)
    with Reader(home) as reader:
        found.refresh(reader)
    return found


def test_the_time_left_is_that_of_the_last_epochs(home: Home) -> None:
    run = watched(home, samples.epoch(1), samples.steps(5, (0.5,), epoch=2))
    assert run.series is not None
    # An epoch of four steps took 1.5 seconds; three of the second one's are left.
    assert seconds_left(run.series, run.step, Speed()) == pytest.approx(1.5 * 3 / 4)


def test_in_a_first_epoch_the_speed_that_is_seen_tells_the_time_left(home: Home) -> None:
    run = watched(home, samples.steps(1, (0.9, 0.8)))
    assert run.series is not None
    speed = Speed()
    for now, step in ((0.0, 0), (1.0, 1), (2.0, 2)):
        speed.see(step, now)
    assert seconds_left(run.series, run.step, speed) == pytest.approx(6.0)


def test_speed_forgets_what_is_long_ago_and_what_was_trained_before_going_back() -> None:
    speed = Speed()
    assert speed.steps_per_second is None
    speed.see(0, 0.0)
    assert speed.steps_per_second is None
    for second in range(1, 31):
        speed.see(10 * min(second, 10) + max(second - 10, 0), float(second))
    assert speed.steps_per_second == pytest.approx(1.0)
    speed.see(5, 31.0)
    assert speed.steps_per_second is None


def test_a_command_counts_as_carried_out_when_the_history_says_so(home: Home) -> None:
    halve = Command("scale_lr", 0.5)
    run = watched(home, Intervened(halve, 1, 1))
    sent = Sent.to(run, halve)
    assert sent.in_words(run, 0.0) == "Halve lr: after this step"
    samples.record(home, RUN, Intervened(halve, 1, 3))
    with Reader(home) as reader:
        run.refresh(reader)
    assert sent.in_words(run, 1.0) == "Learning rate times 0.5 after step 3"
    assert sent.in_words(run, 100.0) == ""


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "many", "1000000"])
def test_epochs_are_added_as_whole_numbers(text: str) -> None:
    assert epochs_to_add("12") == 12
    with pytest.raises(ConfigError, match="whole number"):
        epochs_to_add(text)
