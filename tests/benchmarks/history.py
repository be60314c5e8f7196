"""How long a history of many runs takes to answer, in milliseconds.

Run it with ``python tests/benchmarks/history.py``: it writes runs into a temporary home, with
epochs, evaluations, tags and notes, and prints the median and the slowest of several rounds of
each question. A round opens the history anew, as a command does.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cnnlab.config.run import RunConfig
from cnnlab.history.connection import connect_for_writing, transaction
from cnnlab.history.filters import parse
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

DATASETS = ("cifar10", "mnist", "fashion-mnist", "mnist-5k")
MODELS = ("lenet", "simple-cnn", "small-vgg", "resnet18")
RATES = (0.1, 0.03, 0.01, 0.003, 0.001)
TAGS = ("paper", "draft", "baseline")
EPOCHS = 10
FILTER = "dataset:cifar10 acc>0.9 optimizer.lr<0.01"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def fill(home: Home, count: int) -> None:
    """Writes the runs straight into the tables, one transaction for all."""
    draw = random.Random(0)
    config = RunConfig.model_validate({"data": {"name": "mnist"}, "model": {"name": "lenet"}})
    tables: dict[str, list[dict[str, Any]]] = {}
    for number in range(count):
        for table, row in rows(number, config.model_dump(mode="json"), draw):
            tables.setdefault(table, []).append(row)
    with closing(connect_for_writing(home)) as db, transaction(db, home.history):
        for table, written in tables.items():
            db.table(table).insert_all(written, batch_size=1000)


def rows(
    number: int, config: dict[str, Any], draw: random.Random
) -> list[tuple[str, dict[str, Any]]]:
    """What a finished run leaves in each table."""
    run_id = f"{number:08x}"
    dataset, model = draw.choice(DATASETS), draw.choice(MODELS)
    config["data"]["name"], config["model"]["name"] = dataset, model
    config["optimizer"]["lr"], config["training"]["seed"] = draw.choice(RATES), number
    at = (FIRST + timedelta(minutes=number)).isoformat(timespec="milliseconds")
    preset = f"{dataset}/{model}"
    run = {
        "id": run_id, "name": f"{model}-{number}", "status": "finished", "preset": preset,
        "dataset": dataset, "model": model, "config": json.dumps(config),
        "monitor": "validation_accuracy", "epochs_planned": EPOCHS, "host": "here", "pid": 1,
        "versions": json.dumps({"torch": "2.11.0", "python": "3.11.9", "cnnlab": "1.0"}),
        "git": json.dumps({"commit": "0" * 40, "dirty": False}), "created_at": at,
        "parameters": draw.randrange(10**6), "duration_s": draw.uniform(1, 9999),
        "best_value": draw.random(), "device": "cpu", "device_name": "a processor",
    }  # fmt: skip
    figures = {"step": 4, "train_loss": 0.5, "lr": 0.1, "seconds": 1.5, "images_per_second": 99.0}
    found = [("runs", run), ("tags", {"run_id": run_id, "tag": draw.choice(TAGS)})]
    found += [
        ("epochs", {"run_id": run_id, "epoch": epoch, **figures}) for epoch in range(1, EPOCHS + 1)
    ]
    for split, checkpoint in (("test", "best"), ("train", "best"), ("test", "last")):
        evaluation = {
            "run_id": run_id, "split": split, "checkpoint": checkpoint, "epoch": 1, "step": 4,
            "accuracy": draw.uniform(0.5, 1), "precision_macro": 0.9, "recall_macro": 0.9,
            "f1_macro": 0.9, "evaluated_at": at,
        }  # fmt: skip
        found.append(("evaluations", evaluation))
    if number % 10 == 0:
        found.append(("notes", {"run_id": run_id, "text": "Worth a look.", "written_at": at}))
    return found


def milliseconds(ask: Callable[[Reader], list[RunRecord]], home: Home) -> tuple[float, int]:
    """The time from opening the history to its answer, and the number of runs in that."""
    started = time.perf_counter()
    with Reader(home) as reader:
        found = ask(reader)
    return (time.perf_counter() - started) * 1000, len(found)


def main() -> None:
    """Prints one row a question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    questions: dict[str, Callable[[Reader], list[RunRecord]]] = {
        "open and list": lambda reader: reader.runs(),
        "open and list the newest 100": lambda reader: reader.runs(limit=100),
        "sort by accuracy": lambda reader: reader.runs(sort="accuracy"),
        FILTER: lambda reader: reader.runs(RunFilter(query=parse(FILTER))),
        "free text": lambda reader: reader.runs(RunFilter(query=parse("worth"))),
    }
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        fill(home, options.runs)
        size = home.history.stat().st_size / 1e6
        print(f"{options.runs:,} runs, {size:.0f} MB, {options.rounds} rounds")
        print(f"{'question':44}{'runs':>7}{'median':>9}{'slowest':>9}")
        for name, ask in questions.items():
            measured = [milliseconds(ask, home) for _ in range(options.rounds)]
            times = [taken for taken, _ in measured]
            median, slowest = statistics.median(times), max(times)
            print(f"{name:44}{measured[0][1]:7,}{median:6.0f} ms{slowest:6.0f} ms")


if __name__ == "__main__":
    main()
