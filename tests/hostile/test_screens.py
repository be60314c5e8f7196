"""The screens show hostile names as text."""

from __future__ import annotations

from hostile.texts import unsafe
from tui.conftest import until

from cnnlab.home import Home
from cnnlab.tui.app import CnnlabApp
from cnnlab.tui.session import Session

KEYS = ("1", "down", "2", "3", "down", "enter", "escape", "4", "down")


def shown(app: CnnlabApp) -> str:
    """What is on the screen."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)


async def test_no_screen_lets_hostile_text_command_the_terminal(hostile: Home) -> None:
    app = CnnlabApp(Session.begin(hostile))
    seen = set()
    async with app.run_test(size=(150, 45)) as pilot:
        for key in KEYS:
            await pilot.press(key)
            await until(pilot, lambda: "wild" in shown(app))
            await pilot.pause(0.1)  # what comes later than the first of it
            text = shown(app)
            assert not unsafe(text.replace("\xa0", " "), terminal=False), type(app.screen)
            seen |= {type(app.screen).__name__} if "wild" in text else set()
    assert {"PresetsScreen", "RunScreen", "HistoryScreen", "ResultScreen", "DataScreen"} <= seen
