"""The document of an export: that of a study, of a run, or of a comparison."""

from __future__ import annotations

from cnnlab.analysis.comparison import CLASS_FIGURES
from cnnlab.export.document import Document
from cnnlab.export.job import ExportJob
from cnnlab.history.queries import Reader


def document_of(job: ExportJob) -> Document:
    """What a report of a job says, all of one moment.

    Raises:
        ConfigError: a run is not in the history, or the options name an unknown x axis.
        HistoryError: the history cannot be read.
    """
    with Reader(job.home) as reader, reader.moment():
        if job.study is not None:
            from cnnlab.export.study_document import study_document

            return study_document(reader, job.study, job.options)
        if len(job.run_ids) == 1:
            from cnnlab.export.run_document import run_document

            return run_document(reader, reader.run(job.run_ids[0]), job.options, home=job.home)
        from cnnlab.export.comparison_document import comparison_document

        return comparison_document(
            reader,
            job.run_ids,
            job.options,
            baseline=job.options.baseline,
            class_figures=CLASS_FIGURES,
            home=job.home,
        )
