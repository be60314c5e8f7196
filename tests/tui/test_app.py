"""The app around its screens: ways, help, palette, errors, what is remembered, what is loaded."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Button, Static
from tui.conftest import Opened, shown, until, until_shown
from waiting import SECONDS

from cnnlab.errors import ConfigError
from cnnlab.home import Home
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.screens.base import CnnlabScreen
from cnnlab.tui.screens.history.screen import HistoryScreen
from cnnlab.tui.settings import load_settings
from cnnlab.tui.sturdy import Sturdy


class Faulty(CnnlabScreen):
    """A screen whose handlers raise."""

    BINDINGS = (
        Binding("f", "fail", "Fail"),
        Binding("u", "user_error", "User error"),
        Binding("w", "work", "Work"),
    )
    HELP = "It fails [/b] where it can."

    def body(self) -> Iterable[Widget]:
        yield Static("[/not markup]", markup=False, id="words")
        yield Button("press", id="press")

    def action_fail(self) -> None:
        raise ZeroDivisionError("in an action [/x]")

    def on_button_pressed(self) -> None:
        raise ZeroDivisionError("in a handler")

    def action_user_error(self) -> None:
        raise ConfigError("Unknown thing 'a[/b]'.", "Try another.")

    def action_work(self) -> None:
        self.query_one("#words", Static).update("still here")


async def test_an_error_in_an_action_or_a_handler_is_told_and_the_screen_lives_on(
    opened: Opened, home: Home
) -> None:
    async with opened("history") as pilot:
        await pilot.app.push_screen(Faulty())
        await pilot.press("f")
        await until_shown(pilot, "ZeroDivisionError: in an action [/x]")
        await pilot.click("#press")
        await until_shown(pilot, "ZeroDivisionError: in a handler")
        await pilot.press("w")
        await until_shown(pilot, "still here")
        assert home.log.read_text().count("ZeroDivisionError") >= 2
        assert len(pilot.app.failures) == 2
        pilot.app.failures.clear()


class Inquirer(Sturdy, Vertical):
    """Asks for a child that is gone: when it is put away, and when it is shown again."""

    def compose(self) -> Iterable[Widget]:
        yield Static("", id="child")

    def on_unmount(self) -> None:
        self.query_one("#child")

    def on_show(self) -> None:
        self.query_one("#child")


async def test_a_child_that_is_gone_is_no_error_in_what_is_put_away(opened: Opened) -> None:
    inquirer = Inquirer()
    async with opened("history") as pilot:
        await pilot.app.screen.mount(inquirer)
        await inquirer.remove()
        assert not pilot.app.failures
        await pilot.app.screen.mount(last := Inquirer())
        await last.query_one("#child").remove()
        last.display = False
        await pilot.pause()
        last.display = True
        await until(pilot, lambda: pilot.app.failures)
        pilot.app.failures.clear()


async def test_what_a_user_can_act_on_is_told_with_its_hint_and_is_no_failure(
    opened: Opened,
) -> None:
    async with opened("history") as pilot:
        await pilot.app.push_screen(Faulty())
        await pilot.press("u")
        await until_shown(pilot, "Unknown thing 'a[/b]'.")


async def test_help_says_what_a_screen_is_for_and_lists_its_keys(opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.app.push_screen(Faulty())
        await pilot.press("question_mark")
        await until_shown(pilot, "It fails [/b] where it can.", "User error")
        await pilot.press("escape")
        await pilot.press("w")
        await until_shown(pilot, "still here")


async def test_a_notification_is_as_small_as_its_words_and_leaves_the_status_line(
    opened: Opened,
) -> None:
    async with opened("history") as pilot:
        for words, lines in (("Brought back 1 run.", 1), ("many words " * 20, 4)):
            pilot.app.notify(words)
            text = await until_shown(pilot, words.strip())
            covered = [line for line in text.splitlines() if "▌" in line]
            assert len(covered) == lines
            assert covered[0].index("▌") > (50 if lines == 1 else 10)
            assert not any("▌" in line for line in text.splitlines()[-2:])
            pilot.app.clear_notifications()
            await until(pilot, lambda: "▌" not in shown(pilot))


async def test_the_palette_has_every_action_of_the_screen(opened: Opened) -> None:
    async with opened("history") as pilot:
        await pilot.app.push_screen(Faulty())
        await pilot.press("ctrl+p")
        await pilot.press(*"Work")
        await until_shown(pilot, "key w")
        await pilot.press("enter")
        await until_shown(pilot, "still here")


async def test_screen_and_theme_are_remembered(opened: Opened, home: Home) -> None:
    async with opened("presets") as pilot:
        await pilot.press("3")
        await pilot.pause()
        await pilot.press("ctrl+t", "down", "enter")
        await pilot.pause()
        assert pilot.app.theme == "cnnlab-light"
        await pilot.press("q")
    assert load_settings(home).theme == "cnnlab-light"
    assert load_settings(home).screen == "history"
    async with opened("history") as pilot:
        assert pilot.app.theme == "cnnlab-light"


async def test_what_is_opened_while_a_main_screen_is_mounted_stays_open(opened: Opened) -> None:
    async with opened("data") as pilot:
        app = pilot.app
        assert isinstance(app, CnnlabApp)
        going = asyncio.create_task(app.show("history"))
        await asyncio.sleep(0)
        await app.push_screen(Faulty())
        await going
        assert isinstance(app.screen, Faulty)
        await app.show("history")
        assert isinstance(app.screen, HistoryScreen)


async def test_settings_that_cannot_be_read_count_as_absent(opened: Opened, home: Home) -> None:
    home.root.mkdir(parents=True)
    home.settings.write_text('{"theme": 7, "screen": "nowhere"')
    async with opened("data") as pilot:
        assert pilot.app.theme == "cnnlab-dark"


@pytest.mark.parametrize("place", ["presets", "run", "history", "data"])
async def test_every_main_screen_opens_by_its_key_with_its_keys_in_the_footer(
    opened: Opened, place: str
) -> None:
    async with opened("data" if place != "data" else "history") as pilot:
        await pilot.press(str(["presets", "run", "history", "data"].index(place) + 1))
        await pilot.pause()
        assert pilot.app.current_mode == place
        assert "Quit" in shown(pilot) or "quit" in shown(pilot).lower()


def test_nothing_heavy_is_loaded_for_the_first_screen() -> None:
    script = """
import asyncio, sys, time
from cnnlab.home import Home
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.session import Session

async def main():
    app = CnnlabApp(Session.begin(Home.from_environment()))
    async with app.run_test() as pilot:
        end = time.monotonic() + 180
        while "history" not in app._screen_stacks:  # it comes with the other screens
            assert time.monotonic() < end
            await pilot.pause(0.05)
        assert "cnnlab.tui.screens.run.screen" in sys.modules

asyncio.run(main())
print([name for name in ("torch", "torchvision", "sklearn", "scipy") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip().endswith("[]")


def test_without_a_terminal_the_help_is_printed_instead() -> None:
    program = str(Path(sys.executable).with_name("cnnlab"))
    done = subprocess.run(
        [program], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 2
    assert "Usage: cnnlab" in done.stdout


async def test_the_keys_in_the_last_line_can_be_clicked_and_help_and_quit_always_fit(
    opened: Opened,
) -> None:
    async with opened("history", size=(44, 24)) as pilot:
        await pilot.app.push_screen(Faulty())
        line = (await until_shown(pilot, "f Fail")).splitlines()[-1]
        assert line.endswith("? Help  q Quit")
        assert "…" in line
        await pilot.click("KeyLine", offset=(line.index("? Help") + 1, 0))
        await until_shown(pilot, "It fails [/b] where it can.")
