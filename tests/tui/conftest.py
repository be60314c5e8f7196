"""The app as a user has it, driven without a terminal: real history, real engine."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from textual.pilot import Pilot

from cnnlab.home import Home
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.session import Session

Opened = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture
def opened(home: Home) -> Opened:
    """Opens the app in the test's home; an error that it told of fails the test."""

    @asynccontextmanager
    async def open_app(
        place: str = "presets", *, size: tuple[int, int] = (80, 24), theme: str = ""
    ) -> AsyncIterator[Pilot[None]]:
        session = Session.begin(home)
        session.settings.screen = place  # type: ignore[assignment]
        session.settings.theme = theme or session.settings.theme
        app = CnnlabApp(session)
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            try:
                yield pilot
            finally:
                session.queue.close()
                session.queue.join(60)
        assert not app.failures, app.failures

    return open_app


def shown(pilot: Pilot[None]) -> str:
    """What the screen shows, as lines of text without blanks at their ends."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def words(pilot: Pilot[None]) -> str:
    """What the screen shows with single blanks, so that a wrapped sentence reads as one.

    What stands in notifications, right of their bar, comes after all else, as one.
    """
    parts = [line.partition("▌") for line in shown(pilot).splitlines()]
    return " ".join(" ".join([*(one[0] for one in parts), *(one[2] for one in parts)]).split())


def scene(pilot: Pilot[None]) -> str:
    """What a test that failed has to say: the screen, and the errors that were told."""
    return f"errors: {pilot.app.failures}; the screen:\n{shown(pilot)}"


def line_with(pilot: Pilot[None], text: str) -> str:
    """The first line of the screen that holds a text.

    Raises:
        AssertionError: no line does; holds the screen.
    """
    screen = shown(pilot)
    found = next((line for line in screen.splitlines() if text in line), None)
    assert found is not None, f"no {text!r} on\n{screen}"
    return found


async def until(pilot: Pilot[None], holds: Callable[[], object], seconds: float = 60) -> None:
    """Waits until something holds, with the app alive.

    Raises:
        AssertionError: it does not come in time; holds the screen.
    """
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"it did not come; {scene(pilot)}"
        await pilot.pause(0.05)


async def until_shown(pilot: Pilot[None], *texts: str, seconds: float = 60) -> str:
    """Waits until texts stand on the screen, each as it is or wrapped; returns `shown`.

    Raises:
        AssertionError: one does not come in time; holds the texts that are missing and the screen.
    """
    end = time.monotonic() + seconds
    while True:
        screen, wrapped = shown(pilot), words(pilot)
        missing = [text for text in texts if text not in screen and text not in wrapped]
        if not missing:
            return screen
        assert time.monotonic() < end, f"{missing} did not come; {scene(pilot)}"
        await pilot.pause(0.05)


def dead_process() -> int:
    """The number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
