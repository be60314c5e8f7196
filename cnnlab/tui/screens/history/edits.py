"""Changing runs from the table: their tags, notes and names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from textual.binding import Binding

from cnnlab.amounts import how_many
from cnnlab.errors import ConfigError
from cnnlab.export.format import one_line
from cnnlab.history.edits import add_note, add_tags, remove_tags, rename_run
from cnnlab.history.naming import checked_name
from cnnlab.home import Home
from cnnlab.tui.screens.history.choosing import Choosing
from cnnlab.tui.widgets.dialogs import TextDialog


@dataclass(frozen=True)
class TagChange:
    """Tags to add and to take away, as they are written: `paper, lr-sweep, -old`."""

    added: tuple[str, ...]
    removed: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> TagChange:
        """What a text asks for.

        Raises:
            ConfigError: a minus stands alone, or before a tag that is added too.
        """
        words = dict.fromkeys(word.strip() for word in text.split(",") if word.strip())
        added = tuple(word for word in words if not word.startswith("-"))
        removed = tuple(word[1:].strip() for word in words if word.startswith("-"))
        if "" in removed:
            raise ConfigError("A minus stands without a tag.", "Write it before one, as in -old.")
        if both := set(added) & set(removed):
            raise ConfigError(f"The tag {min(both)!r} is both added and taken away.")
        return cls(added, removed)

    def words(self) -> str:
        """What it does."""
        parts = [f"added {', '.join(map(one_line, self.added))}" if self.added else ""]
        parts += [f"took away {', '.join(map(one_line, self.removed))}" if self.removed else ""]
        return " and ".join(part for part in parts if part).capitalize()

    def carry_out(self, home: Home, ids: list[str]) -> None:
        """Changes the tags of some runs."""
        for run_id in ids:
            add_tags(home, run_id, self.added)
            remove_tags(home, run_id, self.removed)


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
            dialog = TextDialog(title, check=TagChange.of, placeholder="paper, lr-sweep, -old")
            self.lab.push_screen(dialog, partial(self._tag, ids))

    def _tag(self, ids: list[str], text: str | None) -> None:
        change = TagChange.of(text or "")
        if change.added or change.removed:
            words = f"{change.words()}: {how_many(len(ids), 'run')}."
            self.change(partial(change.carry_out, self.session.home, ids), words)

    def action_note(self) -> None:
        """Asks for a note."""
        ids = self.chosen()
        if ids:
            dialog = TextDialog(f"Note on {self._named(ids)}")
            self.lab.push_screen(dialog, partial(self._note, ids))

    def _note(self, ids: list[str], text: str | None) -> None:
        note = (text or "").strip()
        if not note:
            return

        def write() -> None:
            for run_id in ids:
                add_note(self.session.home, run_id, note)

        self.change(write, f"Noted on {how_many(len(ids), 'run')}.")

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
