"""The launch form: every field of a config, what the run would take, and the ways to train it."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from functools import partial
from typing import Any

from rich.text import Text
from textual.binding import Binding
from textual.command import CommandPalette
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button, Static

from cnnlab.amounts import how_many
from cnnlab.config import own_presets, presets
from cnnlab.export.format import one_line
from cnnlab.history.records import RunRecord
from cnnlab.tui import navigation
from cnnlab.tui.background import behind
from cnnlab.tui.screens.base import CnnlabScreen
from cnnlab.tui.screens.launch.field_commands import FieldCommands
from cnnlab.tui.screens.launch.form_view import FormView
from cnnlab.tui.screens.launch.preflight import PreflightPanel
from cnnlab.tui.screens.launch.rows import FieldRow
from cnnlab.tui.screens.launch.source import Source
from cnnlab.tui.screens.launch.words import LaunchConfig, LaunchForm
from cnnlab.tui.settings import MainScreen
from cnnlab.tui.widgets.dialogs import ConfirmDialog, TextDialog

_CHECK_DELAY = 0.08
"""Seconds without a key after which the whole config is checked."""
_NAMED = 3
"""So many of the runs that were queued are named."""


class LaunchScreen(CnnlabScreen):
    """A config under edit; leaves with the run that is launched.

    Args:
        source: what the form is filled from.
    """

    CSS_PATH = "launch.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]
    COMMANDS = {FieldCommands}
    HELP = (
        "Change what you like and launch. ● marks what you changed, ✗ what is wrong; the lines "
        "at the bottom explain the field under the cursor. The pre-flight measures a few batches "
        "in the background, again after each change."
    )
    BINDINGS = [
        Binding("ctrl+r,f5", "launch", "Launch", priority=True, tooltip="Train it now"),
        Binding("ctrl+e,f6", "queue", "Queue", priority=True, tooltip="Train it after the others"),
        Binding("ctrl+s,f2", "save", "Save as", priority=True, tooltip="Save as an own preset"),
        Binding(
            "ctrl+o", "reset", "Reset field", priority=True, tooltip="Undo the changes of a field"
        ),
        Binding("ctrl+f,f3", "find", "Find field", priority=True, tooltip="Jump to a field"),
        Binding("f4", "preflight", "Pre-flight", show=False, tooltip="Show all of the pre-flight"),
        Binding("f8", "leave_to('data')", "Data sets", show=False, tooltip="Go to the data sets"),
        Binding("escape", "leave", "Back"),
        Binding("1", "leave_to('presets')", show=False),
        Binding("2", "leave_to('run')", show=False),
        Binding("3", "leave_to('history')", show=False),
        Binding("4", "leave_to('data')", show=False),
    ]

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._timer: Timer | None = None
        self._checked: LaunchConfig | None = None
        self._busy = False

    def body(self) -> Iterable[Widget]:
        """The form, the pre-flight, what explains the field, and the buttons."""
        self._form = LaunchForm(self.session.home, self._source)
        self._kept = deepcopy(self._form.tables)
        with Vertical(id="columns"):
            yield FormView(self._form)
            yield PreflightPanel()
        yield Static(id="help")
        with Horizontal(id="bar"):
            yield Button(Text("Launch"), action="screen.launch", variant="primary", compact=True)
            yield Button(Text("Queue"), action="screen.queue", compact=True)
            yield Button(Text("Save as…"), action="screen.save", compact=True)
            yield Static(id="state")

    def place_in_words(self) -> str:
        """The preset or run that it is filled from."""
        return self._source.title

    def on_mount(self) -> None:
        """Checks what the form begins with, and has torch loaded behind it."""
        self._check()
        self._view.go_to(("data", "name"))
        self.session.queue.preload()
        if self._form.left_out:
            fields = ", ".join(self._form.left_out)
            self.notify(
                f"Left out, as this version does not know it: {one_line(fields)}",
                severity="warning",
                markup=False,
            )

    def on_screen_resume(self) -> None:
        """A data set may have come meanwhile."""
        if self.is_mounted:
            self._check()

    @property
    def _view(self) -> FormView:
        return self.query_one(FormView)

    @property
    def _panel(self) -> PreflightPanel:
        return self.query_one(PreflightPanel)

    # Checking

    def on_form_view_changed(self) -> None:
        """Checks the whole config once the keys rest."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_CHECK_DELAY, self._check)

    def _check(self) -> None:
        self._checked, faults = self._form.check()
        self._view.show_faults(faults)
        self._panel.prepare(self._checked.config() if self._checked else None)
        self._explain()
        self._show_state(len(faults))

    def _show_state(self, faults: int) -> None:
        """How many fields were changed, and how many are wrong."""
        changes = self._form.changes()
        text = Text(no_wrap=True, overflow="ellipsis")
        if faults:
            text.append(f"✗ {how_many(faults, 'error')}  ", "bold")
        words = f"● {how_many(changes, 'change')}" if changes else "no changes"
        self.query_one("#state", Static).update(text.append(words))

    def on_field_row_entered(self, event: FieldRow.Entered) -> None:
        """Explains the field that the cursor came to."""
        event.stop()
        self._explain()

    def _explain(self) -> None:
        """What is wrong with the field under the cursor; else what it means and accepts."""
        row = self._view.here
        if row is None:
            return
        field, fault = row.field, self._view.faults.get(row.field.path, "")
        place = ".".join(map(str, field.path))
        text = Text(f"{place}  ", "bold", overflow="ellipsis")
        if fault:
            text.append(f"✗ {one_line(fault)}", "not bold")
        else:
            words = f"{field.help} Accepts {field.accepts}."
            text.append(words, "not bold")
        panel = self.query_one("#help", Static)
        panel.set_class(bool(fault), "-wrong")
        panel.update(text)

    # Training

    def action_launch(self) -> None:
        """Trains it: now, or as soon as the run under way is over."""
        self._submit(first=True)

    def action_queue(self) -> None:
        """Puts it behind what waits already, and stays."""
        self._submit(first=False)

    def _submit(self, *, first: bool) -> None:
        self._check()
        if self._checked is None:
            self._go_to_fault()
            return
        if self._busy:
            return
        self._busy = True
        requests = self._checked.requests(self._source.preset)
        queue, session = self.session.queue, self.session
        if first:
            self._panel.cancel()

        def add() -> tuple[list[RunRecord], list[RunRecord]]:
            """The runs that were added, and the one that trains before them, if any."""
            current = queue.current
            ids = queue.add(requests, first=first)
            with session.reading() as reader:
                return reader.runs_among(ids), reader.runs_among([current] if current else [])

        behind(self, add, partial(self._added, first=first), self._not_added)

    def _not_added(self, error: Exception) -> None:
        self._busy = False
        self._check()
        self.lab.report(error)

    def _added(self, answer: tuple[list[RunRecord], list[RunRecord]], *, first: bool) -> None:
        """Tells when the runs have their turn; after a launch the run is shown."""
        self._busy = False
        runs, before = answer
        self._kept = deepcopy(self._form.tables)
        self.notify(self._turn(runs, before, first=first), markup=False)
        if first:
            # By the app: this screen cannot wait for its own end.
            self.lab.call_later(navigation.watch, self.lab, runs[0].id)

    def _turn(self, runs: list[RunRecord], before: list[RunRecord], *, first: bool) -> str:
        names = ", ".join(one_line(run.name) for run in runs[:_NAMED])
        names += f" and {len(runs) - _NAMED} more" if len(runs) > _NAMED else ""
        verb = "waits" if len(runs) == 1 else "wait"
        if not before:
            return f"{names} {'begins' if len(runs) == 1 else 'begin'}."
        if first:
            return f"{names} {verb} behind {one_line(before[0].name)}."
        waiting = self.session.queue.waiting
        place = waiting.index(runs[0].id) + 1 if runs[0].id in waiting else 1
        return f"{names} {verb} as number {place}."

    def _go_to_fault(self) -> None:
        """Leads the cursor to the first thing that is wrong."""
        view = self._view
        wrong = [path for path in view.rows if path in view.faults]
        ordered = [row.field.path for row in view.query(FieldRow) if row.field.path in wrong]
        words = next(iter(view.faults.values()), "")
        if ordered:
            view.go_to(ordered[0])
            words = view.faults[ordered[0]]
        self.notify(one_line(words), severity="error", markup=False)

    # Saving

    def action_save(self) -> None:
        """Asks for a name and saves the form as an own preset."""
        self._check()
        if self._checked is None:
            self._go_to_fault()
            return
        dialog = TextDialog(
            "Save as an own preset, named",
            check=own_presets.check_preset_name,
            placeholder="my-lenet",
        )
        self.lab.push_screen(dialog, self._save_as)

    def _save_as(self, name: str | None) -> None:
        if name is None or self._checked is None:
            return
        name = own_presets.check_preset_name(name)
        save = partial(self._save, name, self._checked)
        if name not in presets.files(self.session.home):
            save(True)
            return
        own = (self.session.home.presets / f"{name}.toml").is_file()
        question = (
            f"There is a preset {name} already. Replace it?"
            if own
            else f"cnnlab ships a preset {name}. Yours would stand in its place. Save it?"
        )
        self.lab.push_screen(ConfirmDialog(question, yes="Save", dangerous=True), save)

    def _save(self, name: str, checked: LaunchConfig, agreed: bool | None) -> None:
        """Writes the preset; changes are told from it from now on."""
        if not agreed:
            return
        home = self.session.home
        path = own_presets.save_preset(home, name, checked.config(), self._source.preset)
        self._source = Source.of_preset(presets.load(home, name))
        self._form.rebase(self._source.base)
        self._kept = deepcopy(self._form.tables)
        self.lab.call_later(self._check)
        self.notify(f"Saved as {name}: {one_line(str(path))}", markup=False)

    # Going about

    async def action_reset(self) -> None:
        """Gives the field under the cursor the value that it began with."""
        await self._view.reset()

    def action_find(self) -> None:
        """Searches the fields by name."""
        palette = CommandPalette({FieldCommands}, placeholder="Jump to a field…")
        self.lab.push_screen(palette)

    def action_preflight(self) -> None:
        """Shows all of the pre-flight, or one line of it."""
        self._panel.toggle_class("-open")

    def action_leave(self) -> None:
        """Makes the pre-flight small again, or goes back; asks where changes would be lost."""
        if self._panel.has_class("-open"):
            self._panel.remove_class("-open")
        else:
            self._leave_by(self.lab.action_back)

    def action_leave_to(self, place: MainScreen) -> None:
        """Goes to a main screen; asks first where changes would be lost."""
        self._leave_by(partial(self.lab.show, place))

    def _leave_by(self, way: Any) -> None:
        def answered(leave: bool | None) -> None:
            if leave:
                self.lab.call_later(way)

        if self._form.tables == self._kept:
            answered(True)
            return
        question = "Leave the form? Its changes are lost."
        dialog = ConfirmDialog(question, yes="Leave", no="Stay", dangerous=True)
        self.lab.push_screen(dialog, answered)
