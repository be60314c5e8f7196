"""What a field is edited with: a line of text, or one of several that is chosen.

Each takes one row. What is written or chosen comes as `Edited`; the row that holds the editor
knows which field it is.
"""

from __future__ import annotations

from typing import Literal

from rich.text import Text
from textual.binding import Binding
from textual.events import Click
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from cnnlab.config.form_fields import FormField
from cnnlab.export.format import one_line
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.dialogs import ChoiceDialog

What = Literal["written", "added", "removed", "moved"]
"""What was done: to a value, or to an entry of a list; of one that moved the text says how far."""

_MEANING_CELLS = 52
"""Room for a choice and what it is, on one line of a dialog."""


class Edited(Message):
    """Something was written or chosen."""

    def __init__(self, field: FormField, text: str, what: What = "written") -> None:
        super().__init__()
        self.field = field
        self.text = text
        self.what: What = what


class TextEditor(Sturdy, Input):
    """A line of text; what is wrong with it is said by the row, while it is written."""

    def __init__(self, field: FormField, text: str) -> None:
        suggester = SuggestFromList(field.choices) if field.choices else None
        super().__init__(
            one_line(text),
            placeholder="none" if field.optional or field.default in ([], {}) else "",
            compact=True,
            suggester=suggester,
        )
        self._field = field
        self._shown = one_line(text)

    def show(self, text: str) -> None:
        """Shows a value that came from elsewhere; what is being written stays as it is."""
        if not self.has_focus:
            self.replace_by(text)

    def replace_by(self, text: str) -> None:
        """Shows a value in place of whatever is written."""
        self._shown = one_line(text)
        self.value = self._shown
        self.action_select_all()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Passes on what was written."""
        event.stop()
        if event.value != self._shown:
            self._shown = event.value
            self.post_message(Edited(self._field, event.value))


class ChoiceEditor(Sturdy, Static, can_focus=True):
    """One of several: the arrows take the next, Enter lists them all."""

    BINDINGS = [
        Binding("left,h", "step(-1)", "Choice before", show=False),
        Binding("right,l", "step(1)", "Next choice", show=False),
        Binding("enter,space", "list", "List the choices", show=False),
    ]

    def __init__(self, field: FormField, text: str) -> None:
        super().__init__()
        self._field = field
        self._chosen = text

    def show(self, text: str) -> None:
        """Shows a value that came from elsewhere than the keys."""
        if text != self._chosen:
            self._chosen = text
            self.refresh()

    def render(self) -> Text:
        """What is chosen, and the sign of a list."""
        room = max(self.size.width - 2, 1)
        text = Text(one_line(self._chosen), no_wrap=True)
        text.truncate(room, overflow="ellipsis", pad=True)
        return text.append(f" {self._sign()}", "dim")

    def _sign(self) -> str:
        return "▾"

    def on_click(self, event: Click) -> None:
        """Lists the choices."""
        event.stop()
        self.focus()
        self.action_list()

    def action_step(self, by: int) -> None:
        """Takes the next choice, or the one before; it goes round."""
        choices = self._field.choices
        at = choices.index(self._chosen) + by if self._chosen in choices else 0
        self._choose(choices[at % len(choices)])

    def action_list(self) -> None:
        """Lists the choices."""
        self.lab.push_screen(self._dialog(self._place(), self._chosen), self._choose)

    def _place(self) -> str:
        return ".".join(map(str, self._field.path))

    def _dialog(self, title: str, chosen: str) -> ChoiceDialog:
        names, meanings = self._field.choices, self._field.meanings
        width = max(map(len, names), default=0)
        words = [
            _cut(f"{name:<{width}}  {meaning}")
            for name, meaning in zip(names, meanings, strict=False)
        ]
        return ChoiceDialog(title, dict(zip(names, words or names, strict=True)), chosen)

    def _choose(self, name: str | None) -> None:
        if name is not None and name != self._chosen:
            self.show(name)
            self.post_message(Edited(self._field, name))


class SwitchEditor(ChoiceEditor):
    """True or false: Enter and the arrows change it."""

    def _sign(self) -> str:
        return "●" if self._chosen == "true" else "○"

    def action_list(self) -> None:
        """Changes it: there is nothing to list."""
        self.action_step(1)


class ListEditor(ChoiceEditor):
    """A list of components: Enter adds one."""

    BINDINGS = [Binding("enter,space,plus", "list", "Add an entry", show=False)]

    def render(self) -> Text:
        """What Enter does."""
        return Text("+ add", no_wrap=True)

    def action_step(self, by: int) -> None:
        """Nothing: a list has no next one."""

    def action_list(self) -> None:
        """Lists what can be added."""
        self.lab.push_screen(self._dialog(f"Add to {self._place()}", ""), self._add)

    def _add(self, name: str | None) -> None:
        if name is not None:
            self.post_message(Edited(self._field, name, "added"))


class EntryEditor(ChoiceEditor):
    """An entry of a list of components."""

    BINDINGS = [
        Binding("delete,x", "remove", "Remove", tooltip="Take the entry out of its list"),
        Binding("shift+up,u", "move(-1)", "Up", tooltip="Move the entry up in its list"),
        Binding("shift+down,d", "move(1)", "Down", tooltip="Move the entry down in its list"),
    ]

    def action_remove(self) -> None:
        """Takes it out."""
        self.post_message(Edited(self._field, "", "removed"))

    def action_move(self, by: int) -> None:
        """Moves it."""
        self.post_message(Edited(self._field, str(by), "moved"))


def _cut(words: str) -> str:
    text = Text(words)
    text.truncate(_MEANING_CELLS, overflow="ellipsis")
    return text.plain


Editor = TextEditor | ChoiceEditor


def editor_for(field: FormField, text: str) -> Editor:
    """The editor that fits a field's kind."""
    kinds = {
        "switch": SwitchEditor,
        "choice": ChoiceEditor,
        "component": ChoiceEditor,
        "components": ListEditor,
        "entry": EntryEditor,
    }
    return kinds.get(field.kind, TextEditor)(field, text)
