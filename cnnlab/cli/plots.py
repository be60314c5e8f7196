"""Curves on the console, drawn with characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from cnnlab.export.format import one_line

if TYPE_CHECKING:
    from cnnlab.analysis.curves import Curve
    from cnnlab.export.curves import Mark

_WIDEST, _HEIGHT = 100, 14
_LEGEND_ROWS = 3


def drawn_curves(
    console: Console,
    curves: Sequence[Curve],
    *,
    title: str,
    x_label: str,
    log: bool,
    groups: Sequence[int] = (),
    marks: Sequence[Mark] = (),
) -> Text:
    """A plot that fits the console, in colours if it has some; empty if there is nothing to draw.

    The arguments are those of `draw_curves`.
    """
    from cnnlab.export.curves import draw_curves

    drawing = draw_curves(
        curves,
        title=one_line(title),
        x_label=x_label,
        width=min(console.width, _WIDEST),
        height=_HEIGHT,
        colour=console.color_system is not None and not console.no_color,
        groups=groups,
        legend_rows=_LEGEND_ROWS,
        log=log,
        marks=marks,
    )
    return Text.from_ansi(drawing.text)
