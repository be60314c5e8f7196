"""What curves are drawn with, and the legend above a plot that says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

SIGNS = ("⣿", "•", "x", "+", "o", "*", "#", "%", "@", "=", "&", "$")
"""Of points, and of lines but for the first: that is drawn in braille, the finest marker."""

_BETWEEN = "   "
"""What stands between two entries of a legend."""

Colour = str | tuple[int, int, int]


@dataclass(frozen=True)
class Ink:
    """How a curve is drawn: its sign, its colour as plotext takes it, and that as an escape.

    `pixel` is None, and `escape` empty, where there are no colours.
    """

    sign: str
    pixel: Colour | None
    escape: str


@dataclass(frozen=True)
class Entry:
    """A curve in a legend; its label is text from outside."""

    label: str
    ink: Ink


_TERMINAL: tuple[tuple[Colour, str], ...] = (
    ("cyan+", "96"),
    ("orange+", "93"),
    ("green+", "92"),
    ("magenta+", "95"),
    ("red+", "91"),
    ("blue+", "94"),
)
"""The terminal's own bright colours, and their escapes."""


def inks(count: int, groups: Sequence[int], palette: Sequence[str], *, colour: bool) -> list[Ink]:
    """An ink for each of so many curves, as `cnnlab.export.curves.draw_curves` describes them."""
    if not colour:
        return [Ink(SIGNS[index % len(SIGNS)], None, "") for index in range(count)]
    colours = [_hexadecimal(one) for one in palette] or _TERMINAL
    ranks: dict[int, int] = {}
    sizes: Counter[int] = Counter()
    places = []
    for group in groups or range(count):
        places.append((ranks.setdefault(group, len(ranks)), sizes[group]))
        sizes[group] += 1
    largest = max(sizes.values(), default=1)
    found = []
    for rank, position in places:
        pixel, escape = colours[rank % len(colours)]
        # A new sign only when the colours are used up.
        kind = position + rank // len(colours) * largest
        found.append(Ink(SIGNS[kind % len(SIGNS)], pixel, escape))
    return found


def legend(title: str, entries: Sequence[Entry], width: int, rows: int = 1) -> list[str]:
    """The lines above a plot: its title, each curve's sign and name; the last one is cut to fit."""
    title = _printable(title)
    lines = [(Text(title), list[tuple[int, str]]())]
    for entry in entries:
        name = f"{entry.ink.sign} {_printable(entry.label)}"
        line, signs = lines[-1]
        wide = line.cell_len + Text(_BETWEEN + name).cell_len
        if wide > width and len(lines) < rows and line.plain.strip():
            line, signs = Text(" " * len(title)), []
            lines.append((line, signs))
        line.append(_BETWEEN)
        signs.append((len(line), entry.ink.escape))
        line.append(name)
    return [_cut(line, signs, width) for line, signs in lines]


def _cut(line: Text, signs: Sequence[tuple[int, str]], width: int) -> str:
    """A line of the legend as far as it fits, its signs in their colours."""
    line.truncate(width, overflow="ellipsis")
    text = line.plain
    for place, escape in reversed(signs):
        if escape and place < len(text):
            text = f"{text[:place]}\x1b[{escape}m{text[place]}\x1b[0m{text[place + 1 :]}"
    return text


def _hexadecimal(text: str) -> tuple[Colour, str]:
    """`#5fd7ff` as plotext takes a colour, and as an escape."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return (red, green, blue), f"38;2;{red};{green};{blue}"


def _printable(text: str) -> str:
    """Names of runs are text from outside: nothing in them may reach the terminal as a command."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
