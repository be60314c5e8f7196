"""Runs for the history screen, and what it shows of them."""

from __future__ import annotations

from typing import Any

import pytest
from history import samples
from history.samples import add_run, change, record
from textual.pilot import Pilot
from tui.conftest import shown, until

from cnnlab.config.run import RunConfig
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.home import Home
from cnnlab.tui.screens.history.screen import HistoryScreen

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


def runs(home: Home) -> dict[str, RunRecord]:
    with Reader(home) as reader:
        return {run.id: run for run in reader.runs()}
