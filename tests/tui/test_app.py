"""The app around its screens: ways, help, palette, errors, what is remembered, what is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Button, Static
from tui.conftest import Opened, shown, until_shown

from cnnlab.errors import ConfigError
from cnnlab.home import Home
from cnnlab.tui.screens.base import CnnlabScreen
from cnnlab.tui.settings import load_settings


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
    async with opened("presets") as pilot:
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


async def test_what_a_user_can_act_on_is_told_with_its_hint_and_is_no_failure(
    opened: Opened,
) -> None:
    async with opened("presets") as pilot:
        await pilot.app.push_screen(Faulty())
        await pilot.press("u")
        await until_shown(pilot, "Unknown thing 'a[/b]'.")


async def test_help_says_what_a_screen_is_for_and_lists_its_keys(opened: Opened) -> None:
    async with opened("presets") as pilot:
        await pilot.app.push_screen(Faulty())
        await pilot.press("question_mark")
        text = await until_shown(pilot, "It fails [/b] where it can.")
        assert "User error" in text
        await pilot.press("escape")
        await pilot.press("w")
        await until_shown(pilot, "still here")


async def test_the_palette_has_every_action_of_the_screen(opened: Opened) -> None:
    async with opened("presets") as pilot:
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
import asyncio, sys
from cnnlab.home import Home
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.session import Session

async def main():
    app = CnnlabApp(Session.begin(Home.from_environment()))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.pause(2.5)  # by then the other screens are loaded too

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
        [program], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "Usage: cnnlab" in done.stdout


async def test_the_keys_in_the_last_line_can_be_clicked_and_help_and_quit_always_fit(
    opened: Opened,
) -> None:
    async with opened("presets", size=(44, 24)) as pilot:
        await pilot.app.push_screen(Faulty())
        line = (await until_shown(pilot, "f Fail")).splitlines()[-1]
        assert line.endswith("? Help  q Quit")
        assert "…" in line
        await pilot.click("KeyLine", offset=(line.index("? Help") + 1, 0))
        await until_shown(pilot, "It fails [/b] where it can.")
