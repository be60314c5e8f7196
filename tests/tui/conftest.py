"""The app as a user has it, driven without a terminal: real history, real engine."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App
from textual.message_pump import MessagePump
from textual.notifications import Notification
from textual.pilot import Pilot
from waiting import SECONDS

from cnnlab.home import Home
from cnnlab.tui import own_process
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.session import Session

Opened = Callable[..., AbstractAsyncContextManager[Pilot[None]]]
CALM = 6
"""So many turns of the event loop without work: one thread's word to another takes three."""
TURNS = 600
"""After so many turns a handler waits for something from outside. Turns, not seconds: a machine
that does other things for a while makes no turns in it, and no screen ready either."""
QUICK_TURNS = 100
"""So many of them follow each other at once; then the test leaves the processor to threads."""


@pytest.fixture
def opened(home: Home, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Opens the app in the test's home; an error that it told of fails the test.

    After a key or a click the test goes on when the app has done all that follows from it at once.
    Textual's own pilot waits until the process computes nothing, which it never does while it
    trains. The processes that the screens start do not give way here: the tests beside this one
    would leave them nothing; and they are given time to clear up. Notifications stay: one that goes
    after some seconds may do so before a slow machine has looked. Nor does it matter in which
    terminal the tests are started.
    """
    for name in ("NO_COLOR", "KITTY_WINDOW_ID", "TERM_PROGRAM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setattr(own_process, "_NICENESS", 0)
    monkeypatch.setattr(own_process, "_SECONDS_TO_END", SECONDS)
    monkeypatch.setattr(Notification, "time_left", 3600.0)
    monkeypatch.setattr(Pilot._wait_for_screen, "__defaults__", (float(SECONDS),))

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
                assert session.queue.join(SECONDS)
        assert not app.failures, app.failures

    return open_app


async def settled(app: App[None]) -> None:
    """Waits until the app and all its widgets wait for messages, and nothing is left to be drawn.

    It goes on after `TURNS`: a handler may itself wait for something.
    """
    calm = 0
    for turn in range(TURNS):
        await asyncio.sleep(0 if turn < QUICK_TURNS else 0.005)
        calm = 0 if is_busy(app) else calm + 1
        if calm == CALM:
            return


def is_busy(app: App[None]) -> bool:
    """Whether there is something to be drawn or answered; or searched, as the palette does."""
    searches = any(not worker.is_finished for worker in app.workers)
    return draws(app) or searches or any(map(works, [app, *app._registry]))


def draws(app: App[None]) -> bool:
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


def works_behind() -> bool:
    """Whether a screen has something read or written on a thread."""
    return any(one.name.startswith("behind-") for one in threading.enumerate())


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


async def until(pilot: Pilot[None], holds: Callable[[], object], seconds: float = SECONDS) -> None:
    """Waits until something holds, with the app alive, and all that came with it is done.

    Raises:
        AssertionError: it does not come in time; holds the screen.
    """
    begun = time.monotonic()
    while not await _settles(pilot, holds):
        taken = time.monotonic() - begun
        assert taken < seconds, f"it did not come; {scene(pilot)}"
        await pilot.pause(_until_next_look(taken))


async def _settles(pilot: Pilot[None], holds: Callable[[], object]) -> bool:
    """Whether something holds, and does so still when all that came with it is done."""
    if holds():
        await settled(pilot.app)
    return bool(holds())


def _until_next_look(taken: float) -> float:
    """Seconds until one looks again for what has not come yet: looking takes what it waits for."""
    return min(0.1, 0.01 + taken / 10)


async def until_shown(pilot: Pilot[None], *texts: str, seconds: float = SECONDS) -> str:
    """Waits until texts stand on the screen, each as it is or wrapped; returns `shown`.

    They stand there when all that came with them is drawn too: what else is asserted of the screen
    that is returned does not hang on how far that was.

    Raises:
        AssertionError: one does not come in time; holds the texts that are missing and the screen.
    """
    begun = time.monotonic()

    def missing() -> list[str]:
        screen = shown(pilot)
        wrapped = _in_one_line(screen)
        return [text for text in texts if text not in screen and text not in wrapped]

    while not await _settles(pilot, lambda: not missing()):
        taken = time.monotonic() - begun
        assert taken < seconds, f"{missing()} did not come; {scene(pilot)}"
        await pilot.pause(_until_next_look(taken))
    return shown(pilot)


_AT_THE_GATE = """import os, time
parent = os.getppid()
while os.getppid() == parent and not os.path.exists({opened!r}):
    time.sleep(0.02)
"""


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keeps back every Python that is started, until this file is made.

    So what is shown of a process under way is shown however slow the test is, or fast the process.
    """
    folder = tmp_path / "gate"
    folder.mkdir()
    opened = folder / "opened"
    # Python runs a module of this name, where it finds one, before anything else.
    code = _AT_THE_GATE.format(opened=str(opened))
    (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
    places = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(places))
    return opened
