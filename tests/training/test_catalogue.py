"""Every row of every shipped study trains: one step and one validation on real images."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import models

from cnnlab.config import studies
from cnnlab.config.models import Pretrained
from cnnlab.config.presets import Preset
from cnnlab.data.catalog import KNOWN
from cnnlab.data.store import Dataset
from cnnlab.events import EvaluationFinished, RunFailed
from cnnlab.home import Home
from cnnlab.training.trainer import Trainer

NOWHERE = Home(Path("/nowhere"))
ROWS = {
    row.preset.name: row.preset
    for name in studies.names(NOWHERE)
    for row in studies.load(NOWHERE, name).rows
}
VALIDATION, TEST = 2, 2


@pytest.fixture(scope="module")
def digits_as(digits: Dataset) -> Callable[[str, int], Dataset]:
    """A few real digits, all classes in turn, in the shape of a known data set."""
    by_class = [np.flatnonzero(digits.train_labels == label) for label in range(10)]
    in_turn = np.stack(by_class, axis=1).ravel()

    def make(name: str, count: int) -> Dataset:
        channels, side, _ = KNOWN[name].shape
        border = (side - 28) // 2
        chosen = in_turn[: count + TEST]
        pixels = np.repeat(digits.train_images[chosen], channels, axis=1)
        pixels = np.pad(pixels, ((0, 0), (0, 0), (border,) * 2, (border,) * 2))
        labels = digits.train_labels[chosen]
        info = dataclasses.replace(digits.info, shape=pixels.shape[1:], mean=(0.5,) * channels,
                                   std=(0.5,) * channels)  # fmt: skip
        return Dataset(info, pixels[:count], labels[:count], pixels[count:], labels[count:])

    return make


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A file of the layout of torchvision's ImageNet weights, with random ones in it."""
    folder = tmp_path_factory.mktemp("weights")

    def make(architecture: str) -> str:
        path = folder / f"{architecture}.pth"
        if not path.exists():
            torch.manual_seed(0)
            torch.save(models.get_model(architecture, weights=None).state_dict(), path)
        return str(path)

    return make


def settings(preset: Preset, weights: Callable[[str], str]) -> list[str]:
    """What a row needs to be tried out on a handful of images."""
    changes = [f"data.validation={VALIDATION}", "training.device=cpu", "training.seed=1"]
    model = preset.config.model
    if isinstance(model, Pretrained) and model.weights:
        changes.append(f"model.weights={weights(model.torchvision_name)}")
    return changes


@pytest.mark.parametrize("name", ROWS)
def test_every_row_takes_a_step_and_validates(
    name: str,
    digits_as: Callable[[str, int], Dataset],
    weights: Callable[[str], str],
    tmp_path: Path,
) -> None:
    preset = ROWS[name]
    config = preset.with_settings(settings(preset, weights))
    # Weighing the classes takes images of each, whatever validation draws.
    count = 30 if config.loss.name == "balanced-cross-entropy" else 4
    trainer = Trainer(config, digits_as(config.data.name, count), tmp_path)
    before = [parameter.detach().clone() for parameter in trainer.parts.model.parameters()]
    for event in trainer.train():
        assert not isinstance(event, RunFailed), event
        if isinstance(event, EvaluationFinished):
            break
    assert trainer.progress.step >= 1
    after = trainer.parts.model.parameters()
    assert any(not torch.equal(old, new) for old, new in zip(before, after, strict=True))
