"""The screens show hostile names as text."""

from __future__ import annotations

import pytest
from hostile.texts import unsafe
from tui.conftest import Opened, shown, until

STEPS = (
    ("1", "PresetsScreen"), ("down", "PresetsScreen"), ("2", "RunScreen"),
    ("3", "HistoryScreen"), ("down", "HistoryScreen"), ("enter", "ResultScreen"),
    ("escape", "HistoryScreen"), ("4", "DataScreen"), ("down", "DataScreen"),
)  # fmt: skip
"""What is pressed, and the screen that shows hostile text then."""


@pytest.mark.usefixtures("hostile")
async def test_no_screen_lets_hostile_text_command_the_terminal(opened: Opened) -> None:
    async with opened(size=(150, 45)) as pilot:
        for key, screen in STEPS:

            def has_come(screen: str = screen) -> bool:
                return type(pilot.app.screen).__name__ == screen and "wild" in shown(pilot)

            await pilot.press(key)
            await until(pilot, has_come)
            await pilot.pause(0.1)  # what comes later than the first of it
            text = shown(pilot)
            assert not unsafe(text.replace("\xa0", " "), terminal=False), screen
