"""Curves drawn in characters, and what lies where in such a drawing."""

from __future__ import annotations

import math
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from cnnlab.export.curves import Curve, draw_curves

NAN = math.nan
INF = math.inf
BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}
WIDTH, HEIGHT = 60, 13


def draw(
    *curves: Curve,
    width: int = WIDTH,
    height: int = HEIGHT,
    colour: bool = False,
    **options: Any,
) -> str:
    """The block that a report would print."""
    return draw_curves(
        curves, title="loss", x_label="epoch", width=width, height=height, colour=colour, **options
    ).text


def steps(count: int) -> list[float]:
    return [float(step) for step in range(1, count + 1)]


def curve(*values: float | None, label: str = "training") -> Curve:
    """A curve over steps 1, 2, 3, ..."""
    return Curve(label, steps(len(values)), values)


def left_numbers(plot: str) -> list[str]:
    """What is written beside the plot, from top to bottom."""
    return [line.split("┤")[0].strip() for line in plain_lines(plot) if "┤" in line]


def below_numbers(plot: str) -> list[str]:
    """What is written below the plot, from left to right."""
    return plain_lines(plot)[-2].split()


def plain_lines(plot: str) -> list[str]:
    return Text.from_ansi(plot).plain.split("\n")


def canvas(plot: str) -> list[str]:
    """What lies inside the frame, row by row."""
    rows = [line for line in plain_lines(plot) if line.endswith("│")]
    return [line[:-1].replace("┤", "│", 1).split("│", 1)[1] for line in rows]


def inked_rows(plot: str, marks: set[str] = BRAILLE) -> list[int]:
    return [number for number, row in enumerate(canvas(plot)) if marks & set(row)]


def inked_columns(plot: str, marks: set[str] = BRAILLE) -> list[int]:
    rows = canvas(plot)
    return sorted({at for row in rows for at, sign in enumerate(row) if sign in marks})


def assert_fills(plot: str, width: int, height: int) -> None:
    lines = plain_lines(plot)
    assert len(lines) == height
    assert max(cell_len(line) for line in lines) <= width
