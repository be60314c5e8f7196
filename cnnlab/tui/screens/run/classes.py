"""The classes of the last validation, and how each has changed since the one before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from cnnlab.events import ClassMetrics
from cnnlab.export.format import format_figure, one_line
from cnnlab.history.records import EvaluationRecord
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.keys import SCROLL

_METRICS = ("precision", "recall", "f1")
_CELL = 13
"""Columns of a figure with its change."""
_LEAST_POINTS = 0.05
"""A smaller change is shown as none."""
_NAMES = (6, 20)


class ClassTable(Sturdy, VerticalScroll):
    """Precision, recall and F1 of each class; the changes are in percentage points."""

    BINDINGS = [*SCROLL]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as all widgets name it
        super().__init__(id=id)
        self._shown: Sequence[EvaluationRecord] = ()

    def compose(self) -> ComposeResult:
        """The table."""
        yield Static("")

    def on_mount(self) -> None:
        """Takes the colours of a new theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def on_resize(self) -> None:
        """Fills the new width."""
        self._draw()

    def show(self, validations: Sequence[EvaluationRecord]) -> None:
        """Shows the last of two validations, or of one."""
        if list(validations) != list(self._shown):
            self._shown = tuple(validations)
            self._draw()

    def _draw(self) -> None:
        colours = self.app.theme_variables
        self.query_one(Static).update(class_table(self._shown, self.size.width, colours))


def class_table(
    validations: Sequence[EvaluationRecord], width: int, colours: Mapping[str, str]
) -> Text:
    """The table as text.

    Args:
        validations: the last one behind the one before it, if there was one.
        width: in columns; the number of images is left out where there is no room for it.
        colours: the variables of the theme.
    """
    if not validations:
        return Text("The classes are told at the first validation.", "dim")
    last, before = validations[-1], validations[0] if len(validations) > 1 else None
    longest = max((cell_len(one_line(one.name)) for one in last.classes), default=0)
    names = min(max(longest, _NAMES[0]), _NAMES[1])
    with_images = width >= names + len(_METRICS) * _CELL + 10
    table = Text(no_wrap=True)
    table.append(_title(last, before)).append("\n")
    header = set_cell_size("class", names) + "".join(
        f"{title:>7}{'':6}" for title in ("precis.", "recall", "F1")
    )
    table.append(header + ("  images" if with_images else "") + "\n", "dim")
    known = {one.name: one for one in before.classes} if before else {}
    for one in last.classes:
        table.append(set_cell_size(one_line(one.name), names))
        for metric in _METRICS:
            _append_figure(table, one, known.get(one.name), metric, colours)
        table.append(f"{one.support:>8,}\n" if with_images else "\n")
    return table


def _title(last: EvaluationRecord, before: EvaluationRecord | None) -> Text:
    title = Text(f"Step {last.step:,}", "bold", no_wrap=True, end="")
    title.append(f"  loss {format_figure(last.loss)}  accuracy {last.accuracy:.4f}", "not bold")
    if before is not None:
        title.append(f" {_change(last.accuracy - before.accuracy)}", "not bold")
    return title


def _append_figure(
    table: Text,
    one: ClassMetrics,
    before: ClassMetrics | None,
    metric: str,
    colours: Mapping[str, str],
) -> None:
    value = float(getattr(one, metric))
    change = _change(value - float(getattr(before, metric))) if before else ""
    tone = {"▲": "success", "▼": "error"}.get(change[:1], "")
    table.append(f"{value:>7.3f} ").append(f"{change:<5}", colours.get(tone, ""))


def _change(difference: float) -> str:
    """`▲1.2`, in points; empty where it is too small to tell."""
    points = difference * 100
    if abs(points) < _LEAST_POINTS:
        return ""
    figure = f"{abs(points):.1f}" if abs(points) < 10 else f"{abs(points):.0f}"
    return f"{'▲' if points > 0 else '▼'}{figure}"
