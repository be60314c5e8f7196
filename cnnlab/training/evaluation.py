"""What a model does on a split: loss, and scikit-learn's metrics on its predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support
from torch import Tensor, nn

from cnnlab.events import ClassMetrics, Evaluation

TOP = 5
"""The k of top-k accuracy."""

_BATCH = 500
_PIXELS = _BATCH * 64 * 64
"""Most images in one step of an evaluation, and most pixels, for images larger than 64x64."""


def evaluation_batch(shape: tuple[int, int, int], batch_size: int) -> int:
    """Images in one step of an evaluation; no gradients are kept, so more fit than in training.

    Args:
        shape: channels, height and width of an image; fewer larger ones make a step.
        batch_size: images in a training step, which always fit.
    """
    _, height, width = shape
    return min(_BATCH, max(_PIXELS // (height * width), batch_size))


def evaluate(
    forward: Callable[[Tensor], Tensor],
    loss_function: nn.Module,
    batches: Iterator[tuple[Tensor, Tensor]],
    class_names: Sequence[str],
) -> Evaluation:
    """Evaluates a model that is in evaluation mode.

    Args:
        forward: uint8 images (N, C, H, W) to logits (N, classes).
        loss_function: logits and labels to their mean loss.
        batches: images and int64 labels, on the model's device; at least one.
        class_names: one for each class, in the order of the labels.

    Returns:
        Figures on the CPU; predictions are moved there once, at the end.
    """
    losses, predictions, targets, in_top = [], [], [], []
    with torch.inference_mode():
        for images, labels in batches:
            logits = forward(images).float()
            losses.append(loss_function(logits, labels) * len(labels))
            predictions.append(logits.argmax(1))
            targets.append(labels)
            if len(class_names) > TOP:
                top = logits.topk(TOP, dim=1).indices
                in_top.append((top == labels.unsqueeze(1)).any(1))
        truth = torch.cat(targets).cpu().numpy()
        loss = torch.stack(losses).sum().item() / len(truth)
        top5 = int(torch.cat(in_top).sum()) / len(truth) if in_top else None
        predicted = torch.cat(predictions).cpu().numpy()
    return _figures(loss, top5, truth, predicted, class_names)


def _figures(
    loss: float,
    top5: float | None,
    truth: np.ndarray,
    predicted: np.ndarray,
    class_names: Sequence[str],
) -> Evaluation:
    labels = range(len(class_names))
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, predicted, labels=labels, zero_division=0
    )
    confusion = confusion_matrix(truth, predicted, labels=labels)
    classes = tuple(
        ClassMetrics(name, float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]))
        for i, name in enumerate(class_names)
    )
    return Evaluation(
        loss=loss,
        accuracy=float(accuracy_score(truth, predicted)),
        top5_accuracy=top5,
        precision_macro=float(np.mean(precision)),
        recall_macro=float(np.mean(recall)),
        f1_macro=float(np.mean(f1)),
        classes=classes,
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )
