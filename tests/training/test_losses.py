"""Losses against their formulas, on labels of real digits."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor, nn
from training.conftest import small_config

from cnnlab.config.optimization import LossConfig
from cnnlab.data.store import Dataset
from cnnlab.errors import ConfigError
from cnnlab.events import EpochFinished, EvaluationFinished, RunFinished
from cnnlab.training.losses import BalancedCrossEntropy, build_loss
from cnnlab.training.trainer import Trainer

CLASSES = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def unbalanced(digits: Dataset) -> Dataset:
    """Real digits, fewer of each from 0 to 9: 100, 91, … 19."""
    labels = digits.train_labels
    kept = [np.flatnonzero(labels == digit)[: 100 - 9 * digit] for digit in range(10)]
    some = np.sort(np.concatenate(kept))
    return dataclasses.replace(
        digits,
        train_images=digits.train_images[some],
        train_labels=labels[some],
        test_images=digits.test_images[:200].copy(),
        test_labels=digits.test_labels[:200].copy(),
    )


def loss_of(table: dict[str, Any], labels: Tensor) -> nn.Module:
    config = TypeAdapter(LossConfig).validate_python(table)
    return build_loss(config, labels, CLASSES)


def some_logits(labels: Tensor) -> Tensor:
    return torch.randn(len(labels), 10, generator=torch.Generator().manual_seed(0))


def test_the_weights_are_scikit_learns_on_the_training_split(
    unbalanced: Dataset, tmp_path: Path
) -> None:
    config = small_config(loss={"name": "balanced-cross-entropy"})
    parts = Trainer(config, unbalanced, tmp_path).parts
    labels = unbalanced.train_labels[parts.data.train_indices.numpy()]
    assert len(labels) == len(unbalanced.train_labels) - 100
    expected = compute_class_weight("balanced", classes=np.arange(10), y=labels)
    weight = parts.loss_function.get_buffer("weight")
    np.testing.assert_allclose(weight.numpy(), expected, rtol=1e-6)
    assert weight[labels].mean().item() == pytest.approx(1)


def test_the_balanced_loss_is_the_mean_of_the_weighted_losses(unbalanced: Dataset) -> None:
    labels = torch.from_numpy(unbalanced.train_labels)
    logits = some_logits(labels)
    loss = loss_of({"name": "balanced-cross-entropy"}, labels)
    counts = torch.bincount(labels).double()
    weights = len(labels) / (10 * counts)
    surprise = -logits.double().log_softmax(1)[torch.arange(len(labels)), labels]
    assert loss(logits, labels).item() == pytest.approx((weights[labels] * surprise).mean().item())
    per_class = [surprise[labels == digit].mean().item() for digit in range(10)]
    assert loss(logits, labels).item() == pytest.approx(np.mean(per_class))


def test_the_balanced_loss_of_a_split_does_not_hang_on_its_batches(unbalanced: Dataset) -> None:
    labels = torch.from_numpy(unbalanced.train_labels)
    logits = some_logits(labels)
    loss = loss_of({"name": "balanced-cross-entropy"}, labels)
    pieces = zip(logits.split(7), labels.split(7), strict=True)
    total = sum(loss(*piece).item() * len(piece[1]) for piece in pieces)
    assert total / len(labels) == pytest.approx(loss(logits, labels).item(), rel=1e-5)


def test_with_as_many_images_of_each_class_it_is_the_plain_loss() -> None:
    labels = torch.arange(10).repeat(5)
    logits = some_logits(labels)
    balanced = loss_of({"name": "balanced-cross-entropy"}, labels)
    plain = loss_of({"name": "cross-entropy"}, labels)
    torch.testing.assert_close(balanced(logits, labels), plain(logits, labels))
    torch.testing.assert_close(plain(logits, labels), nn.functional.cross_entropy(logits, labels))


@pytest.mark.parametrize("smoothing", [0.1, 0.6])
def test_label_smoothing_spreads_its_share_over_all_classes(
    unbalanced: Dataset, smoothing: float
) -> None:
    labels = torch.from_numpy(unbalanced.train_labels)
    logits = some_logits(labels)
    surprise = -logits.double().log_softmax(1)
    targets = nn.functional.one_hot(labels, 10) * (1 - smoothing) + smoothing / 10
    plain = loss_of({"name": "cross-entropy", "label_smoothing": smoothing}, labels)
    expected = (targets * surprise).sum(1).mean().item()
    assert plain(logits, labels).item() == pytest.approx(expected)

    weights = len(labels) / (10 * torch.bincount(labels).double())
    table = {"name": "balanced-cross-entropy", "label_smoothing": smoothing}
    expected = (targets * weights * surprise).sum(1).mean().item()
    assert loss_of(table, labels)(logits, labels).item() == pytest.approx(expected)


@pytest.mark.parametrize("name", ["cross-entropy", "balanced-cross-entropy"])
@pytest.mark.parametrize("smoothing", [-0.1, 1.0, 1.5])
def test_a_smoothing_outside_of_0_to_1_is_refused(name: str, smoothing: float) -> None:
    with pytest.raises(ValidationError):
        loss_of({"name": name, "label_smoothing": smoothing}, torch.arange(10))


def test_a_class_without_training_images_is_named(unbalanced: Dataset, tmp_path: Path) -> None:
    kept = unbalanced.train_labels != 3
    without = dataclasses.replace(
        unbalanced,
        train_images=unbalanced.train_images[kept],
        train_labels=unbalanced.train_labels[kept],
    )
    config = small_config(loss={"name": "balanced-cross-entropy"})
    with pytest.raises(ConfigError, match="no training image is of class '3'"):
        Trainer(config, without, tmp_path)


def test_a_run_learns_with_it_and_evaluates_with_the_same_function(
    unbalanced: Dataset, tmp_path: Path
) -> None:
    table = {"name": "balanced-cross-entropy", "label_smoothing": 0.1}
    trainer = Trainer(small_config(loss=table, training={"epochs": 4}), unbalanced, tmp_path)
    events = list(trainer.train())
    assert isinstance(events[-1], RunFinished)
    losses = [e.train_loss for e in events if isinstance(e, EpochFinished)]
    assert losses[-1] < 0.7 * losses[0]

    told = [
        e.evaluation.loss
        for e in events
        if isinstance(e, EvaluationFinished) and (e.split, e.checkpoint) == ("validation", "best")
    ]
    source, indices = trainer.parts.data.split("validation")
    images, labels = next(iter(source.batches(indices, len(indices))))
    trainer.parts.model.eval()
    with torch.inference_mode():
        loss = trainer.parts.loss_function(trainer.parts.logits(images), labels)
    assert isinstance(trainer.parts.loss_function, BalancedCrossEntropy)
    assert told == [pytest.approx(loss.item(), rel=1e-5)]
