"""Numbers, times, sizes and foreign texts as people read them."""

from __future__ import annotations

from datetime import datetime

_PICTURES = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) != "\n"},
    0x7F: "\u2421",
    # The second set of control characters has no pictures; 0x9B begins escape sequences too.
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
}


def visible(text: str) -> str:
    """A text from outside with pictures in place of control characters; newlines stay."""
    return text.translate(_PICTURES)


def one_line(text: str) -> str:
    """A name from outside, which must not look like several."""
    return visible(text).replace("\n", "\u240a")


def format_duration(seconds: float | None) -> str:
    """`0.8 s`, `42 s`, `3 m 05 s`, `2 h 10 m`; a dash where it is not known."""
    if seconds is None:
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
    """A figure with a fixed number of digits; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


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


def format_shape(shape: tuple[int, ...]) -> str:
    """`3x32x32`."""
    return "x".join(map(str, shape))
