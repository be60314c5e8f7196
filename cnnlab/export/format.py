"""Numbers, times, sizes and foreign texts as people read them."""

from __future__ import annotations

import math
from datetime import datetime

DECEPTIVE = frozenset(
    {
        # Delete, and the second set of controls: 0x9B begins escape sequences as 0x1B does.
        *range(0x7F, 0xA0),
        # Unseen, or turning the direction of writing, or ending a line.
        0xAD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, *range(0x2028, 0x202F),
        *range(0x2060, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080),
        # Halves of characters, such as Python makes of file names that are not UTF-8.
        *range(0xD800, 0xE000),
    }
)  # fmt: skip
"""Characters from 0x7F on that a terminal obeys, hides or cannot show.

Joiners are not among them: letters of some languages, and emoji, are made with them.
"""

_HUGE = 1e6

_PICTURES = {
    **dict.fromkeys(DECEPTIVE, "\ufffd"),
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) != "\n"},
    0x7F: "\u2421",
}


def visible(text: str) -> str:
    """A text from outside with pictures in place of control characters; newlines stay.

    So it is with what is unseen or turns the direction of writing.
    """
    return text if text.isprintable() else text.translate(_PICTURES)


def one_line(text: str) -> str:
    """A name from outside, which must not look like several."""
    return visible(text).replace("\n", "\u240a")


def format_duration(seconds: float | None) -> str:
    """`0.8 s`, `42 s`, `3 m 05 s`, `2 h 10 m`; a dash where it is not known."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} m"


def format_bytes(count: int) -> str:
    """`512 B`, `1.7 MB`: powers of 1,000."""
    from rich.filesize import decimal

    return decimal(count).replace("bytes", "B")


def format_figure(value: float | None, digits: int = 4) -> str:
    """A figure with a fixed number of digits, without a sign before 0; a dash where there is none.

    From a million on, as only the loss of a run that diverges is, it has an exponent.
    """
    if value is None:
        return "–"
    return f"{value:z.{digits}{'f' if abs(value) < _HUGE else 'g'}}"


def format_points(difference: float, digits: int = 1) -> str:
    """A difference in percentage points with its sign: `+0.4`, `-1.2`, `0.0`."""
    text = f"{difference:+.{digits}f}"
    return text[1:] if float(text) == 0 else text


def format_lr(value: float) -> str:
    """A learning rate, without needless zeros."""
    return f"{value:.3g}"


def format_time(iso: str | None) -> str:
    """A stored time as local date and time, to the minute."""
    if iso is None:
        return "–"
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M")


def format_short_time(iso: str) -> str:
    """A stored time to the minute if it is of this year, else the day alone."""
    time = datetime.fromisoformat(iso).astimezone()
    this_year = time.year == datetime.now().astimezone().year
    return time.strftime("%m-%d %H:%M" if this_year else "%Y-%m-%d")
