"""Losses, and what they need to know about the training images."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cnnlab.config.optimization import LossConfig
from cnnlab.errors import ConfigError


class BalancedCrossEntropy(nn.CrossEntropyLoss):
    """Cross-entropy with each image weighted by the inverse of its class's share.

    The weight of class c is n / (classes * n_c), as scikit-learn's `compute_class_weight` has it
    for "balanced": 1 for every class of a balanced split, and 1 on average over the images of
    any. The weighted losses are averaged over the images. `CrossEntropyLoss` divides by the sum
    of a batch's weights instead, so that an image would count by what else is in its batch, and
    the loss of a split would hang on how it is cut into batches.

    Args:
        counts: training images of each class, (classes,), all above 0.
        label_smoothing: share of the target spread evenly over all classes.
    """

    def __init__(self, counts: Tensor, label_smoothing: float = 0.0) -> None:
        weight = counts.sum() / (len(counts) * counts)
        super().__init__(weight, reduction="none", label_smoothing=label_smoothing)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The mean loss () of logits (N, classes) and int64 labels (N,)."""
        return super().forward(logits, labels).mean()


def build_loss(config: LossConfig, labels: Tensor, classes: Sequence[str]) -> nn.Module:
    """The loss that a config names, from logits and labels to their mean loss.

    Args:
        labels: those of the training split, int64 (N,).
        classes: the classes' names, in the order of the labels.

    Raises:
        ConfigError: the loss weighs classes, and one has no training images.
    """
    build = config.load()
    fields = config.parameters()
    if "counts" in inspect.signature(build).parameters:
        fields["counts"] = _counts(config, labels, classes)
    loss: nn.Module = build(**fields)
    return loss


def _counts(config: LossConfig, labels: Tensor, classes: Sequence[str]) -> Tensor:
    """The number of training images of each class."""
    counts = torch.bincount(labels.cpu(), minlength=len(classes))
    if not counts.all():
        empty = classes[int((counts == 0).nonzero()[0])]
        raise ConfigError(
            f"loss.name = {config.name}: no training image is of class {empty!r}, "
            "so it cannot be weighed against the others.",
            "Use --set loss.name=cross-entropy, or a smaller data.validation.",
        )
    return counts
