"""Evaluations as the history has them: those of a run itself, and those made of it later."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

from cnnlab.events import ClassMetrics
from cnnlab.history.reading import HistoryReading
from cnnlab.history.records import EvaluationRecord, ValidationExtremes
from cnnlab.history.rows import ImpossibleValue, record_of, sound


class EvaluationReading(HistoryReading):
    """The part of a `Reader` that reads evaluations."""

    def final_evaluations(self, run_ids: Iterable[str]) -> dict[str, list[EvaluationRecord]]:
        """The evaluations at the end of each of the runs, with their classes."""
        condition = "checkpoint is not null and dataset is null"
        return self._evaluations(run_ids, condition, classes=True)

    def later_evaluations(self, run_ids: Iterable[str]) -> dict[str, list[EvaluationRecord]]:
        """What was evaluated after the end of each of the runs, the oldest first."""
        found = self._evaluations(run_ids, "dataset is not null", classes=True)
        for evaluations in found.values():
            evaluations.sort(key=lambda one: one.id)
        return found

    def validations(
        self, run_ids: Iterable[str], *, classes: bool = True, since: int = 0
    ) -> dict[str, list[EvaluationRecord]]:
        """The validations on the way of each of the runs, with their classes if wanted.

        Args:
            since: leaves out those before this step.
        """
        condition = f"checkpoint is null and step >= {since:d}"
        return self._evaluations(run_ids, condition, classes=classes)

    def validation_extremes(self, run_ids: Iterable[str]) -> dict[str, ValidationExtremes]:
        """The best figures of the validations on the way, of each of the runs that has some."""
        query = (
            "select run_id, min(loss) as validation_loss, max(accuracy) as validation_accuracy"
            " from evaluations where run_id in (select value from json_each(?))"
            " and checkpoint is null and split = 'validation' group by run_id"
        )
        rows = self._rows(query, [json.dumps(list(run_ids))])
        return {row["run_id"]: record_of(ValidationExtremes, row) for row in rows}

    def confusion(self, evaluation_id: int, classes: int) -> list[list[int]]:
        """The confusion matrix of an evaluation of a checkpoint: true classes in rows."""
        matrix = [[0] * classes for _ in range(classes)]
        rows = self._rows("select * from confusion where evaluation_id = ?", [evaluation_id])
        with sound(self._path):
            for row in rows:
                truth, answer = row["true_index"], row["predicted_index"]
                if not (0 <= truth < classes and 0 <= answer < classes):
                    raise ImpossibleValue("images of a class that there is not")
                matrix[truth][answer] = row["images"]
        return matrix

    def _evaluations(
        self, run_ids: Iterable[str], condition: str, *, classes: bool
    ) -> dict[str, list[EvaluationRecord]]:
        chosen = json.dumps(list(run_ids))
        among = f"run_id in (select value from json_each(?)) and {condition}"
        found: dict[str, list[EvaluationRecord]] = defaultdict(list)
        query = (
            f"select * from evaluations where {among} order by step, checkpoint, case split"
            " when 'train' then 0 when 'validation' then 1 else 2 end"
        )
        with self.moment():
            rows = self._rows(query, [chosen])
            by_class = self._class_metrics(among, chosen) if classes else {}
        with sound(self._path):
            for row in rows:
                metrics = tuple(by_class.get(row["id"], ()))
                found[row["run_id"]].append(record_of(EvaluationRecord, row, classes=metrics))
        return found

    def _class_metrics(self, among: str, chosen: str) -> dict[int, list[ClassMetrics]]:
        """The classes of the evaluations among those chosen, by the evaluation's number."""
        found: dict[int, list[ClassMetrics]] = defaultdict(list)
        for row in self._rows(
            "select class_metrics.* from class_metrics join evaluations on"
            f" evaluations.id = evaluation_id where {among} order by evaluation_id, class_index",
            [chosen],
        ):
            metrics = ClassMetrics(
                row["class_name"], row["precision"], row["recall"], row["f1"], row["support"]
            )
            found[row["evaluation_id"]].append(metrics)
        return found
