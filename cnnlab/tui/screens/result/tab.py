"""What the tabs of the result screen have in common."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from cnnlab.export.format import format_figure, format_time, one_line
from cnnlab.history.records import EvaluationRecord
from cnnlab.tui.screens.result.facts import Choice, Facts, chosen_later
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.dialogs import ChoiceDialog
from cnnlab.tui.widgets.keys import SCROLL

_LEAST = 10
"""Columns that a text has at least behind what it hangs from."""

Row = tuple[Text, Text]
"""What a text hangs from, such as the name of a field, and the text."""


class Page(Sturdy, VerticalScroll, can_focus=True):
    """A text to scroll through."""

    BINDINGS = [*SCROLL]


class Rows(Sturdy, Static):
    """Texts below each other; one that is wrapped goes on below its own beginning."""

    def __init__(self) -> None:
        super().__init__(classes="text")
        self._rows: Sequence[Row] = ()

    def show(self, rows: Sequence[Row]) -> None:
        """Shows other texts."""
        self._rows = rows
        self._wrap()

    def on_resize(self) -> None:
        """Wraps them for another width."""
        self._wrap()

    def _wrap(self) -> None:
        width, lines = self.content_size.width, list[Text]()
        for head, text in self._rows:
            room = max(width - head.cell_len, _LEAST)
            first, *more = text.wrap(self.app.console, room) or [Text()]
            lines.append(head + first)
            lines += [Text(" " * head.cell_len) + one for one in more]
        self.update(Text("\n").join(lines))


class ResultTab(Sturdy, Vertical, can_focus=True):
    """A tab: filled when it is first shown, and then given the focus each time.

    The focus goes to the first widget in it that takes keys, else to the tab, which has some too.
    """

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self.facts = facts
        self.filled = False

    async def enter(self) -> None:
        """Is called whenever the tab is shown."""
        if not self.filled:
            self.filled = True
            await self.fill()
        inside = (widget for widget in self.query("*") if widget.can_focus and widget.display)
        next(inside, self).focus(scroll_visible=False)

    async def fill(self) -> None:
        """Puts in what takes time to read or to draw."""


_OF_THE_RUN = "run"


def _in_list(evaluation: EvaluationRecord) -> str:
    """An evaluation that was made after the run: its accuracy, of what, and when."""
    parts = (
        one_line(evaluation.dataset or ""),
        evaluation.split,
        f"{evaluation.checkpoint} checkpoint",
        format_time(evaluation.evaluated_at)[:10],
    )
    return f"{format_figure(evaluation.accuracy)}  {', '.join(parts)}"


class SplitTab(ResultTab):
    """A tab whose figures are those of a split and a checkpoint."""

    BINDINGS = [
        Binding("s", "next_split", "Split", tooltip="Show another split: train, validation, test"),
        Binding("b", "other_checkpoint", "Best/last", tooltip="Show the other checkpoint"),
        Binding("d", "choose_images", "Data set", tooltip="Show an evaluation made after the run"),
    ]

    class Chosen(Message):
        """Another split or checkpoint shall be shown, by all tabs."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, facts: Facts, choice: Choice) -> None:
        super().__init__(facts)
        self.choice = choice

    async def take(self, choice: Choice) -> None:
        """Shows another split or checkpoint, at once or when the tab is next shown."""
        self.choice = choice
        self.filled = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers evaluations that were made after the run where there are some."""
        if action == "choose_images":
            return bool(self.facts.later)
        return super().check_action(action, parameters)

    def action_choose_images(self) -> None:
        """Lets one choose the images of the run, or an evaluation that was made after it."""
        names = {_OF_THE_RUN: "The images of the run itself"}
        names |= {str(one.id): _in_list(one) for one in self.facts.later}
        now = _OF_THE_RUN if self.choice.later is None else str(self.choice.later)
        self.app.push_screen(ChoiceDialog("Evaluated on", names, now), self._take_images)

    def _take_images(self, key: str | None) -> None:
        if key is None:
            return
        found = (chosen_later(one) for one in self.facts.later if str(one.id) == key)
        self.post_message(self.Chosen(next(found, self.choice.of_the_run())))

    def action_next_split(self) -> None:
        """Asks for the next split."""
        self.post_message(self.Chosen(self.choice.with_next_split()))

    def action_other_checkpoint(self) -> None:
        """Asks for the other checkpoint."""
        self.post_message(self.Chosen(self.choice.with_other_checkpoint()))
