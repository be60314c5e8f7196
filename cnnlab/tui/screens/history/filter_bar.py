"""The line in which the list is filtered, and what it suggests below itself while one types.

What is typed is told after a moment's rest, so that a fast hand does not filter for each letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from cnnlab.config.run import RunConfig
from cnnlab.config.validation import field_paths
from cnnlab.export.format import one_line
from cnnlab.history.filters import COLUMNS, Completion, complete
from cnnlab.history.queries import Reader
from cnnlab.tui.background import behind
from cnnlab.tui.sturdy import Sturdy

if TYPE_CHECKING:
    from textual.timer import Timer

CONFIG_PATHS = tuple(field_paths(RunConfig))
"""The dotted paths of a config that a filter can ask for."""

_REST_SECONDS = 0.06
_MOST_SUGGESTED = 50
_COMPLETED = (*(key for key in COLUMNS if key != "id"), "tag")
"""Keys whose values are suggested; nobody knows how an id begins."""


def read_values(reader: Reader) -> dict[str, list[str]]:
    """What can stand behind the keys of a filter."""
    return {key: reader.values(key) for key in _COMPLETED}


class Suggestions(Sturdy, Vertical):
    """What could stand at the cursor, or else what is wrong with the filter; over the table."""

    def __init__(self) -> None:
        super().__init__()
        self._error = ""

    def compose(self) -> ComposeResult:
        """The error, or the list."""
        yield Static("", classes="error")
        choices = OptionList(compact=True)
        choices.can_focus = False
        yield choices

    def on_mount(self) -> None:
        """Nothing to say yet."""
        self.offer([], 0)

    def say(self, error: str) -> None:
        """Tells what is wrong, as long as nothing can be suggested; an empty text is no error."""
        self._error = error
        self.query_one(".error", Static).update(Text(one_line(error)))
        self._arrange()

    def offer(self, texts: Sequence[str], column: int) -> None:
        """Lists texts below a column of the line."""
        choices = self.query_one(OptionList)
        choices.set_options([Option(Text(one_line(text))) for text in texts])
        choices.highlighted = None
        room = max(self.screen.size.width - choices.outer_size.width, 0)
        self.styles.offset = (min(column, room) if texts else 0, 1)
        self._arrange()

    def _arrange(self) -> None:
        self.query_one(OptionList).display = self.offers
        self.query_one(".error").display = bool(self._error) and not self.offers
        self.display = self.offers or bool(self._error)

    @property
    def offers(self) -> bool:
        """Whether anything is listed."""
        return self.query_one(OptionList).option_count > 0

    @property
    def chosen(self) -> int | None:
        """The number of the text that was gone to."""
        return self.query_one(OptionList).highlighted

    def step(self, count: int) -> None:
        """Goes down or up in the list."""
        choices = self.query_one(OptionList)
        if choices.highlighted is None:
            choices.highlighted = 0 if count > 0 else choices.option_count - 1
        elif count > 0:
            choices.action_cursor_down()
        else:
            choices.action_cursor_up()


class FilterInput(Sturdy, Input):
    """The filter; its keys also go through what is suggested.

    Args:
        suggestions: the list below it.
    """

    BINDINGS = [
        Binding("tab", "take", "Complete"),
        Binding("down", "step(1)", "Next", show=False),
        Binding("up", "step(-1)", "Previous", show=False),
        Binding("enter", "submit", "To the table", show=False),
        Binding("escape", "leave", "Clear, then leave"),
    ]

    class Left(Message):
        """The keys go back to the table."""

    @dataclass
    class Rested(Message):
        """The text after a moment without a key."""

        text: str

    def __init__(self, text: str, suggestions: Suggestions) -> None:
        hint = "dataset:cifar10 acc>0.9 tag:paper optimizer.lr<0.01 any text"
        super().__init__(text, placeholder=hint, compact=True, select_on_focus=False)
        self._suggestions = suggestions
        self._values: Mapping[str, Sequence[str]] = {}
        self._completions: list[Completion] = []
        self._rest: Timer | None = None

    def on_focus(self) -> None:
        """Looks up what can be suggested, and suggests it."""
        session = self.lab.session

        def read() -> dict[str, list[str]]:
            with session.reading() as reader:
                return read_values(reader)

        behind(self, read, self._take_values, self.lab.report)
        self._suggest()

    def on_blur(self) -> None:
        """Suggests nothing any more."""
        self._suggestions.offer([], 0)

    def _take_values(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values = values
        self._suggest()

    def on_input_changed(self) -> None:
        """Tells the text in a moment."""
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_SECONDS, self._tell)
        self._suggest()

    def _watch_selection(self, *selections: object) -> None:
        super()._watch_selection(*selections)  # type: ignore[arg-type]
        if self.has_focus:
            self._suggest()

    def _tell(self) -> None:
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
            self.post_message(self.Rested(self.value))

    def _suggest(self) -> None:
        if not self.has_focus:
            return
        found = complete(self.value, self.cursor_position, self._values, CONFIG_PATHS)
        self._completions = found[:_MOST_SUGGESTED]
        start = self._completions[0].start if self._completions else 0
        column = self.region.x + Text(self.value[:start]).cell_len
        self._suggestions.offer([each.text for each in self._completions], column)

    def action_step(self, count: int) -> None:
        """Goes through the suggestions; without any, down to the table."""
        if self._suggestions.offers:
            self._suggestions.step(count)
        elif count > 0:
            self.post_message(self.Left())

    def action_take(self) -> None:
        """Takes the suggestion gone to, else the first; without any, goes to the table."""
        if self._suggestions.offers:
            self.take(self._suggestions.chosen or 0)
        else:
            self.post_message(self.Left())

    def take(self, number: int) -> None:
        """Puts a suggestion where it belongs, and a blank behind a whole term."""
        completion = self._completions[number]
        whole = not completion.text.endswith((":", ">"))
        text = completion.text + (" " if whole else "")
        rest = self.value[completion.end :]
        self.value = self.value[: completion.start] + text + (rest.lstrip() if whole else rest)
        self.cursor_position = completion.start + len(text)

    async def action_submit(self) -> None:
        """Takes the suggestion gone to; else goes to the table with what is written."""
        if self._suggestions.offers and self._suggestions.chosen is not None:
            self.take(self._suggestions.chosen)
        else:
            self._tell()
            self.post_message(self.Left())

    def action_leave(self) -> None:
        """Clears what is written; leaves where nothing is."""
        if self.value:
            self.value = ""
        else:
            self._tell()
            self.post_message(self.Left())


class FilterBar(Horizontal):
    """The filter at the left, what is listed at the right."""

    def __init__(self, text: str, suggestions: Suggestions) -> None:
        super().__init__()
        self._text = text
        self._suggestions = suggestions
        self._said = Text()

    def compose(self) -> ComposeResult:
        """One line."""
        yield Static("/", classes="sign")
        yield FilterInput(self._text, self._suggestions)
        yield Static("", classes="count")

    def say(self, count: str) -> None:
        """Tells what is listed."""
        words = Text(count, no_wrap=True)
        if words != self._said:
            self._said = words
            self.query_one(".count", Static).update(words)
