"""What a finished model says of each image: its class, and how sure it is.

The history keeps a confusion matrix of each split, which counts images and does not name them.
Here the checkpoint classifies the split again as the run did: the same images, normalisation,
arithmetic and batches. On the machine that trained the run the counts are those of the history; on
another one the last bits of floating-point sums may differ, and so may an image that lies between
two classes. `Predictions.confusion` tells.

A data set that was replaced meanwhile is refused, or its images are resized and its classes told by
their names, just as for an evaluation: see `inference.split_images`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from cnnlab.events import Split
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.inference.trained import TrainedModel

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Predictions:
    """The images of one split as a model sees them; all arrays have one entry an image.

    Attributes:
        classes: names, in the order of the run's labels.
        index: places among the stored images: the training ones for `train` and `validation`.
        true: labels.
        predicted: labels that the model gives.
        confidence: the softmax of the label given, in [0, 1]; float64. NaN where the model's
            outputs are not numbers.
        remarks: what was done to the images, since they are other ones than the run's; a sentence
            each.
    """

    classes: tuple[str, ...]
    index: Indices
    true: Indices
    predicted: Indices
    confidence: NDArray[np.float64]
    remarks: tuple[str, ...]

    def confusion(self) -> Indices:
        """Images by true class (rows) and predicted class (columns)."""
        count = len(self.classes)
        places = self.true * count + self.predicted
        return np.bincount(places, minlength=count * count).reshape(count, count)

    def surest(
        self,
        *,
        true: int | None = None,
        predicted: int | None = None,
        with_correct: bool = False,
    ) -> Indices:
        """Positions in these arrays of some images, the most confident answers first.

        Args:
            true, predicted: only images with these labels.
            with_correct: also those that were classified correctly.
        """
        wanted = np.ones(len(self.index), dtype=bool)
        if not with_correct:
            wanted &= self.true != self.predicted
        if true is not None:
            wanted &= self.true == true
        if predicted is not None:
            wanted &= self.predicted == predicted
        found = np.flatnonzero(wanted)
        # A stable order: of equally sure answers the first image comes first.
        return found[np.argsort(-self.confidence[found], kind="stable")]


def predictions(home: Home, trained: TrainedModel, split: Split) -> Predictions:
    """Classifies the images of a split of the run's own data set.

    Args:
        trained: on the run's own device, where the history's counts shall be met.

    Raises:
        ConfigError: the data set has other classes or channels by now.
        DataError: it is not on this machine, or damaged; or it has not as many images any more as
            when the run was trained.
    """
    import torch

    from cnnlab.inference.split_images import split_images

    images = split_images(home, trained, split)
    trained = _computing_as_it_was_trained(trained)
    true, predicted, confidence = [], [], []
    with torch.inference_mode():
        for batch, labels in images.batches():
            logits = trained.logits(batch)
            answers = logits.argmax(1, keepdim=True)
            predicted.append(answers.squeeze(1))
            confidence.append(logits.softmax(1).gather(1, answers).squeeze(1))
            true.append(labels)
    return Predictions(
        trained.images.classes,
        images.indices.numpy(),
        torch.cat(true).cpu().numpy(),
        torch.cat(predicted).cpu().numpy(),
        torch.cat(confidence).double().cpu().numpy(),
        tuple(images.adaptation.in_words()),
    )


def _computing_as_it_was_trained(trained: TrainedModel) -> TrainedModel:
    """A compiled network rounds where its plain model does not, and the other way round."""
    import torch

    if not trained.config.training.compile:
        return trained
    return replace(trained, model=cast("torch.nn.Module", torch.compile(trained.model)))
