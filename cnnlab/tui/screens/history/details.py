"""What is told of the run under the cursor: two lines below the table, or a panel beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from cnnlab.export.format import format_figure, format_time, one_line, visible
from cnnlab.export.run_words import component, origin_words, run_words
from cnnlab.history.queries import Reader
from cnnlab.history.records import EpochRecord, NoteRecord
from cnnlab.tui.screens.history.columns import SIGNS, state
from cnnlab.tui.screens.history.listing import Group
from cnnlab.tui.screens.history.rows import Row
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.keys import SCROLL

_PANEL_HEIGHT = 4
"""Lines from which there is room for a panel."""


@dataclass(frozen=True)
class RunDetails:
    """A run, and what is read of it for the details."""

    row: Row
    epochs: Sequence[EpochRecord]
    notes: Sequence[NoteRecord]

    @classmethod
    def read(cls, reader: Reader, row: Row) -> RunDetails:
        """Asks the history."""
        ids = [row.run.id]
        return cls(row, reader.epochs(ids)[row.run.id], reader.notes(ids)[row.run.id])


def gone_words(row: Row) -> str:
    """What became of a run whose process is no more, and what can be done; else nothing."""
    if not row.gone:
        return ""
    run = row.run
    if run.status == "queued":
        return f"queued by process {run.pid}, which is gone: m queues it here"
    return f"{run.status} when its process {run.pid} died: m resumes it from its last checkpoint"


def in_two_lines(details: RunDetails) -> Text:
    """A run as short as it can be told."""
    row, run = details.row, details.row.run
    sign, _ = SIGNS[state(row)]
    status = gone_words(row) or (f"{run.status}: {run.message}" if run.message else run.status)
    # The config of an older cnnlab may lack a part.
    tables = [run.config.get(kind) for kind in ("model", "optimizer")]
    names = (run.preset, *(component(table) for table in tables if table))
    seed = run.config.get("training", {}).get("seed", "unknown") if run.config else None
    first = Text(one_line(run.name), "bold")
    first.append(f"  {sign} {one_line(status)}", "")
    parts = [
        *(f"#{tag}" for tag in run.tags),
        *(f"“{note.text}”" for note in reversed(details.notes)),
        *(name for name in names if name),
        f"seed {seed}" if seed is not None else origin_words(run),
        f"best {run.monitor} {format_figure(run.best_value)}" if run.best_epoch else "",
    ]
    second = Text(" · ".join(one_line(part) for part in parts if part), "dim")
    return Text("\n", no_wrap=True, overflow="ellipsis").join([first, second])


def in_full(details: RunDetails) -> Table:
    """All that is known of a run in words, with its notes."""
    rows = [(name, value) for name, value in run_words(details.row.run, details.epochs) if value]
    gone = gone_words(details.row)
    rows = [(name, gone if name == "status" and gone else value) for name, value in rows]
    rows += [(format_time(note.written_at)[:10], note.text) for note in details.notes]
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(name), Text(visible(value)))
    return table


class Details(Sturdy, VerticalScroll):
    """The details of a run, in as much room as there is."""

    BINDINGS = [*SCROLL]

    def __init__(self) -> None:
        super().__init__()
        self._shown: RunDetails | Group | None = None

    def compose(self) -> ComposeResult:
        """The words."""
        yield Static("")

    def show(self, shown: RunDetails | Group | None) -> None:
        """Tells of a run, of a study's group, or nothing."""
        if shown != self._shown:
            self._shown = shown
            self._draw()

    def on_resize(self) -> None:
        """Tells more or less."""
        self.can_focus = self._is_panel
        self._draw()

    @property
    def _is_panel(self) -> bool:
        return self.size.height >= _PANEL_HEIGHT

    def _draw(self) -> None:
        # Two lines stay two lines; only the panel's words take another height each time.
        self.query_one(Static).update(self._words(), layout=self._is_panel)

    def _words(self) -> Text | Table:
        if isinstance(self._shown, RunDetails):
            return in_full(self._shown) if self._is_panel else in_two_lines(self._shown)
        if isinstance(self._shown, Group):
            study = one_line(self._shown.study) or "No study asked for these runs"
            return Text(f"{study}\nEnter opens or closes it, Space marks its runs.")
        return Text()
