"""Runs as JSON: one document, or one run a line. `docs/export.schema.json` is its JSON Schema.

The document has the table of a study that is exported whole, too.

Each run is the object that `export.run_json` makes, whole. Runs are read and written one by one,
so that memory holds one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cnnlab import __version__
from cnnlab.export.job import ExportJob
from cnnlab.export.json_text import finite, json_text
from cnnlab.export.run_json import runs_as_json
from cnnlab.export.tidy.rows import Moment, moment_of
from cnnlab.export.tidy.study_table import STUDY, as_objects
from cnnlab.history.recorder import now

SCHEMA = 1
"""Grows when a key of a run goes, or means something else; not when one joins."""


_WITHOUT_STUDY = "Lines are runs alone; --format json has the study's own table, too."


def write_json(job: ExportJob, path: Path) -> list[str]:
    """Writes one document, with a run on each line.

    Raises:
        HistoryError, StorageError: the history is damaged, or cannot be read.
        OSError: the file cannot be written.
    """
    with moment_of(job) as moment, path.open("x", encoding="utf-8", newline="\n") as file:
        head = json_text(
            {
                "cnnlab": __version__,
                "schema": SCHEMA,
                "exported_at": now(),
                "study": finite(as_objects(moment.rows(STUDY))),
            }
        )
        file.write(f'{head[:-1]},"runs":[')
        before = "\n"
        for line in _runs(moment):
            file.write(before + line)
            before = ",\n"
        file.write("\n]}\n")
        return moment.told()


def write_jsonl(job: ExportJob, path: Path) -> list[str]:
    """Writes one run a line.

    Raises:
        HistoryError, StorageError: the history is damaged, or cannot be read.
        OSError: the file cannot be written.
    """
    with moment_of(job) as moment, path.open("x", encoding="utf-8", newline="\n") as file:
        for line in _runs(moment):
            file.write(f"{line}\n")
        return [*moment.told(), *([] if job.study is None else [_WITHOUT_STUDY])]


def _runs(moment: Moment) -> Iterator[str]:
    for run_id in moment.each_run("runs"):
        records = moment.reader.runs_among([run_id])
        for run in runs_as_json(moment.reader, records, whole=True):
            yield json_text(run)
