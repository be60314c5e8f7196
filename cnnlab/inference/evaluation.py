"""A checkpoint evaluated on any data set with the same classes, as the run would have done it.

Figures are those of `training.evaluation`: the run's loss, normalisation and arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from cnnlab.data import library
from cnnlab.events import EvaluationFinished, Split
from cnnlab.home import Home
from cnnlab.inference.split_images import own_indices, split_images
from cnnlab.inference.trained import TrainedModel
from cnnlab.progress import Progress, silent
from cnnlab.training.evaluation import evaluate
from cnnlab.training.losses import build_loss


@dataclass(frozen=True)
class LaterEvaluation:
    """What came of it, and what was done to the images, a sentence each."""

    dataset: str
    finished: EvaluationFinished
    remarks: tuple[str, ...]


def evaluate_trained(
    home: Home,
    trained: TrainedModel,
    dataset_name: str,
    split: Split,
    progress: Progress = silent,
) -> LaterEvaluation:
    """Evaluates a checkpoint.

    Args:
        dataset_name, split: see `split_images`.

    Raises:
        ConfigError: see `split_images`.
        DataError: see `split_images`; or the checkpoint is of an older cnnlab and its loss weighs
            classes by their images, and the run's data set, which tells them, is not here.
    """
    images = split_images(home, trained, split, dataset_name, progress)
    loss_function = _loss(home, trained)
    batches = images.batches(progress)
    figures = evaluate(trained.logits, loss_function, batches, trained.images.classes)
    checkpoint = trained.checkpoint
    finished = EvaluationFinished(split, trained.kind, checkpoint.epoch, checkpoint.step, figures)
    name = dataset_name or trained.config.data.name
    return LaterEvaluation(name, finished, tuple(images.adaptation.in_words()))


def _loss(home: Home, trained: TrainedModel) -> nn.Module:
    """The run's loss function, with the weights of the classes that it was trained with.

    Raises:
        DataError: a checkpoint of an older cnnlab does not hold these, and the run's data set,
            which tells them, is not here.
    """
    config, classes = trained.config, trained.images.classes
    device = trained.hardware.device
    if trained.loss is not None:
        loss_function = build_loss(config.loss, torch.arange(len(classes)), classes)
        loss_function.load_state_dict(dict(trained.loss))
        return loss_function.to(device)
    if config.loss.name == "cross-entropy":
        return build_loss(config.loss, torch.arange(len(classes)), classes).to(device)
    own = library.require(home, config.data.name)
    labels = torch.from_numpy(own.train_labels)[own_indices(trained, own, "train")]
    return build_loss(config.loss, labels, classes).to(device)
