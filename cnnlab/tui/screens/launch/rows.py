"""The lines of the form: a heading for each group, and a row for each field."""

from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from cnnlab.config.form_fields import FormField
from cnnlab.export.format import one_line
from cnnlab.tui.screens.launch.editors import Editor, editor_for
from cnnlab.tui.sturdy import Sturdy


@dataclass(frozen=True)
class RowState:
    """What a row shows: the value, where it came from, and what is wrong; plain texts."""

    text: str
    note: str = ""
    changed: bool = False
    fault: str = ""


class Heading(Sturdy, Static):
    """The name of a group and what it is."""

    def __init__(self, group: str, words: str) -> None:
        title = Text(group.replace("_", " ").capitalize(), "bold")
        super().__init__(title.append(f"  {words}", "dim not bold"), classes="heading")
        self.group = group


class FieldRow(Sturdy, Widget):
    """One field: a sign and its name, the editor, then its default or what is wrong with it.

    The row draws its words itself and holds the editor alone: a form has fifty of them.
    """

    COMPONENT_CLASSES = {"row--label", "row--note", "row--changed", "row--fault"}

    class Entered(Message):
        """The cursor came to a row."""

        def __init__(self, row: FieldRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, field: FormField, state: RowState) -> None:
        super().__init__(classes="-entry" if field.kind == "entry" else "")
        self.field = field
        self.state = state
        self.editor: Editor = editor_for(field, state.text)

    def compose(self) -> ComposeResult:
        """The editor."""
        yield self.editor

    def show(self, state: RowState) -> None:
        """Draws what is different."""
        if state != self.state:
            self.state = state
            self.editor.show(state.text)
            self.refresh()

    def on_descendant_focus(self) -> None:
        """Tells the form, which explains the field."""
        self.add_class("-here")
        self.post_message(self.Entered(self))

    def on_descendant_blur(self) -> None:
        """The cursor went on."""
        self.remove_class("-here")

    def on_click(self) -> None:
        """The words of a row lead to its editor."""
        self.editor.focus()

    def render(self) -> Text:
        """All but the editor, which lies above the gap."""
        state, place = self.state, self.editor.virtual_region
        sign, style = "  ", self._style("row--label")
        if state.fault:
            sign, style = "✗ ", self._style("row--fault")
        elif state.changed:
            sign, style = "● ", self._style("row--changed")
        line = Text(no_wrap=True, end="").append(f"{sign}{self._indent()}{self.field.label}", style)
        line.truncate(max(place.x - 1, 0), overflow="ellipsis")
        line.pad_right(max(place.right + 2 - line.cell_len, 0))
        note = Text(one_line(state.fault or state.note), self._note_style())
        note.truncate(max(self.size.width - place.right - 2, 0), overflow="ellipsis")
        return line.append_text(note)

    def _indent(self) -> str:
        """Fields of an entry stand below it."""
        path = self.field.path
        return "  " if len(path) > 2 and isinstance(path[1], int) else ""

    def _note_style(self) -> Style:
        return self._style("row--fault" if self.state.fault else "row--note")

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)
