"""The columns that the table of runs can have: one entry each, in the order in which they stand.

A column's key is what a list of runs is sorted by (`cnnlab.history.queries.SORTABLE`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from cnnlab.export.format import (
    format_duration,
    format_figure,
    format_lr,
    format_short_time,
    format_time,
    one_line,
)
from cnnlab.history.origins import is_dated
from cnnlab.tui.screens.history.rows import Row

Tone = Literal["", "muted", "good", "warn", "bad"]
"""What a cell's colour means; its words say it too."""

GAP = 2
"""Blanks between two columns."""

_LEAST_NAME, _USUAL_NAME, _MOST_NAME = 14, 24, 48

SIGNS: dict[str, tuple[str, Tone]] = {
    "running": ("▶", "good"),
    "paused": ("‖", "warn"),
    "finished": ("✓", ""),
    "stopped": ("■", "warn"),
    "interrupted": ("!", "warn"),
    "failed": ("✗", "bad"),
    "queued": ("·", "muted"),
    "gone": ("?", "bad"),
}
"""A sign and a tone for each state; `gone` is that of a run whose process is no more."""


class Cell(NamedTuple):
    """The text of a cell, without control characters, and its tone."""

    text: str
    tone: Tone = ""


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        key: what it shows, and what the list is sorted by for it.
        title: its header.
        width: terminal cells that its texts take; that of `name` is the least.
        cell: a run's text in it.
        number: whether it stands at the right, and its largest values first when sorted.
        words: what it is, where the title does not say it.
    """

    key: str
    title: str
    width: int
    cell: Callable[[Row], Cell]
    number: bool = False
    words: str = ""

    @property
    def ascending_first(self) -> bool:
        """The direction that is usually meant: A to Z, but the largest and the newest first."""
        return not self.number and self.key != "started"


def state(row: Row) -> str:
    """The status of a run, or `gone`."""
    return "gone" if row.gone else row.run.status


def _status(row: Row) -> Cell:
    word = state(row)
    sign, tone = SIGNS[word]
    return Cell(f"{sign} {word}", tone)


def _setting(row: Row, table: str, field: str) -> Any:
    """A value of the config; None where it has none, as that of an older cnnlab may."""
    return row.run.config.get(table, {}).get(field)


def _plain(value: object) -> Cell:
    return Cell("–", "muted") if value is None else Cell(one_line(str(value)))


def _figure(value: float | None) -> Cell:
    return Cell(format_figure(value), "muted" if value is None else "")


def _lr(row: Row) -> Cell:
    lr = _setting(row, "optimizer", "lr")
    return _plain(None if lr is None else format_lr(lr))


def _parameters(row: Row) -> Cell:
    count = row.run.parameters
    return _plain(None if count is None else f"{count:,}")


def _time(row: Row) -> Cell:
    seconds = row.run.duration_s
    return Cell(format_duration(seconds), "muted" if seconds is None else "")


def _seed(row: Row) -> Cell:
    return _plain(_setting(row, "training", "seed"))


def _optimizer(row: Row) -> Cell:
    return _plain(_setting(row, "optimizer", "name"))


def _batch_size(row: Row) -> Cell:
    return _plain(_setting(row, "training", "batch_size"))


def _epochs(row: Row) -> Cell:
    return Cell(f"{row.run.epochs_done}/{row.run.epochs_planned}")


def _started(row: Row) -> Cell:
    run = row.run
    if is_dated(run):
        return Cell(format_short_time(run.created_at))
    day, _, _ = format_time(run.created_at).partition(" ")
    return Cell(f"~{day}", "muted")


def _group(row: Row) -> Cell:
    return Cell(one_line(row.run.group_id or ""))


def _origin(row: Row) -> Cell:
    return Cell(row.run.origin or "")


def _tags(row: Row) -> Cell:
    return Cell(" ".join(map(one_line, row.run.tags)))


COLUMNS: dict[str, Column] = {
    column.key: column
    for column in (
        Column("name", "name", _LEAST_NAME, lambda row: _plain(row.run.name)),
        Column("status", "status", 13, _status),
        Column("preset", "preset", 22, lambda row: _plain(row.run.preset)),
        Column("dataset", "data set", 13, lambda row: _plain(row.run.dataset)),
        Column("model", "model", 15, lambda row: _plain(row.run.model)),
        Column("optimizer", "optimizer", 10, _optimizer),
        Column("lr", "lr", 8, _lr, number=True, words="lr (the optimizer's)"),
        Column("batch_size", "batch", 6, _batch_size, number=True, words="batch size"),
        Column("epochs", "epochs", 7, _epochs, number=True, words="epochs (done / planned)"),
        Column(
            "accuracy", "accuracy", 9, lambda row: _figure(row.run.test_accuracy), number=True,
            words="accuracy (test, best checkpoint)",
        ),
        Column(
            "precision", "precision", 10, lambda row: _figure(row.run.test_precision_macro),
            number=True, words="precision (test, macro average, best checkpoint)",
        ),
        Column(
            "loss", "loss", 7, lambda row: _figure(row.run.test_loss), number=True,
            words="loss (test, best checkpoint)",
        ),
        Column(
            "best", "best", 7, lambda row: _figure(row.run.best_value), number=True,
            words="best (the monitored figure)",
        ),
        Column("parameters", "parameters", 11, _parameters, number=True),
        Column("seed", "seed", 10, _seed, number=True),
        Column("device", "device", 7, lambda row: _plain(row.run.device)),
        Column("time", "time", 9, _time, number=True, words="time (trained)"),
        Column("started", "started", 11, _started, words="started (~ of a file without times)"),
        Column("group", "group", 8, _group, words="group (repeats of one config)"),
        Column("origin", "origin", 11, _origin, words="origin (of imported runs)"),
        Column("tags", "tags", 16, _tags),
        Column("id", "id", 8, lambda row: Cell(row.run.id)),
    )
}  # fmt: skip
"""All columns by their keys."""

_ALWAYS = ("name", "status", "dataset", "accuracy", "epochs", "started")
_WITH_ROOM = ("model", "time", "lr", "tags", "optimizer", "precision", "batch_size", "device")
"""What the usual columns are in a narrow table, and what comes to them as it gets wider."""


class Placed(NamedTuple):
    """A column, with the width that it has in a table."""

    column: Column
    width: int


def total_width(columns: Sequence[Placed]) -> int:
    """Terminal cells of all columns and what is between them."""
    return sum(placed.width for placed in columns) + GAP * max(len(columns) - 1, 0)


def placed(chosen: Sequence[str], width: int) -> list[Placed]:
    """The columns of a table; where they are wider than it, it scrolls.

    Args:
        chosen: their keys, unknown ones left out; the usual ones if nothing is left.
        width: terminal cells that there are for them.
    """
    keys = {key for key in chosen if key in COLUMNS} or set(usual(width))
    columns = [column for key, column in COLUMNS.items() if key in keys]
    spare = width - total_width([Placed(column, column.width) for column in columns])
    name = min(_LEAST_NAME + max(spare, 0), _MOST_NAME)
    return [Placed(each, name if each.key == "name" else each.width) for each in columns]


def usual(width: int) -> list[str]:
    """The keys of the columns that a table of a width has unless others are chosen."""
    keys = list(_ALWAYS)
    spare = width - (_USUAL_NAME - _LEAST_NAME)
    spare -= total_width([Placed(COLUMNS[key], COLUMNS[key].width) for key in keys])
    for key in _WITH_ROOM:
        spare -= COLUMNS[key].width + GAP
        if spare < 0:
            break
        keys.append(key)
    return keys
