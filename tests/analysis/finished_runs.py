"""Finished runs with known accuracies, and the comparison of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from history.samples import STARTED, add_run, change, checkpoint, epoch, record

from cnnlab.analysis.comparison import Comparison, compare
from cnnlab.config.overrides import apply_settings
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.events import (
    CheckpointKind,
    ClassMetrics,
    Command,
    Ending,
    Evaluation,
    EvaluationFinished,
    Intervened,
    RunFinished,
)
from cnnlab.export.comparison_words import labels, summary_words
from cnnlab.history.edits import delete_run
from cnnlab.history.queries import Reader
from cnnlab.home import Home

TABLES: dict[str, Any] = {
    "data": {"name": "mnist-5k"},
    "model": {"name": "lenet"},
    "optimizer": {"name": "sgd"},
}


def finished(
    home: Home,
    name: str,
    accuracy: float,
    *settings: str,
    last: float = 0.5,
    classes: Sequence[ClassMetrics] = (),
    ending: Ending | None = None,
    by_hand: Command | None = None,
) -> str:
    """A run with a known test accuracy; `classes` have f1 scores around it."""
    config = validate(RunConfig, apply_settings(TABLES, settings))
    plain = config.model_dump(mode="json")
    add_run(home, name, name=name, config=plain, dataset=config.data.name)
    metrics = tuple(classes) or (
        ClassMetrics("cat", accuracy, accuracy, accuracy + 0.01, 50),
        ClassMetrics("dog", accuracy, accuracy, accuracy - 0.01, 40),
    )

    def test(kind: CheckpointKind, value: float) -> EvaluationFinished:
        result = Evaluation(1 - value, value, None, value, value, value, metrics, ((1, 0), (0, 1)))
        return EvaluationFinished("test", kind, 1, 4, result)

    changed = [] if by_hand is None else [Intervened(by_hand, 1, 2)]
    record(
        home,
        name,
        STARTED,
        *changed,
        epoch(1),
        checkpoint("best", 1),
        test("best", accuracy),
        test("last", last),
        ending or RunFinished("all epochs trained"),
    )
    return name


def imported(home: Home, name: str, dataset: str, accuracy: float) -> str:
    """A CSV file with a test accuracy, without a config, classes or a number of images."""
    add_run(home, name, name=name, config={}, dataset=dataset)
    result = Evaluation(0.1, accuracy, None, accuracy, accuracy, accuracy, (), ())
    tested = EvaluationFinished("test", "best", 1, 4, result)
    record(home, name, epoch(1), tested, RunFinished("imported"))
    change(home, "update runs set origin = 'csv' where id = ?", [name])
    return name


def seeds(home: Home, name: str, accuracies: Sequence[float], *settings: str) -> list[str]:
    return [
        finished(home, f"{name}-{seed}", accuracy, *settings, f"training.seed={seed}")
        for seed, accuracy in enumerate(accuracies)
    ]


def compared(home: Home, ids: Sequence[str], **options: Any) -> Comparison:
    with Reader(home) as reader:
        return compare(reader, ids, **options)


def told(comparison: Comparison, baseline: int = 0) -> list[str]:
    return summary_words(comparison, labels(comparison), baseline)


def compared_before_deletion(home: Home, run_id: str) -> Callable[..., Comparison]:
    """What compares as `compare` does; as soon as it has, somebody else deletes a run."""

    def comparing(reader: Reader, *arguments: Any, **options: Any) -> Comparison:
        found = compare(reader, *arguments, **options)
        with Reader(home) as another:
            delete_run(home, another.run(run_id))
        return found

    return comparing
