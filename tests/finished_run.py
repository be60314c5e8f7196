"""A real run on the shipped digits, trained once for a module and copied into each test's home."""

from __future__ import annotations

import shutil
from pathlib import Path

from waiting import SECONDS

from cnnlab.config.run import RunConfig
from cnnlab.execution.queue import RunQueue
from cnnlab.execution.requests import RunRequest
from cnnlab.history.queries import Reader
from cnnlab.home import Home

CONFIG = RunConfig.model_validate(
    {
        "data": {"name": "mnist-5k", "validation": 3200},
        "model": {"name": "fully-connected", "hidden": [32, 24]},
        "optimizer": {"name": "adam", "lr": 0.02},
        "training": {"epochs": 2, "batch_size": 50, "seed": 1, "evaluate_every": 4},
    }
)
"""A small network with a learning rate so high that its last weights are not its best ones."""


def train(folder: Path) -> tuple[Home, str]:
    """Trains the run in a home of its own; returns that and the run's id."""
    home = Home(folder)
    queue = RunQueue(home)
    (run_id,) = queue.add([RunRequest(CONFIG, preset="quickstart", name="digits")])
    queue.finish()
    assert queue.join(SECONDS)
    with Reader(home) as reader:
        run = reader.run(run_id)
    assert run.status == "finished", run.message
    return home, run_id


def copy(trained: Home, home: Home) -> None:
    """Puts a trained run, with its checkpoints and its images, into another home."""
    shutil.copytree(trained.root, home.root, dirs_exist_ok=True)
