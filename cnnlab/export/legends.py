"""What curves are drawn with, and the legend above a plot that says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

SIGNS = ("⣿", "•", "x", "+", "o", "*", "#", "%", "@", "=", "&", "$", "v", "^", "<", ">")
"""Of points, and of lines but for the first: that is drawn in braille, the finest marker. As many
as training and validation of eight runs need."""

_GAP, _NARROW_GAP = 3, 2
"""Blanks between two entries of a legend, and where room is scarce."""

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
    """Curves in a legend that share a label, which is text from outside."""

    label: str
    inks: tuple[Ink, ...]


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
    sizes: Counter[int] = Counter()
    places = []
    for group in groups or range(count):
        places.append((group, sizes[group]))
        sizes[group] += 1
    largest = max(sizes.values(), default=1)
    found = []
    for group, position in places:
        pixel, escape = colours[group % len(colours)]
        # A new sign only when the colours are used up.
        kind = position + group // len(colours) * largest
        found.append(Ink(SIGNS[kind % len(SIGNS)], pixel, escape))
    return found


def entries(
    labels: Sequence[str], curve_inks: Sequence[Ink | None], groups: Sequence[int]
) -> list[Entry]:
    """The entries of curves: one without a label stands with the first of its group.

    Args:
        curve_inks: None for a curve that is not drawn.
        groups: a number for each curve; none where each stands alone.
    """
    found: list[tuple[str, list[Ink]]] = []
    first: dict[int, int] = {}
    for at, (label, ink) in enumerate(zip(labels, curve_inks, strict=True)):
        place = first.get(groups[at]) if groups and not label else None
        if place is None:
            place = len(found)
            found.append((label, []))
            if groups:
                first.setdefault(groups[at], place)
        if ink is not None:
            found[place][1].append(ink)
    return [Entry(label, tuple(drawn)) for label, drawn in found if drawn]


def legend(title: str, shown: Sequence[Entry], width: int, rows: int = 1) -> list[str]:
    """The lines above a plot: its title, each curve's sign and name; the last one is cut to fit."""
    texts = _texts(shown)
    indent, gap, lines = _arranged(_printable(title), texts, width, rows)
    drawn = []
    for number, line in enumerate(lines):
        text, signs = Text("" if number else _printable(title)), list[tuple[int, str]]()
        for place in line:
            blank = gap if number == 0 or text else indent + gap
            text.append(" " * blank)
            signs += [(len(text) + at, one.escape) for at, one in enumerate(shown[place].inks)]
            text.append(texts[place])
        drawn.append(_cut(text, signs, width))
    return drawn


def fits(title: str, shown: Sequence[Entry], width: int, rows: int = 1) -> bool:
    """Whether a legend with these entries is nowhere cut."""
    title, texts = _printable(title), _texts(shown)
    return _is_whole(title, texts, _arranged(title, texts, width, rows), width)


_Arranged = tuple[int, int, list[list[int]]]
"""The indent of further rows, the gap between entries, and which entries each row has."""


def _texts(shown: Sequence[Entry]) -> list[str]:
    return [
        f"{''.join(ink.sign for ink in one.inks)} {_printable(one.label)}".rstrip() for one in shown
    ]


def _arranged(title: str, texts: Sequence[str], width: int, rows: int) -> _Arranged:
    """The entries in rows, below the first one; closer together, from the left, to make room.

    Where that is not enough, rows are too long.
    """
    wide = _in_rows(title, texts, width, rows, indent=cell_len(title), gap=_GAP)
    if _is_whole(title, texts, wide, width):
        return wide
    return _in_rows(title, texts, width, rows, indent=0, gap=_NARROW_GAP)


def _in_rows(
    title: str, texts: Sequence[str], width: int, rows: int, *, indent: int, gap: int
) -> _Arranged:
    lines: list[list[int]] = [[]]
    used = cell_len(title)
    for place, text in enumerate(texts):
        wide = gap + cell_len(text)
        if used + wide > width and len(lines) < rows and (lines[-1] or title.strip()):
            lines.append([])
            used = indent
        lines[-1].append(place)
        used += wide
    return indent, gap, lines


def _is_whole(title: str, texts: Sequence[str], arranged: _Arranged, width: int) -> bool:
    indent, gap, lines = arranged
    starts = [cell_len(title), *[indent] * (len(lines) - 1)]
    return all(
        start + sum(gap + cell_len(texts[place]) for place in line) <= width
        for start, line in zip(starts, lines, strict=True)
    )


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
