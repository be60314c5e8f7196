"""What a finished model says of each image: its class, and how sure it is.

The history keeps a confusion matrix of each split, which counts images and does not name them.
Here the checkpoint classifies the split again, put together as the run was: the same validation
images, normalisation, arithmetic and batches. On the machine that trained the run the counts are
those of the history; on another one the last bits of floating-point sums may differ, and so may
an image that lies between two classes. `Predictions.confusion` tells.

torch's global random state is drawn from while a model is built. So a process that trains must
not call this: the screens ask `cnnlab runs mistakes` in a process of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnlab.errors import CheckpointError
from cnnlab.events import CheckpointKind, Split
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.history.resumption import checkpoint_file
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.training.assembly import Assembly

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Predictions:
    """The images of one split as a model sees them; all arrays have one entry an image.

    Attributes:
        classes: names, in the order of the labels.
        index: places among the stored images: the training ones for `train` and `validation`.
        true: labels.
        predicted: labels that the model gives.
        confidence: the softmax of the label given, in [0, 1]; float64.
    """

    classes: tuple[str, ...]
    index: Indices
    true: Indices
    predicted: Indices
    confidence: NDArray[np.float64]

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


def predictions(home: Home, run_id: str, checkpoint: CheckpointKind, split: Split) -> Predictions:
    """Classifies the images of a split with a checkpoint of a run.

    Raises:
        ConfigError: there is no such run, or this machine lacks its device.
        DataError: its data set is not on this machine, or damaged.
        CheckpointError: the run has no such checkpoint, or the file is absent or damaged.
    """
    from cnnlab.config.run import RunConfig
    from cnnlab.config.validation import validate
    from cnnlab.data import library
    from cnnlab.training.assembly import assemble
    from cnnlab.training.checkpoints import load_checkpoint

    with Reader(home) as reader:
        run = reader.run(run_id)
        held = reader.checkpoints([run_id])[run_id]
    kept = next((one for one in held if one.kind == checkpoint), None)
    if kept is None:
        raise _no_checkpoint(run, checkpoint)
    state = load_checkpoint(checkpoint_file(home, run_id, kept), kept.sha256)
    dataset = library.require(home, run.dataset)
    parts = assemble(validate(RunConfig, run.config), dataset, pretrained=False)
    parts.model.load_state_dict(state["model"])
    return _classify(parts, split)


def _no_checkpoint(run: RunRecord, kind: CheckpointKind) -> CheckpointError:
    return CheckpointError(
        f"The run {run.name} ({run.id}) has no {kind} checkpoint.",
        f"See `cnnlab runs show {run.id}`.",
    )


def _classify(parts: Assembly, split: Split) -> Predictions:
    import torch

    from cnnlab.training.evaluation import evaluation_batch

    parts.model.eval()
    source, indices = parts.data.split(split)
    size = evaluation_batch(parts.data.shape, parts.config.training.batch_size)
    true, predicted, confidence = [], [], []
    with torch.inference_mode():
        for images, labels in source.batches(indices, size):
            logits = parts.logits(images).float()
            answers = logits.argmax(1, keepdim=True)
            predicted.append(answers.squeeze(1))
            confidence.append(logits.softmax(1).gather(1, answers).squeeze(1))
            true.append(labels)
        return Predictions(
            parts.data.classes,
            indices.numpy(),
            torch.cat(true).cpu().numpy(),
            torch.cat(predicted).cpu().numpy(),
            torch.cat(confidence).double().cpu().numpy(),
        )
