"""Figures of an evaluation, against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from cnnlab.events import Evaluation
from cnnlab.training.evaluation import evaluate


def evaluate_logits(logits: Tensor, labels: Tensor, size: int = 2) -> Evaluation:
    """Evaluates a model that gives the rows of `logits`, in batches of `size`."""

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        yield from zip(logits.split(size), labels.split(size), strict=True)

    names = [f"class {index}" for index in range(logits.shape[1])]
    return evaluate(lambda rows: rows, nn.CrossEntropyLoss(), batches(), names)


def one_hot(predictions: list[int], classes: int) -> Tensor:
    return nn.functional.one_hot(torch.tensor(predictions), classes).float() * 5


def test_precision_recall_and_f1_are_those_of_the_textbook() -> None:
    result = evaluate_logits(one_hot([0, 0, 1, 1, 2], 3), torch.tensor([0, 1, 1, 1, 2]))
    assert result.accuracy == pytest.approx(4 / 5)
    zero, one, two = result.classes
    assert (zero.precision, zero.recall, zero.support) == (pytest.approx(1 / 2), 1.0, 1)
    assert (one.precision, one.recall, one.support) == (1.0, pytest.approx(2 / 3), 3)
    assert one.f1 == pytest.approx(0.8)
    assert two.f1 == 1.0
    assert result.precision_macro == pytest.approx((1 / 2 + 1 + 1) / 3)
    assert result.recall_macro == pytest.approx((1 + 2 / 3 + 1) / 3)


def test_the_confusion_matrix_counts_true_classes_in_rows() -> None:
    result = evaluate_logits(one_hot([0, 0, 1], 2), torch.tensor([0, 1, 1]))
    assert result.confusion == ((1, 0), (1, 1))


def test_the_loss_is_the_mean_over_images_whatever_the_batches() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(7, 4, generator=generator)
    labels = torch.randint(4, (7,), generator=generator)
    expected = nn.functional.cross_entropy(logits, labels).item()
    for size in (1, 3, 7):
        assert evaluate_logits(logits, labels, size).loss == pytest.approx(expected, rel=1e-6)


def test_a_class_without_images_or_answers_counts_zero() -> None:
    result = evaluate_logits(one_hot([0, 0], 3), torch.tensor([0, 0]))
    assert [c.support for c in result.classes] == [2, 0, 0]
    assert [c.precision for c in result.classes] == [1.0, 0.0, 0.0]
    assert result.precision_macro == pytest.approx(1 / 3)


def test_top5_needs_more_than_five_classes() -> None:
    assert evaluate_logits(one_hot([0, 1], 5), torch.tensor([0, 1])).top5_accuracy is None
    logits = torch.arange(10.0).repeat(2, 1)  # the five best are classes 5 to 9
    assert evaluate_logits(logits, torch.tensor([5, 4])).top5_accuracy == pytest.approx(0.5)


def test_top5_is_as_exact_as_the_accuracy() -> None:
    logits = torch.arange(10.0).repeat(1000, 1)
    labels = torch.tensor([4] * 5 + [9] * 995)
    result = evaluate_logits(logits, labels, 100)
    assert (result.top5_accuracy, result.accuracy) == (0.995, 0.995)
