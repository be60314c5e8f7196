"""The tab with the checkpoints of a run, and whether their files are as they were written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from rich.text import Text
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import DataTable, Static

from cnnlab.export.format import format_bytes, format_figure, format_time, one_line
from cnnlab.history.records import CheckpointRecord
from cnnlab.history.resumption import checkpoint_file
from cnnlab.tui.background import behind
from cnnlab.tui.screens.result.facts import Facts
from cnnlab.tui.screens.result.tab import ResultTab
from cnnlab.tui.widgets.table import Table


def file_state(path: Path, sha256: str) -> str:
    """Whether a file has the checksum that was recorded, in words."""
    try:
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return "× gone"
    except OSError as error:
        return f"× cannot be read: {error.strerror}"
    return "✓ as recorded" if same else "× damaged"


class CheckpointsTab(ResultTab):
    """Kind, epoch, metric, size and checksum of each checkpoint."""

    BINDINGS = [Binding("c", "check", "Check", tooltip="Compare the files with their checksums")]

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self._states: dict[str, str] = {}
        self._checking = False

    def compose(self) -> Iterable[Widget]:
        """The table, and all of the row under the cursor."""
        yield Table(cursor_type="row")
        words = "No checkpoints: the run ended before its first validation."
        yield Static(self.facts.why_nothing(words), classes="empty")
        yield Static(classes="details -tall")

    async def fill(self) -> None:
        """Shows the rows, and which files are there."""
        self.query_one(Table).display = bool(self.facts.checkpoints)
        self.query_one(".empty").display = not self.facts.checkpoints
        for one in self.facts.checkpoints:
            self._states[one.kind] = "there" if self._path(one).is_file() else "× gone"
        self._show()

    def _path(self, checkpoint: CheckpointRecord) -> Path:
        return checkpoint_file(self.lab.session.home, self.facts.run.id, checkpoint)

    def _show(self) -> None:
        table = self.query_one(Table)
        cursor = table.cursor_row
        table.clear(columns=True)
        numbers = ("epoch", "step", self.facts.run.monitor, "size")
        for name in ("kind", *numbers, "sha256", "file"):
            table.add_column(Text(name, justify="right" if name in numbers else "left"))
        for one in self.facts.checkpoints:
            figures = (str(one.epoch), f"{one.step:,}", format_figure(one.value))
            table.add_row(
                Text(one.kind),
                *(Text(figure, justify="right") for figure in figures),
                Text(format_bytes(one.bytes), justify="right"),
                Text(one.sha256[:12]),
                Text(self._states[one.kind]),
            )
        table.move_cursor(row=cursor, animate=False)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Shows the whole path and checksum."""
        if event.cursor_row >= len(self.facts.checkpoints):
            return
        one = self.facts.checkpoints[event.cursor_row]
        words = Text(f"written {format_time(one.saved_at)}\n{one_line(str(self._path(one)))}\n")
        words.append(f"sha256 {one.sha256}")
        self.query_one(".details", Static).update(words)

    def action_check(self) -> None:
        """Reads the files and compares their checksums, behind."""
        if self._checking or not self.facts.checkpoints:
            return
        self._checking = True
        files = [(one.kind, self._path(one), one.sha256) for one in self.facts.checkpoints]
        for kind, _, _ in files:
            self._states[kind] = "checking…"
        self._show()

        def check() -> dict[str, str]:
            return {kind: file_state(path, sha256) for kind, path, sha256 in files}

        behind(self, check, self._take, self._fail)

    def _take(self, states: dict[str, str]) -> None:
        self._checking = False
        self._states.update(states)
        self._show()

    def _fail(self, error: Exception) -> None:
        self._checking = False
        self.lab.report(error)
