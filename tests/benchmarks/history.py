"""How long a history of many runs takes to answer, in milliseconds.

Run it with ``python tests/benchmarks/history.py``: it writes runs into a temporary home, with
epochs, evaluations, tags and notes, and prints the median and the slowest of several rounds of
each question. A round opens the history anew, as a command does. A table of runs asks for the ids
in their order and the records of its first page; of all sort keys the slowest is shown.
"""

from __future__ import annotations

import argparse
import functools
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
from cnnlab.history.queries import SORTABLE, Reader, RunFilter
from cnnlab.history.watch import Watch
from cnnlab.home import Home

Ask = Callable[[Reader], int]
"""Asks a question; returns the number of runs or steps in its answer."""

DATASETS = ("cifar10", "mnist", "fashion-mnist", "mnist-5k")
MODELS = ("lenet", "simple-cnn", "small-vgg", "resnet18")
RATES = (0.1, 0.03, 0.01, 0.003, 0.001)
TAGS = ("paper", "draft", "baseline")
EPOCHS = 10
FILTER = "dataset:cifar10 acc>0.9 optimizer.lr<0.01"
PAGE = 60
STEPS = 100_000
WITH_STEPS = "00000000"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def fill(home: Home, count: int) -> None:
    """Writes the runs straight into the tables, one transaction for all."""
    draw = random.Random(0)
    config = RunConfig.model_validate({"data": {"name": "mnist"}, "model": {"name": "lenet"}})
    tables: dict[str, list[dict[str, Any]]] = {}
    for number in range(count):
        for table, row in rows(number, config.model_dump(mode="json"), draw):
            tables.setdefault(table, []).append(row)
    tables["steps"] = [
        {"run_id": WITH_STEPS, "step": step, "epoch": 1, "loss": draw.random(), "accuracy": 0.5,
         "lr": 0.01}
        for step in range(1, STEPS + 1)
    ]  # fmt: skip
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


def table(reader: Reader, wanted: RunFilter | None = None, sort: str = "started") -> int:
    """What a table of runs asks for when it is opened, sorted or filtered."""
    ids = reader.run_ids(wanted, sort=sort)
    reader.runs_among(ids[:PAGE])
    return len(ids)


def milliseconds(ask: Ask, home: Home) -> tuple[float, int]:
    """The time from opening the history to its answer, and the size of that."""
    started = time.perf_counter()
    with Reader(home) as reader:
        found = ask(reader)
    return (time.perf_counter() - started) * 1000, found


def measured(ask: Ask, home: Home, rounds: int) -> tuple[float, float, int]:
    """Median and slowest time in milliseconds, and the size of the answer."""
    taken = [milliseconds(ask, home) for _ in range(rounds)]
    times = [each for each, _ in taken]
    return statistics.median(times), max(times), taken[0][1]


def print_row(question: str, figures: tuple[float, float, int]) -> None:
    median, slowest, count = figures
    print(f"{question:44}{count:8,}{median:6.0f} ms{slowest:6.0f} ms")


def slowest_key(home: Home, rounds: int, wanted: RunFilter | None = None) -> str:
    """The sort key that takes longest."""
    return max(
        SORTABLE,
        key=lambda key: measured(lambda reader: table(reader, wanted, key), home, rounds)[0],
    )


def glances(home: Home, count: int = 10_000) -> float:
    """Microseconds that a watch takes to see that nothing was written."""
    watch = Watch(home)
    watch.changed()
    started = time.perf_counter()
    for _ in range(count):
        watch.changed()
    taken = time.perf_counter() - started
    watch.close()
    return taken / count * 1e6


def main() -> None:
    """Prints one row a question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    filtered = RunFilter(query=parse(FILTER))
    free_text = RunFilter(query=parse("worth"))
    questions: dict[str, Ask] = {
        "list all": lambda reader: len(reader.runs()),
        "list the newest 100": lambda reader: len(reader.runs(limit=100)),
        "table: open": table,
        f"table: {FILTER}": lambda reader: table(reader, filtered),
        "table: free text": lambda reader: table(reader, free_text),
        "tags": lambda reader: len(reader.tags()),
        "steps": lambda reader: len(reader.step_columns(WITH_STEPS).steps),
    }
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        fill(home, options.runs)
        size = home.history.stat().st_size / 1e6
        print(f"{options.runs:,} runs, {size:.0f} MB, {options.rounds} rounds")
        print(f"{'question':44}{'rows':>8}{'median':>9}{'slowest':>9}")
        for name, ask in questions.items():
            print_row(name, measured(ask, home, options.rounds))
        for words, wanted in (("", None), (" free text", free_text)):
            key = slowest_key(home, options.rounds, wanted)
            asked = functools.partial(table, wanted=wanted, sort=key)
            print_row(f"table:{words} sorted by {key}", measured(asked, home, options.rounds))
        print(f"watch: {glances(home):.0f} µs a look")


if __name__ == "__main__":
    main()
