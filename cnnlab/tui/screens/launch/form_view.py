"""The fields as rows that scroll: writing into the form, and going from field to field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget

from cnnlab.config.form_fields import NEEDED, FormField, Path, as_text, same
from cnnlab.tui.screens.launch.editors import Edited, TextEditor
from cnnlab.tui.screens.launch.rows import FieldRow, Heading, RowState
from cnnlab.tui.screens.launch.words import LaunchConfig, LaunchForm
from cnnlab.tui.sturdy import Sturdy


class FormView(Sturdy, VerticalScroll, can_focus=False):
    """All groups of the form in one list."""

    BINDINGS = [
        Binding("up,k", "go(-1)", "Field before", show=False),
        Binding("down,j", "go(1)", "Next field", show=False),
        Binding("ctrl+up,pageup,left_square_bracket", "go_group(-1)", "Group before", show=False),
        Binding("ctrl+down,pagedown,right_square_bracket", "go_group(1)", "Next group", show=False),
    ]

    class Changed(Message):
        """A value of the form changed."""

    def __init__(self, form: LaunchForm) -> None:
        super().__init__()
        self.form = form
        self.faults: Mapping[Path, str] = {}
        self.rows: dict[Path, FieldRow] = {}

    def compose(self) -> ComposeResult:
        """A heading before the first field of each group."""
        group = ""
        for field in self.form.fields():
            if field.group != group:
                group = field.group
                yield Heading(group, _words_of(group))
            yield self._new_row(field)

    # What it shows

    def show_faults(self, faults: Mapping[Path, str]) -> None:
        """Shows what is wrong where it is, and the values as they stand."""
        self.faults = faults
        for row in self.rows.values():
            row.show(self._state(row.field))

    async def rebuild(self) -> None:
        """Puts the rows in step with the fields that there are now; those that stay are kept."""
        fields = self.form.fields()
        wanted = {field.path: field for field in fields}
        async with self.batch():
            gone = [p for p, row in self.rows.items() if not _stays(row.field, wanted.get(p))]
            await self.remove_children([self.rows.pop(path) for path in gone])
            group, mounted = "", []
            before: Widget = self
            for field in fields:
                if field.group != group:
                    group, before = field.group, self._heading(field.group)
                row = self.rows.get(field.path)
                if row is None:
                    row = self._new_row(field)
                    mounted.append(self.mount(row, after=before))
                elif self.children.index(row) != self.children.index(before) + 1:
                    self.move_child(row, after=before)
                row.field, before = field, row
            for one in mounted:
                await one
        self.show_faults(self.faults)

    def _new_row(self, field: FormField) -> FieldRow:
        self.rows[field.path] = row = FieldRow(field, self._state(field))
        return row

    def _heading(self, group: str) -> Heading:
        return next(one for one in self.query(Heading) if one.group == group)

    def _state(self, field: FormField) -> RowState:
        form, value = self.form, self.form.value(field)
        changed = form.changed(field)
        fault = self.faults.get(field.path, "")
        return RowState(_shown(field, value), _note(field, form, changed), changed, fault)

    # What is done in it

    async def on_edited(self, event: Edited) -> None:
        """Writes into the form; another component has other fields."""
        event.stop()
        field = self.rows[event.field.path].field
        if event.what == "added":
            self.form.add(field, event.text)
        elif event.what == "removed":
            self.form.remove(field)
        elif event.what == "moved":
            self.form.move(field, int(event.text))
        else:
            self.form.write(field, event.text)
        await self._follow(event, field)
        self.post_message(self.Changed())

    async def _follow(self, event: Edited, field: FormField) -> None:
        """Draws what an edit changed, and leads the cursor to it."""
        if field.kind not in ("component", "components", "entry"):
            self.rows[field.path].show(self._state(field))
            return
        await self.rebuild()
        path = field.path
        if event.what == "added":
            path = (*path, len(self.form.value(field)) - 1)
        elif event.what == "moved":
            path = (*path[:-1], int(path[-1]) + int(event.text))
        elif event.what == "removed" and path not in self.rows:
            path = path[:-1]
        self.go_to(path)

    async def reset(self) -> None:
        """Gives the field under the cursor the value that it began with."""
        row = self.here
        if row is not None:
            self.form.reset(row.field)
            if isinstance(row.editor, TextEditor):
                row.editor.replace_by(self._state(row.field).text)
            await self.rebuild()
            self.post_message(self.Changed())

    # Going about

    def on_input_submitted(self) -> None:
        """Enter in a text goes on to the next field."""
        self.action_go(1)

    @property
    def here(self) -> FieldRow | None:
        """The row with the cursor."""
        focused = self.screen.focused
        return focused.parent if focused and isinstance(focused.parent, FieldRow) else None

    def go_to(self, path: Path) -> None:
        """Leads the cursor to a field."""
        if path in self.rows:
            self.rows[path].editor.focus()

    def action_go(self, by: int) -> None:
        """Goes to the field after, or before."""
        rows = self._in_order()
        at = rows.index(self.here) + by if self.here in rows else 0
        if 0 <= at < len(rows):
            rows[at].editor.focus()

    def action_go_group(self, by: int) -> None:
        """Goes to the first field of the group after, or before."""
        groups = list(dict.fromkeys(row.field.group for row in self._in_order()))
        at = groups.index(self.here.field.group) + by if self.here else 0
        if 0 <= at < len(groups):
            first = next(row for row in self._in_order() if row.field.group == groups[at])
            first.editor.focus()
            self.scroll_to_widget(self._heading(groups[at]), top=True)

    def _in_order(self) -> list[FieldRow]:
        return list(self.query(FieldRow))


def _words_of(group: str) -> str:
    return (LaunchConfig.model_fields[group].description or "").replace("\n", " ")


def _stays(old: FormField, new: FormField | None) -> bool:
    """Whether an editor serves a field still."""
    return new is not None and (old.kind, old.choices, old.optional) == (
        new.kind,
        new.choices,
        new.optional,
    )


def _shown(field: FormField, value: Any) -> str:
    return "" if field.kind == "components" else as_text(value)


def _note(field: FormField, form: LaunchForm, changed: bool) -> str:
    """Where a value comes from: what it was before, or how it is to its default."""
    if field.kind == "components":
        names = ", ".join(form.value(field))
        return names or "none"
    if field.kind == "entry":
        return field.help
    if changed and form.in_base(field):
        return f"was {_words(form.base_value(field))}"
    if field.default is NEEDED or field.group == "run":
        return ""
    if same(form.value(field), field.default):
        return "default"
    return f"default {_words(field.default)}"


def _words(value: Any) -> str:
    return as_text(value) or "none"
