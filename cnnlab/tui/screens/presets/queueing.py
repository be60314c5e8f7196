"""Putting presets into the queue: what is missing, and for which seeds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.binding import Binding

from cnnlab.amounts import how_many
from cnnlab.config.differences import differing
from cnnlab.config.run import RunConfig
from cnnlab.config.studies import StudyRow
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError
from cnnlab.execution.queue import RunQueue
from cnnlab.execution.requests import RunRequest
from cnnlab.execution.study import Job, missing_jobs, parse_seeds
from cnnlab.history.live import runs_held_here
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.home import Home
from cnnlab.tui import navigation
from cnnlab.tui.background import behind
from cnnlab.tui.screens.base import CnnlabScreen
from cnnlab.tui.screens.presets.catalog import Entry, ReportEntry, RowEntry, StudyEntry
from cnnlab.tui.widgets.dialogs import TextDialog


class Queueing(CnnlabScreen):
    """The key that queues what the cursor is on; the screen says what that is."""

    BINDINGS = [
        Binding("a", "queue", "Queue", tooltip="Queue the study, or the row, under the cursor")
    ]

    @property
    def entry(self) -> Entry | None:
        """What the cursor is on."""
        raise NotImplementedError

    def action_queue(self) -> None:
        """Queues a row at once; asks for the seeds of a study."""
        entry = self.entry
        if isinstance(entry, RowEntry):
            self._queue(entry.rows, (), force=True)
        elif isinstance(entry, StudyEntry | ReportEntry):
            work = partial(jobs_for, self.session.home, entry.rows, ())
            behind(self, work, partial(self._ask, entry), self.lab.report)

    def _ask(self, entry: StudyEntry | ReportEntry, missing: Sequence[Job]) -> None:
        title = (
            f"{len(missing)} of {len(entry.rows)} rows are neither trained nor queued.\n\n"
            "Seeds, separated by commas: each row gets one run for each of them that it has "
            "no run of. Without any, one run of any seed is enough."
        )
        dialog = TextDialog(title, check=parse_seeds, placeholder="any seed")
        self.lab.push_screen(dialog, partial(self._answer, entry))

    def _answer(self, entry: StudyEntry | ReportEntry, text: str | None) -> None:
        if text is not None:
            self._queue(entry.rows, parse_seeds(text), force=False)

    def _queue(self, rows: Sequence[StudyRow], seeds: Sequence[int], *, force: bool) -> None:
        home, queue = self.session.home, self.session.queue

        def work() -> list[str]:
            return queue_jobs(queue, jobs_for(home, rows, seeds, force=force))

        behind(self, work, self._follow, self.lab.report)

    def _follow(self, queued: list[str]) -> None:
        if not queued:
            self.lab.notify("Nothing is missing: every row is trained, or waits already.")
            return
        self.lab.notify(f"{how_many(len(queued), 'run')} queued")
        self.lab.call_later(navigation.watch, self.lab, queued[0])


def jobs_for(
    home: Home, rows: Sequence[StudyRow], seeds: Sequence[int], *, force: bool = False
) -> list[Job]:
    """The runs that rows still need; those that train or wait on this machine count as there.

    Args:
        seeds: one run for each; without any, one run of any seed is enough.
        force: whether a row gets a run in any case.

    Raises:
        ConfigError: a seed is none.
        HistoryError: the history cannot be read.
    """
    with Reader(home) as reader:
        jobs = missing_jobs(reader, rows, (), seeds, force=force)
        return jobs if force else [job for job in jobs if not _is_under_way(reader, job)]


def queue_jobs(queue: RunQueue, jobs: Sequence[Job]) -> list[str]:
    """Queues the runs; returns their ids.

    Raises:
        CnnlabError: as `RunQueue.add`; nothing is queued then.
    """
    return queue.add([RunRequest(job.config, job.row.preset.name) for job in jobs])


def _is_under_way(reader: Reader, job: Job) -> bool:
    """Whether a run of the job's config and seed trains or waits on this machine."""
    preset = job.row.preset.name
    return any(
        _fits(job.config, run)
        for status in ("running", "paused", "queued")
        for run in runs_held_here(reader, status, preset)
    )


def _fits(wanted: RunConfig, run: RunRecord) -> bool:
    try:
        config = validate(RunConfig, run.config)
    except ConfigError:
        return False
    any_seed = wanted.training.seed is None
    same_seed = any_seed or wanted.training.seed == config.training.seed
    return same_seed and not differing([wanted, config])
