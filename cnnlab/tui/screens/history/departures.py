"""From the table to where a run goes on: its screen, another training, a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding

from cnnlab.amounts import how_many
from cnnlab.errors import CnnlabError
from cnnlab.execution.queue import RunQueue
from cnnlab.history.queries import Reader
from cnnlab.tui import navigation
from cnnlab.tui.exports import Subject
from cnnlab.tui.screens.history.choosing import Choosing

MOST_COMPARED = 8
"""Runs in a comparison; at least two."""

Resumed = tuple[list[str], list[CnnlabError]]
"""The runs that are queued to go on, and why others are not."""


def resume(queue: RunQueue, reader: Reader, run_ids: Sequence[str]) -> Resumed:
    """Queues runs to go on here; those that a process left in its queue are taken over."""
    resumed: list[str] = []
    errors: list[CnnlabError] = []
    for run in reader.runs_among(run_ids):
        try:
            if run.status == "queued":
                queue.adopt(run.id)
            else:
                queue.resume(run.id)
            resumed.append(run.id)
        except CnnlabError as error:
            errors.append(error)
    return resumed, errors


class Departures(Choosing):
    """The keys that lead to other screens."""

    BINDINGS = [
        Binding("v", "compare", "Compare", tooltip="Compare the marked runs, two to eight"),
        Binding("e", "again", "Run again", show=False, tooltip="Run again, with changes"),
        Binding("m", "resume", "Resume", show=False, tooltip="Resume from the last checkpoint"),
    ]

    async def open_cursor(self) -> None:
        """Opens the run under the cursor."""
        row = self.table.row()
        if row is not None:
            await navigation.open_run(self.lab, row.run)

    async def action_compare(self) -> None:
        """Compares the marked runs."""
        ids = self.chosen() if self.table.marks else []
        if 2 <= len(ids) <= MOST_COMPARED:
            await navigation.compare(self.lab, ids)
        else:
            marked = f"{how_many(len(ids), 'run')} marked" if ids else "None is marked"
            self.say(f"Mark two to eight runs with Space, then press v. {marked}.")

    def action_export(self) -> None:
        """Asks how the chosen runs are exported."""
        ids = self.chosen()
        if ids:
            navigation.export(self.lab, Subject.of_runs(ids, self._name_of(ids[0])))

    def _name_of(self, run_id: str) -> str:
        with self.session.reading() as reader:
            return next((run.name for run in reader.runs_among([run_id])), run_id)

    async def action_again(self) -> None:
        """Opens the launch form with the config of the run under the cursor."""
        from cnnlab.tui.screens.launch.source import Source

        row = self.table.row()
        if row is not None:
            await navigation.prepare(self.lab, Source.of_run(row.run))

    def action_resume(self) -> None:
        """Lets the chosen runs go on."""
        ids = self.chosen()

        def queue() -> Resumed:
            with self.session.reading() as reader:
                return resume(self.session.queue, reader, ids)

        if ids:
            self.ask_behind(queue, self._show_resumed)

    def _show_resumed(self, resumed: Resumed) -> None:
        ids, errors = resumed
        for error in errors:
            self.lab.report(error)
        self.reread()
        if ids:
            self.say(f"{how_many(len(ids), 'run')} in the queue to go on.")
            if not errors:
                self.call_later(navigation.watch, self.lab, ids[0])
