"""The trash: runs go there, come back, or are deleted for good with what they take on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from textual.binding import Binding

from cnnlab.amounts import how_many
from cnnlab.errors import HistoryError
from cnnlab.export.format import format_bytes
from cnnlab.history import trash
from cnnlab.history.edits import require_deletable
from cnnlab.history.queries import Reader
from cnnlab.tui.screens.history.choosing import Choosing
from cnnlab.tui.widgets.dialogs import ConfirmDialog


@dataclass(frozen=True)
class Disposable:
    """Runs of which somebody wants to be rid.

    Attributes:
        ids: those that can go.
        protected: why each of the others cannot.
        bytes: size of the checkpoints of those that can.
    """

    ids: list[str]
    protected: list[HistoryError]
    bytes: int

    @classmethod
    def among(cls, reader: Reader, run_ids: Sequence[str]) -> Disposable:
        """Looks at each of the runs."""
        ids, protected = [], []
        for run in reader.runs_among(run_ids):
            try:
                require_deletable(run)
                ids.append(run.id)
            except HistoryError as error:
                protected.append(error)
        checkpoints = reader.checkpoints(ids)
        size = sum(one.bytes for held in checkpoints.values() for one in held)
        return cls(ids, protected, size)

    def question(self, hidden: int) -> str:
        """What is asked before they go.

        Args:
            hidden: how many of them the table does not list.
        """
        lines = [f"Move {how_many(len(self.ids), 'run')} to the trash?"]
        lines += [f"{hidden:,} of them marked, but not in the list now."] if hidden else []
        freed = f"frees {format_bytes(self.bytes)} of checkpoints"
        lines += [f"Emptying the trash later {freed}."] if self.bytes else []
        if self.protected:
            stay = "stays" if len(self.protected) == 1 else "stay"
            lines.append(
                f"{how_many(len(self.protected), 'run')} still under way or queued {stay}."
            )
        return "\n".join(lines)


class Disposal(Choosing):
    """The keys of the trash."""

    BINDINGS = [
        Binding("x,delete", "discard", "Trash", tooltip="Move to the trash"),
        Binding("z", "undo", "Undo", show=False, tooltip="Bring back what went to the trash last"),
        Binding("z", "restore", "Restore", tooltip="Bring back from the trash"),
        Binding("T", "show_trash", "Show trash", show=False, tooltip="Show or leave the trash"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._discarded: list[list[str]] = []

    def action_discard(self) -> None:
        """Asks, and moves runs to the trash."""
        wanted = self.chosen()

        def look() -> Disposable:
            with self.session.reading() as reader:
                return Disposable.among(reader, wanted)

        if wanted:
            self.ask_behind(look, self._ask_to_discard)

    def _ask_to_discard(self, found: Disposable) -> None:
        if found.ids:
            question = found.question(self.hidden_marks(found.ids))
            dialog = ConfirmDialog(question, yes="To the trash", no="Keep")
            self.lab.push_screen(dialog, partial(self._discard, found.ids))
        elif found.protected:
            self.lab.report(found.protected[0])

    def _discard(self, ids: list[str], yes: bool | None) -> None:
        if not yes:
            return

        def move() -> None:
            trash.move_to_trash(self.session.home, ids)
            self._discarded.append(ids)

        self.change(
            move, f"Moved {how_many(len(ids), 'run')} to the trash; z brings back, T shows it."
        )

    def action_undo(self) -> None:
        """Brings back the runs that went to the trash last."""
        if not self._discarded:
            self.say("Nothing went to the trash since the start; T shows what is in it.")
            return
        ids = self._discarded.pop()
        self._bring_back(ids)

    def action_restore(self) -> None:
        """Brings back the chosen runs."""
        ids = self.chosen()
        if ids:
            self._bring_back(ids)

    def _bring_back(self, ids: list[str]) -> None:
        work = partial(trash.restore, self.session.home, ids)
        self.change(work, f"Brought back {how_many(len(ids), 'run')}.")

    def action_empty(self) -> None:
        """Asks, and deletes what is in the trash."""
        self.ask_behind(partial(trash.trash_size, self.session.home), self._ask_to_empty)

    def _ask_to_empty(self, found: tuple[int, int]) -> None:
        count, size = found
        if not count:
            self.say("The trash is empty.")
            return
        question = f"Delete {how_many(count, 'run')} for good? That frees {format_bytes(size)}."
        dialog = ConfirmDialog(question, yes="Delete for good", no="Keep", dangerous=True)
        self.lab.push_screen(dialog, self._empty)

    def _empty(self, yes: bool | None) -> None:
        if yes:
            work = partial(trash.empty_trash, self.session.home)
            self.ask_behind(work, self._tell_what_was_deleted)

    def _tell_what_was_deleted(self, deleted: tuple[int, int]) -> None:
        count, size = deleted
        self._discarded.clear()
        self.reread()
        self.say(f"Deleted {how_many(count, 'run')}, {format_bytes(size)} freed.")
