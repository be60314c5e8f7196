"""Small questions over a screen: yes or no, a line of text, a choice, several choices.

Each is a modal screen whose answer comes back through `push_screen(dialog, callback)`; Escape
answers None, or False to a yes-or-no question. All texts are shown as they are, without markup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, OptionList, SelectionList
from textual.widgets.option_list import Option
from textual.widgets.selection_list import Selection

from cnnlab.errors import CnnlabError
from cnnlab.export.format import one_line, visible
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.keys import ROWS

Answer = TypeVar("Answer")


class _Dialog(Sturdy, ModalScreen[Answer]):
    """The frame of a question; `wide` leaves more room."""


class ConfirmDialog(_Dialog[bool]):
    """A question to be answered with yes or no.

    Args:
        question: may have several lines.
        yes, no: what the answers are called.
        dangerous: whether `yes` destroys something; `no` is then what Enter means.
    """

    BINDINGS = [
        Binding("escape,n", "answer(False)", "No", show=False),
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("left,h", "app.focus_previous", "Previous", show=False),
        Binding("right,l", "app.focus_next", "Next", show=False),
    ]

    def __init__(
        self, question: str, *, yes: str = "Yes", no: str = "No", dangerous: bool = False
    ) -> None:
        super().__init__()
        self._question = question
        self._names = (yes, no)
        self._dangerous = dangerous

    def compose(self) -> ComposeResult:
        """The question above its two answers."""
        yes, no = self._names
        with Vertical(classes="dialog"):
            yield Label(Text(visible(self._question)), classes="question")
            with Horizontal(classes="answers"):
                yield Button(
                    Text(f"{yes} (y)"),
                    id="yes",
                    variant="error" if self._dangerous else "primary",
                    compact=True,
                )
                yield Button(Text(f"{no} (n)"), id="no", compact=True)

    def on_mount(self) -> None:
        """Puts the cursor on the answer that does no harm."""
        self.query_one("#no" if self._dangerous else "#yes").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answers."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Answers."""
        self.dismiss(answer)


class TextDialog(_Dialog[str | None]):
    """A line of text to write.

    Args:
        title: what is asked for.
        value: what stands there first.
        check: raises a CnnlabError for a text that cannot be taken; called at each change.
        placeholder: shown while nothing is written.
    """

    BINDINGS = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(
        self,
        title: str,
        value: str = "",
        *,
        check: Callable[[str], object] = str,
        placeholder: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._check = check
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """The title, the input, and what is wrong with it."""
        with Vertical(classes="dialog"):
            yield Label(Text(visible(self._title)), classes="question")
            yield Input(self._value, placeholder=self._placeholder, compact=True)
            yield Label("", classes="error")
            yield Label("Enter takes it, Escape leaves it.", classes="hint")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Says what is wrong while it is written."""
        self.query_one(".error", Label).update(Text(self._fault(event.value)))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answers, unless something is wrong."""
        if not self._fault(event.value):
            self.dismiss(event.value)

    def _fault(self, text: str) -> str:
        try:
            self._check(text)
        except CnnlabError as error:
            return visible(str(error))
        return ""


class ListDialog(_Dialog[str | None]):
    """A dialog around an `OptionList`; the answer is the key of what Enter is pressed on."""

    BINDINGS = [Binding("escape", "dismiss(None)", "Cancel"), *ROWS]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answers."""
        self.dismiss(event.option.id)

    def action_cursor_down(self) -> None:
        """Goes to the next entry."""
        self.query_one(OptionList).action_cursor_down()

    def action_cursor_up(self) -> None:
        """Goes to the entry before."""
        self.query_one(OptionList).action_cursor_up()

    def action_scroll_top(self) -> None:
        """Goes to the first entry."""
        self.query_one(OptionList).action_first()

    def action_scroll_bottom(self) -> None:
        """Goes to the last entry."""
        self.query_one(OptionList).action_last()


class ChoiceDialog(ListDialog):
    """One of several to choose; the answer is its key.

    Args:
        title: what is chosen.
        choices: what each key is called.
        chosen: the key that the cursor begins on.
    """

    def __init__(self, title: str, choices: Mapping[str, str], chosen: str = "") -> None:
        super().__init__()
        self._title = title
        self._choices = dict(choices)
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """The title above the choices."""
        options = [Option(Text(one_line(name)), id=key) for key, name in self._choices.items()]
        with Vertical(classes="dialog"):
            yield Label(Text(visible(self._title)), classes="question")
            yield OptionList(*options, compact=True)

    def on_mount(self) -> None:
        """Puts the cursor on what is chosen now."""
        keys = list(self._choices)
        at = keys.index(self._chosen) if self._chosen in keys else 0
        self.query_one(OptionList).highlighted = at if keys else None


class ChecklistDialog(_Dialog[tuple[str, ...] | None]):
    """Any of several to choose; the answer is their keys, in the order of the list."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("enter", "take", "Take", priority=True),
    ]

    def __init__(self, title: str, choices: Mapping[str, str], chosen: Sequence[str] = ()) -> None:
        super().__init__()
        self._title = title
        self._choices = dict(choices)
        self._chosen = frozenset(chosen)

    def compose(self) -> ComposeResult:
        """The title above the choices."""
        entries = [
            Selection(Text(one_line(name)), key, key in self._chosen)
            for key, name in self._choices.items()
        ]
        with Vertical(classes="dialog"):
            yield Label(Text(visible(self._title)), classes="question")
            yield SelectionList[str](*entries, compact=True)
            yield Label("Space marks, Enter takes, Escape leaves.", classes="hint")

    def action_take(self) -> None:
        """Answers."""
        marked = set(self.query_one(SelectionList).selected)
        self.dismiss(tuple(key for key in self._choices if key in marked))
