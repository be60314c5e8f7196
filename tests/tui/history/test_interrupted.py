"""Runs that were cut short are told of in the history screen, and go on from there."""

from __future__ import annotations

import pytest
from history import samples
from history.samples import add_run, change, record
from tui.conftest import Opened, until_shown
from tui.history.conftest import SMALL, config, runs, until_told
from waiting import NO_PROCESS

from cnnlab.config.run import RunConfig
from cnnlab.events import RunStopped
from cnnlab.execution.queue import RunQueue
from cnnlab.execution.requests import RunRequest
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.tui.screens.history.departures import resume


async def test_a_run_whose_process_is_gone_is_interrupted(five: Home, opened: Opened) -> None:
    add_run(five, "bbbb0001", name="live", config=config())
    record(five, "bbbb0001", samples.STARTED)
    async with opened("history") as pilot:
        await pilot.press("3")
        await until_shown(pilot, "▶ running")
        change(five, "update runs set pid = ? where id = 'bbbb0001'", [NO_PROCESS])
        await until_shown(pilot, "! interrupted", f"process {NO_PROCESS} ended without a word")


async def test_runs_cut_short_before_the_app_opened_are_told_then(
    five: Home, opened: Opened
) -> None:
    for number in range(1, 6):
        run_id = f"bbbb000{number}"
        add_run(five, run_id, name=f"[b]cut-{number}", config=config())
        record(five, run_id, samples.STARTED)
    change(five, "update runs set pid = ? where id like 'bbbb%'", [NO_PROCESS])
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
        change(home, "update runs set pid = ? where id = 'bbbb0001'", [NO_PROCESS])
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
