"""A data set in words: facts, and a bar for each class."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from cnnlab.amounts import format_shape
from cnnlab.data.catalog import KnownDataset
from cnnlab.data.store import DatasetInfo
from cnnlab.export.format import format_bytes, format_time, one_line
from cnnlab.tui.screens.data.shelf import Entry, Place

SIGNS: dict[Place, str] = {"here": "✓", "shipped": "○", "absent": "–", "damaged": "×"}

LEGEND = "✓ here   ○ comes with cnnlab   – not here   × damaged"

_HEAD = 9
"""Columns of the names of facts."""
_WIDEST_CLASS = 24
_SHORTEST_BAR = 4
_EIGHTHS = " ▏▎▍▌▋▊▉"


def about(entry: Entry, width: int) -> Text:
    """All that is known of a data set.

    Args:
        width: columns for the bars of classes; longer texts wrap.
    """
    text = Text()
    title = (entry.info or entry.known or entry).name if entry.fault else _title(entry)
    text.append(f"{one_line(title)}\n", "bold")
    text.append(f"{_standing(entry)}\n\n", "dim")
    told: DatasetInfo | KnownDataset | None = entry.info or entry.known
    if told is None:
        return text
    facts = [
        ("images", f"{told.train_images:,} training, {told.test_images:,} test"),
        ("shape", f"{format_shape(told.shape)} (channels x height x width)"),
        ("classes", f"{len(told.classes)}"),
        ("mean", _each(told.mean)),
        ("std", _each(told.std)),
        *_origin(entry),
    ]
    for name, value in facts:
        text.append(f"{name:<{_HEAD}}", "dim")
        text.append(f"{value}\n")
    text.append("\n")
    if entry.info is None:
        return text.append(one_line(", ".join(told.classes)))
    return text.append_text(bars(entry.info, width))


def _title(entry: Entry) -> str:
    told = entry.info or entry.known
    return told.title if told is not None else entry.name


def _standing(entry: Entry) -> str:
    """Whether it is here, and if not, what to do."""
    if entry.place == "here":
        return f"On this machine, {format_bytes(entry.bytes)}."
    if entry.place == "damaged":
        return f"{one_line(entry.fault)} Press x to remove it."
    if entry.place == "shipped":
        return "Comes with cnnlab; Enter unpacks it, as does a training."
    return "Not on this machine. Press d to download it, or i to import its files."


def _each(values: Sequence[float]) -> str:
    return "  ".join(f"{value:.4f}" for value in values)


def _origin(entry: Entry) -> list[tuple[str, str]]:
    facts = []
    if entry.known is not None:
        facts.append(("source", entry.known.source))
    if entry.info is not None:
        origin, at = one_line(entry.info.origin), format_time(entry.info.imported_at)
        facts += [("origin", f"{origin}, {at}"), ("file", one_line(str(entry.path)))]
    return facts


def bars(info: DatasetInfo, width: int) -> Text:
    """The training images of each class as bars, with both counts as numbers."""
    names = [_fitted(one_line(name)) for name in info.classes]
    named = max(map(cell_len, ("class", *names)))
    train = [f"{count:,}" for count in info.train_counts]
    test = [f"{count:,}" for count in info.test_counts]
    wide = [max(map(len, (head, *column))) for head, column in (("train", train), ("test", test))]
    room = max(width - named - sum(wide) - 6, _SHORTEST_BAR)
    most = max(*info.train_counts, 1)
    head = f"{set_cell_size('class', named)}  {'train':>{wide[0]}}  {'test':>{wide[1]}}"
    text = Text(f"{head}\n", "dim")
    for name, own, held, count in zip(names, train, test, info.train_counts, strict=True):
        text.append(f"{set_cell_size(name, named)}  {own:>{wide[0]}}  {held:>{wide[1]}}  ", "none")
        text.append(f"{_bar(count / most * room)}\n", "cyan")
    return text


def _fitted(name: str) -> str:
    if cell_len(name) <= _WIDEST_CLASS:
        return name
    return set_cell_size(name, _WIDEST_CLASS - 1).rstrip() + "…"


def _bar(length: float) -> str:
    """A bar of so many columns, to an eighth."""
    eighths = round(length * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def progress_words(what: str, done: int, total: int | None, width: int) -> Text:
    """How far long work is: what it does, a bar and numbers where the end is known."""
    text = Text()
    text.append(f"{one_line(what)} ")
    if total:
        share = min(done / total, 1.0)
        room = max(min(width // 4, 30), _SHORTEST_BAR)
        text.append("█" * round(share * room), "cyan").append("░" * (room - round(share * room)))
        text.append(f" {done:,} of {total:,} ")
    return text.append("  z stops it", "dim")
