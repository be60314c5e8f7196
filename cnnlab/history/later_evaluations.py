"""Recording what a checkpoint of a finished run does on a data set."""

from __future__ import annotations

from cnnlab.events import EvaluationFinished
from cnnlab.history.edits import editing
from cnnlab.history.evaluation_rows import class_rows, confusion_rows, evaluation_row
from cnnlab.history.recorder import now
from cnnlab.history.records import EvaluationRecord
from cnnlab.home import Home


def record_later_evaluation(
    home: Home, run_id: str, dataset: str, finished: EvaluationFinished
) -> EvaluationRecord:
    """Writes an evaluation that was made after the run; returns it as it was written.

    It takes the place of an earlier one of the same data set, split and kind of checkpoint. Those
    of the run itself stay as they are, also where the data set is the run's own.

    Raises:
        ConfigError: the run is no longer there.
        HistoryError, StorageError: the history cannot be written; nothing has changed.
    """
    with editing(home, [run_id]) as db:
        db.execute(
            "delete from evaluations where run_id = ? and dataset = ? and split = ?"
            " and checkpoint = ?",
            (run_id, dataset, finished.split, finished.checkpoint),
        )
        row = {**evaluation_row(run_id, finished, now()), "dataset": dataset}
        key = db.table("evaluations").insert(row).last_pk
        if not isinstance(key, int):
            raise TypeError("a row of evaluations has a number")
        db.table("class_metrics").insert_all(class_rows(key, finished.evaluation))
        db.table("confusion").insert_all(confusion_rows(key, finished.evaluation))
    figures = {name: value for name, value in row.items() if name != "run_id"}
    return EvaluationRecord(id=key, classes=finished.evaluation.classes, **figures)
