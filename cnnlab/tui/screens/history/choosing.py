"""What the actions of the history screen stand on: which runs they mean, and how they are done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from cnnlab.tui.background import behind
from cnnlab.tui.screens.base import CnnlabScreen
from cnnlab.tui.screens.history.table import RunTable

Result = TypeVar("Result")


class Choosing(CnnlabScreen):
    """A screen with a table of runs, of which the actions take the marked ones or one."""

    in_trash = False
    """Whether the table shows the trash."""

    @property
    def table(self) -> RunTable:
        """The table of runs."""
        return self.query_one(RunTable)

    def reread(self) -> None:
        """Reads the list anew, whether it has changed or not."""
        raise NotImplementedError

    def under_cursor(self) -> str:
        """The run that the cursor is on; empty if it is on none."""
        line = self.table.line
        return line if isinstance(line, str) else ""

    def chosen(self) -> list[str]:
        """The marked runs in the order of the list, those not listed last; else the one run.

        Where there is none, says so.
        """
        marks = self.table.marks
        if not marks:
            chosen = [self.under_cursor()] if self.under_cursor() else []
        else:
            listed = [run_id for run_id in self.table.listed if run_id in marks]
            chosen = listed + sorted(marks.difference(listed))
        if not chosen:
            self.say("Put the cursor on a run, or mark some with Space.")
        return chosen

    def say(self, words: str) -> None:
        """Tells what was done, or why nothing was."""
        self.notify(words, markup=False)

    def change(self, work: Callable[[], object], words: str = "") -> None:
        """Changes the history behind the screen; then shows it, and says what was done."""

        def done(_: object) -> None:
            self.reread()
            if words:
                self.say(words)

        behind(self, work, done, self.lab.report)

    def ask_behind(self, work: Callable[[], Result], done: Callable[[Result], None]) -> None:
        """Finds something out that may take a while; what goes wrong is told."""
        behind(self, work, done, self.lab.report)

    def hidden_marks(self, ids: Sequence[str]) -> int:
        """How many of some runs the table does not list."""
        return len(set(ids).difference(self.table.listed))
