"""The dialog of an export: a format, what goes into it, and where it goes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option as Entry

from cnnlab.errors import CnnlabError
from cnnlab.export.file_names import output_name
from cnnlab.export.format import one_line
from cnnlab.export.formats import ExportFormat
from cnnlab.tui.exports import ExportRequest
from cnnlab.tui.screens.export.choices import Choices, as_options, formats
from cnnlab.tui.screens.export.option_line import OptionLine
from cnnlab.tui.screens.export.target import Target, shown, target
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.dialogs import ConfirmDialog
from cnnlab.tui.widgets.keys import ROWS
from cnnlab.tui.widgets.path_suggester import PathSuggester

_NAME = 13
"""Columns of the names of formats."""


class _Formats(Sturdy, OptionList):
    """The formats; Enter is the dialog's."""

    BINDINGS = [
        *(one for one in ROWS if one.action.startswith("cursor")),
        Binding("g", "first", "First", show=False),
        Binding("G", "last", "Last", show=False),
    ]


class _PathInput(Sturdy, Input):
    """Where it goes; Tab takes what is suggested, and goes on where nothing is."""

    BINDINGS = [
        Binding("tab", "complete", "Complete", show=False),
        Binding("up", "app.focus_previous", "Line before", show=False),
        Binding("down", "app.focus_next", "Next line", show=False),
    ]

    def action_complete(self) -> None:
        """Takes the suggestion, or goes on."""
        if self._suggestion and self._suggestion != self.value:
            self.action_cursor_right()
        else:
            self.app.action_focus_next()


class ExportDialog(Sturdy, ModalScreen[ExportRequest | None]):
    """Asks how something is exported; Enter exports, wherever the cursor is.

    Args:
        choices: what is exported, and what can be chosen for it.
        last: the export that was asked for before, whose format, options and folder are offered
            again.
    """

    CSS_PATH = "export.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]
    BINDINGS = [
        Binding("enter", "take", "Export", priority=True),
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("tab", "app.focus_next", "Next", show=False),
        Binding("shift+tab", "app.focus_previous", "Before", show=False),
    ]

    def __init__(self, choices: Choices, last: ExportRequest | None = None) -> None:
        super().__init__()
        self._choices = choices
        self._exported = choices.exported
        self._last = last
        self._formats = formats()
        self._suggested = ""

    def compose(self) -> ComposeResult:
        """Formats, path, options, what is wrong with them, and the way out."""
        before = {**(self._last.options if self._last else {}), **self._exported.shown}
        with Vertical(classes="dialog export") as frame:
            frame.border_title = Text(f"Export {one_line(self._exported.title)}")
            yield _Formats(*map(self._entry, self._formats), compact=True)
            with Horizontal(classes="path"):
                yield Static(Text("file", "dim"), classes="label")
                yield _PathInput(compact=True, suggester=PathSuggester())
            yield Static(classes="folder")
            with Vertical(classes="options"):
                for option in self._choices.options():
                    yield OptionLine(option, before.get(option.name, ""))
            yield Static(classes="said")
            with Horizontal(classes="foot"):
                yield Static(Text("Tab goes on, Escape leaves."), classes="hint")
                export = Button(Text("Export ⏎"), variant="primary", compact=True)
                export.can_focus = False
                yield export

    def _entry(self, form: ExportFormat) -> Entry:
        why_not = self._choices.fault(form)
        text = Text(f"{form.name:<{_NAME}}", no_wrap=True, overflow="ellipsis")
        text.append(why_not or form.what, "dim")
        if why_not:
            text.stylize("dim")
        return Entry(text, id=form.name)

    def on_mount(self) -> None:
        """Offers the format that was used last, in the same folder."""
        names = [form.name for form in self._formats]
        last = self._last.format if self._last is not None else ""
        self.query_one(_Formats).highlighted = names.index(last) if last in names else 0
        self.query_one(_Formats).focus()

    # What is chosen

    @property
    def _form(self) -> ExportFormat:
        return self._formats[self.query_one(_Formats).highlighted or 0]

    @property
    def _values(self) -> dict[str, str]:
        """The values of the options of the format."""
        return self._choices.chosen(self._form, self._all_values)

    @property
    def _all_values(self) -> dict[str, str]:
        """The values of the options of all formats."""
        return {line.option.name: line.value for line in self.query(OptionLine)}

    @property
    def _why_not(self) -> str:
        """Why what is chosen cannot be exported, as a sentence; empty if it can."""
        fault = self._choices.fault(self._form)
        if fault:
            return f"{self._form.name} {fault}."
        return self._choices.absence(self._form, self._values)

    @property
    def _file_name(self) -> str:
        return output_name(self._form, as_options(self._values), self._exported.title)

    @property
    def _makes_folder(self) -> bool:
        return self._form.folder and "table" not in self._values

    def _target(self) -> Target:
        """Where it goes.

        Raises:
            ConfigError: nothing can be written there.
        """
        text = self.query_one(_PathInput).value
        return target(text, self._form, self._file_name, folder=self._makes_folder)

    # What is shown

    def on_option_list_option_highlighted(self) -> None:
        """Shows the options of another format."""
        self._follow()

    def on_option_line_changed(self) -> None:
        """Names the file after what is in it."""
        self._follow()

    def on_input_changed(self) -> None:
        """Says what is there."""
        self._tell()

    def _follow(self) -> None:
        """Shows what belongs to the format that is chosen now."""
        names = self._choices.options_of(self._form, self._all_values.get("plot", ""))
        for line in self.query(OptionLine):
            line.display = line.option.name in names
        self._suggest()
        self._tell()

    def _suggest(self) -> None:
        """Renames the file, unless the user did; another folder is kept."""
        field = self.query_one(_PathInput)
        folder, slash, name = field.value.rpartition("/")
        if not self._suggested and self._last is not None:
            folder = shown(self._last.path.parent)
            slash = "" if folder == "." else "/"
        elif name != self._suggested:
            return
        self._suggested = self._file_name
        field.value = f"{folder}/{self._suggested}" if slash else self._suggested
        field.cursor_position = len(field.value)

    def _tell(self) -> None:
        """Says in which folder it will be; why it cannot be exported, or what is there already."""
        said = self.query_one(".said", Static)
        why_not = self._why_not
        words, place, wrong = f"✗ {why_not}", "", True
        if not why_not:
            try:
                found, wrong = self._target(), False
                words = f"▲ {found.words()}" if found.exists else ""
                place = found.place()
            except CnnlabError as error:
                words = f"✗ {error}"
        self.query_one(".folder", Static).update(
            Text(one_line(place), "dim", no_wrap=True, overflow="ellipsis")
        )
        said.set_class(wrong, "-wrong")
        said.update(Text(one_line(words)))

    # The way out

    def on_button_pressed(self) -> None:
        """As Enter does."""
        self.action_take()

    def action_take(self) -> None:
        """Answers, after a question where something is there already."""
        if self._why_not:
            self.app.bell()
            return
        try:
            found = self._target()
        except CnnlabError:
            self.query_one(_PathInput).focus()
            return
        if not found.exists:
            self._answer(found.path, True)
            return
        what = "Write over files of the same names in" if found.is_folder else "Write over"
        question = f"{what} {shown(found.path)}?"
        dialog = ConfirmDialog(question, yes="Write over", no="Keep", dangerous=True)
        self.app.push_screen(dialog, partial(self._answer, found.path, force=True))

    def _answer(self, path: Path, agreed: bool | None, *, force: bool = False) -> None:
        if agreed:
            form = self._form.name
            self.dismiss(ExportRequest(self._exported, form, path, self._values, force))
