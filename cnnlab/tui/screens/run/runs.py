"""The runs that train and that wait, of this process and of others: to look at, or to take out."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from cnnlab.execution.queue import RunQueue
from cnnlab.export.format import one_line
from cnnlab.history.ownership import LIVE, is_gone
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.history.records import RunRecord
from cnnlab.history.watch import Watch
from cnnlab.tui.background import behind
from cnnlab.tui.screens.history.columns import SIGNS
from cnnlab.tui.widgets.dialogs import ListDialog

_MOST = 200
_SECONDS = 0.5


class RunsDialog(ListDialog):
    """A list of running and queued runs; the answer is the one to look at."""

    BINDINGS = [
        Binding("escape,r", "dismiss(None)", "Back"),
        Binding("x", "withdraw", "Take out", tooltip="Take a waiting run out of the queue"),
        Binding("a", "adopt", "Train here", tooltip="Queue here a run whose process is gone"),
    ]

    def __init__(self, chosen: str | None) -> None:
        super().__init__()
        self._chosen = chosen
        self._runs: dict[str, RunRecord] = {}
        self._watch: Watch | None = None
        self._shown: list[tuple[str, str]] | None = None

    def compose(self) -> ComposeResult:
        """The runs above the keys."""
        with Vertical(classes="dialog"):
            yield Label("Runs that train or wait", classes="question")
            yield OptionList(compact=True)
            yield Label("", classes="hint", id="keys")

    def on_mount(self) -> None:
        """Begins to look."""
        self._watch = Watch(self.lab.session.home)
        self._look()
        self.set_interval(_SECONDS, self._look)

    def on_unmount(self) -> None:
        """Gives the connection back."""
        if self._watch is not None:
            self._watch.close()

    def action_withdraw(self) -> None:
        """Takes the run under the cursor out of this process's queue."""
        self._ask(self.lab.session.queue.withdraw)

    def action_adopt(self) -> None:
        """Takes over the run under the cursor, if its process is gone."""
        self._ask(self.lab.session.queue.adopt)

    def _ask(self, change: Callable[[str], None]) -> None:
        run_id = self._under_cursor()
        if run_id is not None:
            behind(self, lambda: change(run_id), lambda _: self._look(), self.lab.report)

    def _under_cursor(self) -> str | None:
        runs = self.query_one(OptionList)
        if runs.highlighted is None:
            return None
        return runs.get_option_at_index(runs.highlighted).id

    def _look(self) -> None:
        """Lists what is there now; the cursor stays on its run."""
        session = self.lab.session
        if self._watch is not None and self._watch.changed():
            with session.reading() as reader:
                self._runs = {run.id: run for run in runs_under_way(reader, session.queue)}
        entries = [(run.id, entry(run, session.queue)) for run in self._runs.values()]
        if entries == self._shown:
            return
        self._shown = entries
        runs = self.query_one(OptionList)
        chosen = self._under_cursor() or self._chosen
        runs.clear_options()
        runs.add_options([Option(Text(words, no_wrap=True), id=key) for key, words in entries])
        ids = [key for key, _ in entries]
        runs.highlighted = ids.index(chosen) if chosen in ids else 0 if ids else None
        keys = "Enter opens, x takes out of the queue, a trains here."
        self.query_one("#keys", Label).update(keys if ids else "None now. Press 1 to begin one.")


def runs_under_way(reader: Reader, queue: RunQueue) -> list[RunRecord]:
    """Runs that train, then those that wait: in the order of this queue, then oldest first."""
    live = [run for one in LIVE for run in reader.runs(RunFilter(status=one), limit=_MOST)]
    queued = reader.runs(RunFilter(status="queued"), ascending=True, limit=_MOST)
    place = {run_id: at for at, run_id in enumerate(queue.waiting)}
    queued.sort(key=lambda run: -1 if run.id == queue.current else place.get(run.id, len(place)))
    return [*live, *queued]


def entry(run: RunRecord, queue: RunQueue) -> str:
    """A run in one row: status, name, and its place or epoch."""
    gone = is_gone(run)
    sign, _ = SIGNS["gone" if gone else run.status]
    if gone:
        words = f"{run.status}, but its process {run.pid} is gone"
    elif run.status == "queued":
        words = _place(run, queue)
    else:
        epoch = min(run.epochs_done + 1, run.epochs_planned)
        words = f"{run.status}, epoch {epoch}/{run.epochs_planned}"
    return f"{sign} {one_line(run.name)}  {words}"


def _place(run: RunRecord, queue: RunQueue) -> str:
    if run.id == queue.current:
        return queue.activity or "about to begin"
    if run.id in queue.waiting:
        return f"number {queue.waiting.index(run.id) + 1} in the queue"
    return f"waits for process {run.pid}"
