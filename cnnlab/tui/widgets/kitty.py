"""Pictures through kitty's graphics protocol, with textual-image.

The library asks the terminal what it can do when it is imported, and waits for an answer on the
standard input. While the app runs that input is the app's, and over a slow line an answer that
comes late reads as keys. So it is never asked: the environment names the terminals whose cells
take pictures (`speaks`), and for the library the standard output is no terminal. What it writes
goes out through the app's own driver, so that it never falls into the middle of something else.

Sixel, which WezTerm and iTerm2 know, is left alone: its pixels lie over cells that the app does
not know of, and stay there when a dialog opens above.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from PIL import Image
from rich.console import Console, ConsoleOptions, RenderResult

_PROGRAMS = ("ghostty", "kitty")
_TRUE_COLOUR = ("truecolor", "24bit")


def speaks(environment: Mapping[str, str]) -> bool:
    """Whether the terminal shows pictures in the place of characters.

    Such a character tells its picture by its colour, so the terminal must be known to take all
    colours. A multiplexer hands pictures to no terminal.
    """
    if environment.get("TMUX") or environment.get("STY"):
        return False
    if environment.get("COLORTERM") not in _TRUE_COLOUR:
        return False
    kind = environment.get("TERM", "")
    if kind.startswith(("screen", "tmux")):
        return False
    return (
        kind.removeprefix("xterm-") in _PROGRAMS
        or environment.get("TERM_PROGRAM") in _PROGRAMS
        or "KITTY_WINDOW_ID" in environment
    )


class _Outlet:
    """Stands where textual-image looks for the standard output; is no terminal."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def write(self, text: str) -> None:
        self._write(text)

    def flush(self) -> None:
        """Whoever takes the text sends it in its turn."""

    def isatty(self) -> bool:
        return False


@contextmanager
def _output(write: Callable[[str], None]) -> Iterator[None]:
    real = sys.__stdout__
    sys.__stdout__ = _Outlet(write)  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        sys.__stdout__ = real  # type: ignore[misc]


def _nowhere(_: str) -> None:
    """Takes what is written while the library is imported: nothing."""


@cache
def _renderable() -> Any:
    """The library's class; its size of a cell is then settled too, without a question."""
    with _output(_nowhere):
        from textual_image.renderable import TGPImage
        from textual_image.widget import TGPImage as _  # noqa: F401 - settles the size of a cell

    return TGPImage


class KittyPicture:
    """An image in a frame of so many characters; `close` frees it in the terminal.

    Args:
        write: sends text to the terminal, in the order of all else that is sent.
    """

    def __init__(
        self, image: Image.Image, columns: int, rows: int, write: Callable[[str], None]
    ) -> None:
        self._write = write
        self._picture = _renderable()(image, columns, rows)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with _output(self._write):
            return list(self._picture.__rich_console__(console, options))

    def close(self) -> None:
        """Frees the image in the terminal."""
        with _output(self._write):
            self._picture.cleanup()
