"""Short real trainings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cnnlab.config.overrides import merge
from cnnlab.config.run import RunConfig
from cnnlab.data.store import Dataset
from cnnlab.events import Event
from cnnlab.training.trainer import Trainer

Kind = TypeVar("Kind", bound=Event)

SMALL: dict[str, Any] = {
    "data": {"name": "mnist-5k", "validation": 100},
    "model": {"name": "lenet", "channels": [4, 8], "hidden": 32},
    "optimizer": {"name": "adam", "lr": 0.005},
    "training": {"epochs": 2, "batch_size": 50, "seed": 1, "device": "cpu"},
}


def of_kind(events: Iterable[Event], kind: type[Kind]) -> list[Kind]:
    """The events of a kind, in their order."""
    return [event for event in events if isinstance(event, kind)]


def small_config(**tables: Any) -> RunConfig:
    """A run of a second on 500 images, with tables laid over it."""
    return RunConfig.model_validate(merge(SMALL, tables))


@pytest.fixture
def make_trainer(few_digits: Dataset, tmp_path: Path) -> Callable[..., Trainer]:
    """Builds the trainer of a small run; each in a folder of its own unless one is named."""
    count = 0

    def make(folder: Path | None = None, **tables: Any) -> Trainer:
        nonlocal count
        count += 1
        folder = folder or tmp_path / f"run{count}"
        folder.mkdir(exist_ok=True)
        return Trainer(small_config(**tables), few_digits, folder)

    return make
