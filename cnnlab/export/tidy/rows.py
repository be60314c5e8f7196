"""The rows of tidy tables at one moment of the history, whatever is written meanwhile.

They come one by one, run after run in the order of the job, so that memory holds none of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from cnnlab.config.studies import Study
from cnnlab.events import CheckpointKind
from cnnlab.export.job import ExportJob
from cnnlab.export.tidy.columns import Row, TidyTable
from cnnlab.history.naming import left_out
from cnnlab.history.queries import Reader
from cnnlab.history.rows import sound

_TOLD_SECONDS = 0.1
"""Least time between two words on the progress."""


class Moment:
    """The history as it was when the export began.

    Attributes:
        run_ids: of the job's runs that are there, in its order, each once.
        gone: how many of them are not.
    """

    def __init__(self, job: ExportJob, reader: Reader) -> None:
        self.reader = reader
        self._job = job
        wanted = list(dict.fromkeys(job.run_ids))
        among = "select value from json_each(?) join runs on runs.id = value order by key"
        self.run_ids: list[str] = [row[0] for row in reader.stream(among, [json.dumps(wanted)])]
        self.gone = len(wanted) - len(self.run_ids)
        self._last_told = 0.0

    def rows(self, table: TidyTable, *, done: int = 0, total: int | None = None) -> Iterator[Row]:
        """The rows of a table, run by run in the order of the job, or those of the job's study.

        Args:
            done: rounds through all runs that are behind, for the progress.
            total: rounds there are; 1 if None.

        Raises:
            HistoryError, StorageError: the history is damaged, or cannot be read.
        """
        with sound(self._job.home.history):
            if table.read_study is not None:
                yield from self._study_rows(table.read_study)
                return
            for run_id in self.each_run(table.name, done, total or 1):
                yield from table.rows_of(self.reader, run_id)

    def _study_rows(
        self, read: Callable[[Reader, Study, CheckpointKind], Iterable[Row]]
    ) -> Iterable[Row]:
        study = self._job.study
        return () if study is None else read(self.reader, study, self._job.options.checkpoint)

    def each_run(self, what: str, done: int = 0, total: int = 1) -> Iterator[str]:
        """The ids of the runs, while the progress is told."""
        count = len(self.run_ids)
        for number, run_id in enumerate(self.run_ids):
            if time.monotonic() - self._last_told >= _TOLD_SECONDS:
                self._job.progress(what, done * count + number, total * count)
                self._last_told = time.monotonic()
            yield run_id

    def told(self) -> list[str]:
        """What a user should know of the runs."""
        return left_out(self.gone)


@contextmanager
def moment_of(job: ExportJob) -> Iterator[Moment]:
    """The history at this moment.

    Raises:
        HistoryError, StorageError: it is damaged, or cannot be read.
    """
    with Reader(job.home) as reader, reader.moment():
        yield Moment(job, reader)
