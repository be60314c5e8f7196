"""What a run will take, against what it then takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from training.conftest import small_config

from cnnlab.data.store import Dataset
from cnnlab.errors import ConfigError
from cnnlab.events import CheckpointSaved, RunStarted
from cnnlab.training.preflight import preflight
from cnnlab.training.trainer import Trainer

MakeTrainer = Callable[..., Trainer]


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {"optimizer": {"name": "sgd", "momentum": 0.9}, "augmentation": ["base"]},
        {"training": {"batch_size": 480}},
        {"schedule": "one-cycle"},
    ],
    ids=["adam", "sgd", "two steps an epoch", "one-cycle"],
)
def test_it_is_what_the_run_then_takes(
    make_trainer: MakeTrainer, few_digits: Dataset, tables: dict[str, Any], tmp_path: Path
) -> None:
    before = set(tmp_path.iterdir())
    found = preflight(small_config(**tables), few_digits, seconds=0.2)
    assert set(tmp_path.iterdir()) == before
    events = list(make_trainer(**tables).train())
    started = next(event for event in events if isinstance(event, RunStarted))
    for name in ("parameters", "flops", "steps_per_epoch", "train_images", "validation_images"):
        assert getattr(found, name) == getattr(started, name), name
    assert found.trainable == found.parameters
    saved = next(event for event in events if isinstance(event, CheckpointSaved))
    # The file has names and shapes beside the tensors.
    assert found.checkpoint_bytes <= saved.bytes <= found.checkpoint_bytes + 20_000
    images = min(found.train_images, small_config(**tables).training.batch_size)
    training = found.steps_per_epoch * images / found.images_per_second
    assert 0 < training < found.seconds_per_epoch


def test_frozen_weights_do_not_count_as_trainable(few_digits: Dataset) -> None:
    config = small_config(fine_tuning={"parts": ["head"]})
    found = preflight(config, few_digits, seconds=0.1)
    assert 0 < found.trainable < found.parameters


def test_the_run_that_follows_has_the_same_bits(
    make_trainer: MakeTrainer, few_digits: Dataset
) -> None:
    alone = make_trainer()
    list(alone.train())
    preflight(small_config(), few_digits, seconds=0.1)
    after = make_trainer()
    list(after.train())
    for name, value in after.parts.model.state_dict().items():
        assert torch.equal(value, alone.parts.model.state_dict()[name]), name


def test_what_does_not_fit_is_refused(few_digits: Dataset) -> None:
    with pytest.raises(ConfigError, match="20x20 kernel"):
        preflight(small_config(model={"kernel_size": 20}), few_digits)
