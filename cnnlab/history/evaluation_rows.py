"""An evaluation as rows of the history: its figures, its classes, its confusion matrix."""

from __future__ import annotations

import math
from typing import Any

from cnnlab.events import Evaluation, EvaluationFinished

Row = dict[str, Any]


def number(value: float) -> float | None:
    """The value, or None where it is not a number; infinities are kept."""
    return None if math.isnan(value) else value


def evaluation_row(run_id: str, event: EvaluationFinished, evaluated_at: str) -> Row:
    """The figures of a whole split."""
    evaluation = event.evaluation
    return {
        "run_id": run_id,
        "split": event.split,
        "checkpoint": event.checkpoint,
        "epoch": event.epoch,
        "step": event.step,
        "loss": number(evaluation.loss),
        "accuracy": evaluation.accuracy,
        "top5_accuracy": evaluation.top5_accuracy,
        "precision_macro": evaluation.precision_macro,
        "recall_macro": evaluation.recall_macro,
        "f1_macro": evaluation.f1_macro,
        "evaluated_at": evaluated_at,
    }


def class_rows(evaluation_id: object, evaluation: Evaluation) -> list[Row]:
    """One row a class."""
    return [
        {
            "evaluation_id": evaluation_id,
            "class_index": index,
            "class_name": metrics.name,
            "precision": metrics.precision,
            "recall": metrics.recall,
            "f1": metrics.f1,
            "support": metrics.support,
        }
        for index, metrics in enumerate(evaluation.classes)
    ]


def confusion_rows(evaluation_id: object, evaluation: Evaluation) -> list[Row]:
    """One row a pair of classes that occurred."""
    return [
        {
            "evaluation_id": evaluation_id,
            "true_index": truth,
            "predicted_index": answer,
            "images": images,
        }
        for truth, answers in enumerate(evaluation.confusion)
        for answer, images in enumerate(answers)
        if images
    ]
