"""The app as a user has it, driven without a terminal: real history, real engine."""

from __future__ import annotations

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
        place: str = "presets", *, size: tuple[int, int] = (80, 24)
    ) -> AsyncIterator[Pilot[None]]:
        session = Session.begin(home)
        session.settings.screen = place  # type: ignore[assignment]
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


async def until(pilot: Pilot[None], text: str, seconds: float = 20) -> str:
    """Waits until a text stands on the screen; returns the screen.

    Raises:
        AssertionError: it does not come in time; holds the screen.
    """
    end = time.monotonic() + seconds
    while text not in (screen := shown(pilot)):
        assert time.monotonic() < end, f"no {text!r} on\n{screen}"
        await pilot.pause(0.05)
    return screen
