"""Changing runs from the table: their tags, notes and names."""

from __future__ import annotations

from functools import partial

from textual.binding import Binding

from cnnlab.amounts import how_many
from cnnlab.errors import ConfigError
from cnnlab.export.format import one_line
from cnnlab.export.run_words import tagging_words
from cnnlab.history.edits import add_notes, change_tags, rename_run
from cnnlab.history.naming import TagChange, between_commas, checked_name
from cnnlab.tui.screens.history.choosing import Choosing
from cnnlab.tui.widgets.dialogs import TextDialog


def tag_change(text: str) -> TagChange:
    """The change that is written as in `paper, lr-sweep, -old`.

    Raises:
        ConfigError: a minus stands alone, or before a tag that is added too.
    """
    words = between_commas([text])
    if "-" in words:
        raise ConfigError("A minus stands without a tag.", "Write it before one, as in -old.")
    added = [word for word in words if not word.startswith("-")]
    return TagChange.of(added, [word[1:] for word in words if word.startswith("-")])


class Edits(Choosing):
    """The keys that change runs."""

    BINDINGS = [
        Binding("t", "tag", "Tag", tooltip="Add or take away tags"),
        Binding("n", "note", "Note", show=False, tooltip="Write a note"),
        Binding("r", "rename", "Rename", show=False, tooltip="Give the run another name"),
    ]

    def action_tag(self) -> None:
        """Asks for tags."""
        ids = self.chosen()
        if ids:
            title = f"Tags of {self._named(ids)}\nSeparate them by commas; -tag takes one away."
            dialog = TextDialog(title, check=tag_change, placeholder="paper, lr-sweep, -old")
            self.lab.push_screen(dialog, partial(self._tag, ids))

    def _tag(self, ids: list[str], text: str | None) -> None:
        change = tag_change(text or "")
        if change.added or change.removed:
            work = partial(change_tags, self.session.home, ids, change)
            self.ask_behind(work, partial(self._tell_tagged, change, len(ids)))

    def _tell_tagged(self, change: TagChange, chosen: int, changed: int) -> None:
        self.reread()
        self.say(tagging_words(change, changed, chosen))

    def action_note(self) -> None:
        """Asks for a note."""
        ids = self.chosen()
        if ids:
            dialog = TextDialog(f"Note on {self._named(ids)}")
            self.lab.push_screen(dialog, partial(self._note, ids))

    def _note(self, ids: list[str], text: str | None) -> None:
        note = (text or "").strip()
        if note:
            work = partial(add_notes, self.session.home, ids, note)
            self.change(work, f"Noted on {how_many(len(ids), 'run')}.")

    def action_rename(self) -> None:
        """Asks for another name of the run under the cursor."""
        row = self.table.row()
        if row is None:
            self.say("Put the cursor on a run.")
            return
        dialog = TextDialog("Another name", row.run.name, check=checked_name)
        self.lab.push_screen(dialog, partial(self._rename, row.run.id))

    def _rename(self, run_id: str, name: str | None) -> None:
        if name is not None:
            self.change(partial(rename_run, self.session.home, run_id, name))

    def _named(self, ids: list[str]) -> str:
        """One run by its name, several by their number."""
        row = self.table.row()
        if row is not None and ids == [row.run.id]:
            return one_line(row.run.name)
        return how_many(len(ids), "run")
