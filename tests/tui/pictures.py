"""Pictures of screens in text form: what stands where, and in which colours of two themes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from string import ascii_letters, digits

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.pilot import Pilot
from textual.widgets import Input
from tui.conftest import Opened, settled, shown, works_behind
from waiting import SECONDS

from cnnlab.tui.widgets.status_line import StatusLine

THEMES = ("cnnlab-dark", "cnnlab-light")
STEADY = 4
"""So many equal pictures, a twentieth of a second apart, count as what the screen came to."""

Reach = Callable[[Pilot[None]], Awaitable[object]]
Cell = tuple[str, str]
"""A character and its style in words. The second column of a wide character is empty."""


class Pictures(SingleFileSnapshotExtension):
    """One text file a picture, to be read as it is."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT


async def picture(opened: Opened, place: str, size: tuple[int, int], reach: Reach) -> str:
    """A screen as text, then a letter a cell for its style, then the styles in each theme.

    The status line is left out: it names machine and home. Cells of the most frequent style have
    a blank.

    Args:
        place: the main screen that the app opens with, in the first theme.
        reach: goes from there to what is pictured.

    Raises:
        AssertionError: the screen does not come to rest, or the themes differ in more than colours.
    """
    cells = []
    async with opened(place, size=size, theme=THEMES[0]) as pilot:
        await reach(pilot)
        for theme in THEMES:
            pilot.app.theme = theme
            await _at_rest(pilot)
            cells.append(_cells(pilot))
    texts = ["\n".join("".join(text for text, _ in row).rstrip() for row in one) for one in cells]
    assert texts[0] == texts[1], f"not the same text in both themes:\n{texts[0]}\n{texts[1]}"
    pairs = [
        [(dark[1], light[1]) for dark, light in zip(*rows, strict=True)]
        for rows in zip(*cells, strict=True)
    ]
    signs = _signs([pair for row in pairs for pair in row])
    styles = "\n".join("".join(signs[pair] for pair in row).rstrip() for row in pairs)
    legend = "\n".join(f"{sign!r}  {dark:<36}  {light}" for (dark, light), sign in signs.items())
    themes = f"     {THEMES[0]:<36}  {THEMES[1]}"
    return f"{texts[0]}\n\n--- styles\n{styles}\n\n--- legend\n{themes}\n{legend}\n"


def _signs(pairs: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """A sign for each pair of styles: a blank for the most frequent, letters as they come."""
    ((usual, _),) = Counter(pairs).most_common(1)
    others = [pair for pair in dict.fromkeys(pairs) if pair != usual]
    letters = ascii_letters + digits + "!#$%&()*+,-/:;<=>?@[]^_{|}~"
    assert len(others) <= len(letters), f"{len(others)} styles have too few letters"
    return {usual: " ", **dict(zip(others, letters, strict=False))}


async def _at_rest(pilot: Pilot[None]) -> None:
    """Waits until nothing is read behind the screen, and it stays as it is."""
    end = time.monotonic() + SECONDS
    before: object = None
    equal = 0
    while equal < STEADY:
        assert time.monotonic() < end, f"it does not come to rest:\n{shown(pilot)}"
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        await pilot.pause(0.05)
        await settled(pilot.app)
        reads = works_behind()
        now = pilot.app.screen._compositor.render_strips()
        equal = equal + 1 if now == before and not reads else 1
        before = now


def _cells(pilot: Pilot[None]) -> list[list[Cell]]:
    """Every cell of the screen, the status line's without a text."""
    blank = _status_lines(pilot)
    rows: list[list[Cell]] = []
    for y, strip in enumerate(pilot.app.screen._compositor.render_strips()):
        row: list[Cell] = []
        for segment in strip:
            for character in segment.text:
                style = _in_words(character, segment.style)
                row += [(character, style), ("", style)][: cell_len(character)]
        rows.append([(" ", row[0][1])] * len(row) if y in blank else row)
    return rows


def _status_lines(pilot: Pilot[None]) -> set[int]:
    """The rows of the status line, which may be seen below a dialog."""
    found = [line for screen in pilot.app.screen_stack for line in screen.query(StatusLine)]
    return {y for line in found for y in range(line.region.y, line.region.bottom)}


def _in_words(character: str, style: Style | None) -> str:
    """What is to be seen of a style: a blank has no foreground, unless a line goes through it."""
    if style is None:
        return "none"
    ground = f"on {_hex(style.bgcolor)}"
    if character == " " and not (style.underline or style.strike or style.reverse):
        return ground
    names = ("bold", "dim", "italic", "underline", "reverse", "strike")
    attributes = [name for name in names if getattr(style, name)]
    return " ".join([_hex(style.color), ground, *attributes])


def _hex(colour: Color | None) -> str:
    if colour is None:
        return "default"
    return colour.triplet.hex if colour.triplet is not None else colour.name
