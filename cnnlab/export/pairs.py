"""Names with what they are, in a terminal of any width, on the console and on screens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

_GAP = 2
_INDENT = 2
"""Blanks before a value that stands below its name."""


@dataclass(frozen=True)
class Pairs:
    """Names with their values beside them; no blanks fill the lines up.

    Values go on in the next line at a blank. One with a word for which there is no room beside the
    names stands below its own, and only a word that is wider than the terminal is broken.

    Attributes:
        style: Rich style of the names; the default is that of the console.
    """

    rows: Sequence[tuple[str, str | Text]]
    style: str = "dim"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        beside = max((cell_len(name) for name, _ in self.rows), default=0) + _GAP
        for name, given in self.rows:
            value = given if isinstance(given, Text) else Text(given)
            if _widest_word(value) <= width - beside:
                yield from self._lines(name, value.wrap(console, width - beside), beside)
            else:
                yield Text(name, self.style)
                yield from self._lines("", value.wrap(console, max(width - _INDENT, 1)), _INDENT)

    def _lines(self, name: str, lines: Iterable[Text], indent: int) -> Iterator[Text]:
        for number, line in enumerate(lines):
            before = "" if number else name
            blanks = " " * (indent - cell_len(before))
            line.rstrip()
            yield Text.assemble((before, self.style), blanks, line)


def _widest_word(value: Text) -> int:
    return max(map(cell_len, value.plain.split()), default=0)
