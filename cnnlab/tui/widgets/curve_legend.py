"""What the legend of a plot says: as much as fits, and of every run at least a name of its own.

Where room is scarce, the words go first, then the values unless a cursor reads them, then the
middles of long names; then the plot gives rows away. Names stay different as long as they can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from rich.cells import cell_len

from cnnlab.export.legends import SIGNS, Ink, entries, fits

_READABLE, _SHORTEST = 10, 4
"""Columns of a shortened name: those that are worth a row of the plot, and the fewest."""
_LONGEST = 40
"""Columns of the longest name that is tried where room is scarce."""
_ALIKE = 3
"""Names that begin with so many of the same characters are of a kind."""
_CUT = "…"
_ANY_INK = Ink(SIGNS[0], None, "")


@dataclass(frozen=True)
class Label:
    """What may be said of a curve.

    Attributes:
        whole: its name in full; empty where its value alone tells enough.
        name: of its run; of several curves of a run only the first has one.
        rest: what is said behind that name, such as that it is smoothed.
    """

    whole: str
    name: str = ""
    rest: str = ""


@dataclass(frozen=True)
class Room:
    """Columns of a legend, the rows that it should have, and those that it may have."""

    width: int
    rows: int
    most: int


def legend_words(
    title: str,
    labels: Sequence[Label],
    values: Sequence[str],
    groups: Sequence[int],
    room: Room,
    *,
    reads: bool,
) -> tuple[list[str], int]:
    """A label for each curve and the rows that they take, as `draw_curves` has them.

    Args:
        values: of each curve, empty for none.
        groups: the number of each curve's run; none where there is one run.
        reads: whether the values are those at a cursor, which nothing else tells.
    """

    def fit(words: Sequence[str], rows: int) -> bool:
        shown = entries(words, [_ANY_INK] * len(words), groups)
        return fits(title, shown, room.width, rows)

    whole = [_joined(one.whole, value) for one, value in zip(labels, values, strict=True)]
    if not groups or fit(whole, room.rows):
        return whole, room.rows
    short = [_joined(one.name, one.rest, value) for one, value in zip(labels, values, strict=True)]
    if fit(short, room.rows):
        return short, room.rows
    told = _of_groups(values, groups) if reads else [""] * len(values)
    for rows, names in _shorter([one.name for one in labels], room):
        words = _named(names, labels, told)
        if fit(words, rows):
            return words, rows
    alone = _named([""] * len(labels), labels, told)
    if reads and fit(alone, room.most):
        return alone, room.most
    return _named(shortened([one.name for one in labels], _SHORTEST), labels, told), room.most


def _of_groups(values: Sequence[str], groups: Sequence[int]) -> list[str]:
    """At the first curve of each group the values of all of them, else nothing."""
    told: dict[int, list[str]] = {}
    for value, group in zip(values, groups, strict=True):
        told.setdefault(group, []).append(value)
    return [_joined(*told.pop(group, ())) for group in groups]


def _named(names: Sequence[str], labels: Sequence[Label], told: Sequence[str]) -> list[str]:
    return [
        _joined(name, one.rest, words) for name, one, words in zip(names, labels, told, strict=True)
    ]


def _shorter(names: Sequence[str], room: Room) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Ways to shorten names, with the rows to try them in: the best first; all tell runs apart."""
    ways = _apart(tuple(names))
    for least, above in ((_READABLE, _LONGEST + 1), (_SHORTEST, _READABLE)):
        for rows in range(room.rows, room.most + 1):
            yield from ((rows, found) for most, found in ways if least <= most < above)


@lru_cache(maxsize=8)
def _apart(names: tuple[str, ...]) -> list[tuple[int, tuple[str, ...]]]:
    """Shortened names with the columns they may have, the most first; only what keeps them apart.

    Kept, as it takes longer than a drawing, and a plot is drawn often.
    """
    longest = min(max(map(cell_len, names), default=0), _LONGEST)
    return [
        (most, tuple(found))
        for most in range(max(longest, _SHORTEST), _SHORTEST - 1, -1)
        if len(set(found := shortened(names, most))) == len(set(names))
    ]


def shortened(names: Sequence[str], most: int) -> list[str]:
    """Names of so many columns at most, without their middles, or without how all of a kind begin.

    Of the ways to cut them the first is taken that keeps them apart. How a kind begins goes first
    where that is enough, or columns are few.
    """
    ways = sorted(range(most), key=lambda head: abs(2 * head + 1 - most))
    found = [_cut(name, ways[0], most) for name in names]
    kinds = (_unlike(names), names)
    enough = max(map(cell_len, kinds[0]), default=0) <= most
    for texts in kinds if enough or most < _READABLE else reversed(kinds):
        for head in ways:
            cut = [_cut(text, head, most) for text in texts]
            if len(set(cut)) == len(set(names)):
                return cut
    return found


def _unlike(names: Sequence[str]) -> list[str]:
    """The names with a sign instead of how all of their kind begin."""
    found = []
    for name in names:
        beginnings = [_alike(name, other) for other in set(names) - {name}]
        alike = min((length for length in beginnings if length >= _ALIKE), default=0)
        found.append(f"{_CUT}{name[alike:]}" if 0 < alike < len(name) else name)
    return found


def _alike(name: str, other: str) -> int:
    """How many characters two names begin with alike."""
    pairs = zip(name, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _cut(text: str, head: int, most: int) -> str:
    """A text of `most` columns, of them `head` before the cut."""
    if cell_len(text) <= most:
        return text
    head = 0 if text[:head] == _CUT else head
    end = _begin(text[::-1], most - head - 1)[::-1]
    return f"{_begin(text, head)}{_CUT}{end}"


def _begin(text: str, columns: int) -> str:
    """As much of a text as so many columns hold."""
    end, wide = 0, 0
    while end < len(text) and (wide := wide + cell_len(text[end])) <= columns:
        end += 1
    return text[:end]


def _joined(*words: str) -> str:
    """What is there of some words, with blanks between."""
    return " ".join(word for word in words if word)
