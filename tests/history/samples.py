"""Runs as a trainer would tell them, and the history as any other program sees it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from waiting import SECONDS

from cnnlab.events import (
    CheckpointKind,
    CheckpointSaved,
    ClassMetrics,
    Command,
    EpochFinished,
    Evaluation,
    EvaluationFinished,
    Event,
    Intervened,
    Logged,
    RunFinished,
    RunStarted,
    Split,
    StepsFinished,
)
from cnnlab.history.recorder import Recorder, create_run
from cnnlab.home import Home

CLASSES = ("cat", "dog", "owl")

STARTED = RunStarted(
    device="cpu",
    device_name="a processor",
    precision="float32",
    memory_format="channels_last",
    residence="host",
    parameters=61_706,
    flops=833_040,
    epochs=2,
    steps_per_epoch=4,
    train_images=400,
    validation_images=60,
    test_images=90,
)

TABLES = (
    "runs", "epochs", "steps", "evaluations", "class_metrics", "confusion", "checkpoints",
    "tags", "notes", "log", "commands", "interventions",
)  # fmt: skip
VIEWS = ("run_results", "class_results", "confusion_results")


def add_run(home: Home, run_id: str, **changes: Any) -> str:
    """A run's row; returns its name."""
    values: dict[str, Any] = {
        "config": {"model": {"name": "lenet"}},
        "dataset": "mnist-5k",
        "model": "lenet",
        "monitor": "validation_accuracy",
        "epochs": 2,
    }
    return create_run(home, run_id, **(values | changes))


def record(home: Home, run_id: str, *events: Event) -> None:
    with Recorder(home, run_id) as recorder:
        for event in events:
            recorder.record(event)


def command(home: Home, run_id: str) -> None:
    """A command that waits for a run."""
    change(
        home, "insert into commands values (null, ?, 'pause', 0.0, '2026-01-01', null)", [run_id]
    )


def evaluation(
    names: Sequence[str] = CLASSES, *, loss: float = 0.25, accuracy: float = 0.9
) -> Evaluation:
    """Thirty images a class, three of them taken for the next class."""
    count = len(names)
    metrics = tuple(ClassMetrics(name, 0.9, 0.8, 0.85, 30) for name in names)
    confusion = [[0] * count for _ in names]
    for truth in range(count):
        confusion[truth][truth] += 27
        confusion[truth][(truth + 1) % count] += 3
    matrix = tuple(tuple(row) for row in confusion)
    return Evaluation(loss, accuracy, None, 0.9, 0.8, 0.85, metrics, matrix)


def evaluated(
    split: Split,
    checkpoint: CheckpointKind | None,
    step: int,
    result: Evaluation | None = None,
) -> EvaluationFinished:
    return EvaluationFinished(split, checkpoint, (step + 3) // 4, step, result or evaluation())


def steps(first: int, losses: Sequence[float], *, epoch: int = 1) -> StepsFinished:
    count = len(losses)
    return StepsFinished(epoch, first, tuple(losses), (0.5,) * count, (0.01,) * count, 1000.0)


def epoch(number: int, *, loss: float = 0.5, validation_loss: float = 0.6) -> EpochFinished:
    return EpochFinished(number, number * 4, loss, 0.8, validation_loss, 0.7, 0.01, 1.5, 266.7)


def checkpoint(kind: CheckpointKind, number: int, *, value: float | None = 0.7) -> CheckpointSaved:
    path = Path("checkpoints") / f"{kind}-{number}.pt"
    return CheckpointSaved(kind, number, number * 4, path, 1000 + number, f"{number:064x}", value)


def life() -> list[Event]:
    """A whole run: two epochs of four steps, two checkpoints, three final evaluations."""
    events: list[Event] = [
        STARTED,
        Logged("info", "Weights drawn."),
        Intervened(Command("scale_lr", 0.5), 1, 2),
    ]
    for number in (1, 2):
        first = number * 4 - 3
        events += [
            steps(first, (0.9 / number, 0.8 / number), epoch=number),
            steps(first + 2, (0.7 / number, 0.6 / number), epoch=number),
            evaluated("validation", None, number * 4),
            epoch(number, loss=0.75 / number),
            checkpoint("best", number, value=0.6 + number / 10),
            checkpoint("last", number, value=0.6 + number / 10),
        ]
    events += [
        evaluated("test", "best", 8),
        evaluated("train", "best", 8),
        evaluated("test", "last", 8),
        RunFinished("all 2 epochs done"),
    ]
    return events


def plain(home: Home, query: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    """What SQLite itself answers, without cnnlab."""
    with closing(sqlite3.connect(home.history, SECONDS)) as connection:
        return connection.execute(query, tuple(values)).fetchall()


def change(home: Home, query: str, values: Iterable[Any] = ()) -> None:
    """A change by SQLite itself, without cnnlab."""
    with closing(sqlite3.connect(home.history, SECONDS)) as connection, connection:
        connection.execute(query, tuple(values))


def counts(home: Home) -> dict[str, int]:
    """The number of rows in each table."""
    return {table: plain(home, f"select count(*) from {table}")[0][0] for table in TABLES}
