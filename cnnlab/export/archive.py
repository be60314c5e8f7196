"""Runs as an archive, with all that they have, for `cnnlab runs import` on another machine."""

from __future__ import annotations

from pathlib import Path

from cnnlab.export.job import ExportJob
from cnnlab.interchange import archive_writing


def write_archive(job: ExportJob, path: Path) -> list[str]:
    """Writes the runs of a job; what is missing or damaged is told.

    Raises:
        HistoryError, StorageError: the history cannot be read.
        OSError: the file cannot be written.
    """
    return archive_writing.write_archive(job.home, job.run_ids, path, job.progress)
