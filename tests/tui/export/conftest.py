"""Two runs to be exported, and the dialog that is asked for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from history import samples
from history.samples import add_run, record
from textual.pilot import Pilot
from textual.widgets import OptionList
from tui.conftest import Opened, until, until_shown

from cnnlab.config.run import RunConfig
from cnnlab.home import Home
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.screens.export.choices import formats

NAME = 'a "b" & [c], 2'
STEM = "a-b-c-2"
AtHistory = Callable[[], AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which cnnlab was started."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def two(home: Home) -> Home:
    """Two finished runs that differ in the learning rate."""
    for number, name in enumerate(("other", NAME), start=1):
        tables = {
            "data": {"name": "mnist-5k"},
            "model": {"name": "lenet"},
            "optimizer": {"name": "sgd", "lr": number / 100},
        }
        config = RunConfig.model_validate(tables).model_dump(mode="json")
        add_run(home, f"aaaa000{number}", name=name, config=config)
        record(home, f"aaaa000{number}", *samples.life())
    return home


@pytest.fixture
def at_history(opened: Opened, two: Home) -> AtHistory:
    """Opens the history of the two runs; the cursor is on the newer one."""
    del two  # in the home that is opened

    @asynccontextmanager
    async def open_history() -> AsyncIterator[Pilot[None]]:
        async with opened("history") as pilot:
            await until_shown(pilot, NAME[:5])
            yield pilot

    return open_history


def app(pilot: Pilot[None]) -> CnnlabApp:
    found = pilot.app
    assert isinstance(found, CnnlabApp)
    return found


async def choose(pilot: Pilot[None], name: str) -> None:
    """Puts the cursor of the dialog on a format."""
    found = pilot.app.screen.query_one(OptionList)
    found.highlighted = [form.name for form in formats()].index(name)
    await pilot.pause()


async def ask_for(pilot: Pilot[None], name: str) -> None:
    """Opens the dialog, with the cursor on a format."""
    await pilot.press("E")
    await choose(pilot, name)


async def until_told(pilot: Pilot[None], text: str) -> None:
    """Waits until a notification holds a text."""
    told = pilot.app._notifications
    await until(pilot, lambda: any(text in " ".join(one.message.split()) for one in told))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
