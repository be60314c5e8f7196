"""The app as a user has it, driven without a terminal: real history, real engine."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from textual.message_pump import MessagePump
from textual.pilot import Pilot

from cnnlab.home import Home
from cnnlab.tui import own_process
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.session import Session

Opened = Callable[..., AbstractAsyncContextManager[Pilot[None]]]
CALM = 6
"""So many turns of the event loop without work: one thread's word to another takes three."""


@pytest.fixture
def opened(home: Home, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Opens the app in the test's home; an error that it told of fails the test.

    After a key or a click the test goes on when the app has done all that follows from it at once.
    Textual's own pilot waits until the process computes nothing, which it never does while it
    trains. The processes that the screens start do not give way here: the tests beside this one
    would leave them nothing.
    """
    monkeypatch.setattr(own_process, "_NICENESS", 0)

    @asynccontextmanager
    async def open_app(
        place: str = "presets", *, size: tuple[int, int] = (80, 24), theme: str = ""
    ) -> AsyncIterator[Pilot[None]]:
        session = Session.begin(home)
        session.settings.screen = place  # type: ignore[assignment]
        session.settings.theme = theme or session.settings.theme
        app = CnnlabApp(session)

        async def calm(*_: float) -> None:
            await settled(app)

        for user in ("app", "pilot"):
            monkeypatch.setattr(f"textual.{user}.wait_for_idle", calm)
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            try:
                yield pilot
            finally:
                session.queue.close()
                session.queue.join(60)
        assert not app.failures, app.failures

    return open_app


async def settled(app: CnnlabApp, seconds: float = 1) -> None:
    """Waits until the app and all its widgets wait for messages, and nothing is left to be drawn.

    Args:
        seconds: how long at most; a handler may itself wait for something.
    """
    begun = time.monotonic()
    calm = 0
    while calm < CALM and (taken := time.monotonic() - begun) < seconds:
        await asyncio.sleep(0 if taken < 0.05 else 0.005)
        calm = 0 if draws(app) or any(map(works, [app, *app._registry])) else calm + 1


def draws(app: CnnlabApp) -> bool:
    """Whether the screen is to be drawn anew; that is done, instead of by the next frame."""
    screen = app.screen
    waits = not screen._update_timer._active.is_set()
    if waits or not screen.is_running:
        return False
    screen._on_timer_update()
    return True


def works(pump: MessagePump) -> bool:
    """Whether a widget has a message at hand or before it."""
    queue = pump._message_queue
    waits = queue.empty() and queue.ready_event._waiters  # type: ignore[attr-defined]
    return pump.is_running and not waits


def shown(pilot: Pilot[None]) -> str:
    """What the screen shows, as lines of text without blanks at their ends."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def words(pilot: Pilot[None]) -> str:
    """What the screen shows with single blanks, so that a wrapped sentence reads as one.

    What stands in notifications, right of their bar, comes after all else, as one.
    """
    return _in_one_line(shown(pilot))


def _in_one_line(screen: str) -> str:
    parts = [line.partition("▌") for line in screen.splitlines()]
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
    begun = time.monotonic()
    while not holds():
        taken = time.monotonic() - begun
        assert taken < seconds, f"it did not come; {scene(pilot)}"
        await pilot.pause(_until_next_look(taken))


def _until_next_look(taken: float) -> float:
    """Seconds until one looks again for what has not come yet: looking takes what it waits for."""
    return min(0.1, 0.01 + taken / 10)


async def until_shown(pilot: Pilot[None], *texts: str, seconds: float = 60) -> str:
    """Waits until texts stand on the screen, each as it is or wrapped; returns `shown`.

    Raises:
        AssertionError: one does not come in time; holds the texts that are missing and the screen.
    """
    begun = time.monotonic()
    while True:
        screen = shown(pilot)
        wrapped = _in_one_line(screen)
        missing = [text for text in texts if text not in screen and text not in wrapped]
        if not missing:
            return screen
        taken = time.monotonic() - begun
        assert taken < seconds, f"{missing} did not come; {scene(pilot)}"
        await pilot.pause(_until_next_look(taken))


def dead_process() -> int:
    """The number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
