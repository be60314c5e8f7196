"""Whether an exported model does what the original does: compared on real images, or refused.

What is compared is float32 on the CPU on both sides, in batches of several sizes, so that a model
that took over the size of its example batch is found out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cnnlab.data import library, store
from cnnlab.errors import CheckpointError, CnnlabError, ConfigError, DataError
from cnnlab.home import Home
from cnnlab.inference.adaptation import Adaptation
from cnnlab.inference.deployed import Deployed
from cnnlab.inference.trained import TrainedModel
from cnnlab.progress import Progress

MOST_IMAGES, FEWEST_IMAGES = 256, 16
TOLERANCE = 1e-4
"""Largest difference of logits, as a share of the largest logit (or of 1)."""

_MOST_OPERATIONS = 5e11
"""Of one pass over the images; fewer images of a large model are enough."""
_BATCHES = (1, 7, 32)
"""Sizes of the first batches; the last one is that of all others too."""
_MOST_STEPS = 1.0
"""Mean difference of resized pixels, in steps of 255. Rounding makes it about a quarter."""

_NO_TEST_IMAGES = "This machine has no test images of the run's data set that fit the model."

Forward = Callable[[Tensor], Tensor]
"""Float images (N, C, H, W) with values in [0, 1] to logits (N, classes)."""


@dataclass(frozen=True)
class Check:
    """A comparison that was passed.

    Attributes:
        images: how many were compared.
        dataset: whose test images they are; empty for random images.
        remarks: how these images came about, where they are not the run's own; a sentence each.
        largest: largest difference of two logits.
        alike: images for which both give the same class.
        steps: mean difference of resized pixels from the run's, in steps of 255; None where
            nothing is resized.
    """

    images: int
    dataset: str
    remarks: tuple[str, ...]
    largest: float
    alike: int
    steps: float | None

    def in_words(self) -> list[str]:
        """What a user should know, a line each."""
        kind = f"test images of {self.dataset}" if self.dataset else "random images alone"
        alike = "all" if self.alike == self.images else f"{self.alike} of {self.images}"
        lines = [
            *self.remarks,
            f"Checked against the original on {self.images} {kind}: largest difference of logits "
            f"{self.largest:.1e}, {alike} predictions alike.",
        ]
        if self.steps is not None:
            lines.append(
                f"It resizes images itself, to pixels that differ from the run's by "
                f"{self.steps:.2f} steps of 255 on average, since these are rounded."
            )
        return lines


@dataclass
class _Tally:
    """What batches of images told.

    Attributes:
        images: how many there were.
        alike: for how many of them both models give the same class.
        largest: largest difference of two logits.
        scale: largest logit of the original.
        steps: differences of resized pixels in steps of 255, a mean for each image, summed.
    """

    images: int = 0
    alike: int = 0
    largest: float = 0
    scale: float = 0
    steps: float = 0

    def add(
        self, trained: TrainedModel, deployed: Deployed, forward: Forward, batch: Tensor
    ) -> None:
        """Lets both models answer to images, uint8 (N, C, H, W).

        Raises:
            CnnlabError: the answers have another shape.
        """
        floats = batch.float() / 255
        original = trained.model(trained.inputs(batch))
        expected = deployed(floats) if trained.images.is_resized else original
        answers = forward(floats)
        if answers.shape != expected.shape:
            raise _differs(f"it gives {tuple(answers.shape)}, not {tuple(expected.shape)}")
        self.largest = max(self.largest, _largest(answers - expected))
        self.scale = max(self.scale, _largest(expected))
        self.alike += int((answers.argmax(1) == original.argmax(1)).sum())
        steps = (deployed.seen(floats) * 255 - trained.seen(batch)).abs()
        self.steps += float(steps.mean()) * len(batch)
        self.images += len(batch)


def check(
    home: Home, trained: TrainedModel, deployed: Deployed, forward: Forward, progress: Progress
) -> Check:
    """Compares an exported model with the original.

    Args:
        trained: the original, on the CPU.
        deployed: what was exported.
        forward: the exported model, as it was read back from its file.

    Raises:
        CnnlabError: they differ.
        CheckpointError: the original's outputs are not finite, so nothing can be compared.
    """
    sample = _sample(home, trained)
    tally = _Tally()
    with torch.inference_mode():
        for batch in _batches(sample.images):
            tally.add(trained, deployed, forward, batch)
            progress("checking", tally.images, len(sample.images))
    mean = tally.steps / tally.images
    _require_alike(trained, tally, mean)
    steps = mean if trained.images.is_resized else None
    return Check(tally.images, sample.dataset, sample.remarks, tally.largest, tally.alike, steps)


def _require_alike(trained: TrainedModel, tally: _Tally, steps: float) -> None:
    if not math.isfinite(tally.scale):
        raise CheckpointError(
            f"The model of the run {trained.run.name} ({trained.run.id}) gives outputs that are "
            "not finite, so an export cannot be checked.",
            "Export the weights alone (safetensors), or another checkpoint.",
        )
    allowed = TOLERANCE * max(1.0, tally.scale)
    if not tally.largest <= allowed:
        raise _differs(
            f"logits differ by up to {tally.largest:.1e} on {tally.images} images, "
            f"where {allowed:.1e} is allowed"
        )
    if steps > _MOST_STEPS:
        raise _differs(f"resized pixels differ by {steps:.1f} steps of 255 on average")


def _largest(values: Tensor) -> float:
    """The largest absolute value; infinite where one is not a number."""
    return float(values.abs().nan_to_num(math.inf, math.inf).max())


def _differs(how: str) -> CnnlabError:
    return CnnlabError(
        f"The exported model is not the original: {how}. Nothing was written.",
        "The format safetensors holds the weights as they are.",
    )


def _batches(images: Tensor) -> Iterator[Tensor]:
    begin, sizes = 0, iter(_BATCHES)
    while begin < len(images):
        size = next(sizes, _BATCHES[-1])
        yield images[begin : begin + size]
        begin += size


@dataclass(frozen=True, eq=False)
class _Sample:
    """Images uint8 (N, C, H, W) of the run's stored size; for the others see `Check`."""

    images: Tensor
    dataset: str
    remarks: tuple[str, ...]


def _sample(home: Home, trained: TrainedModel) -> _Sample:
    """Images spread over the run's test split; random ones where it has none that fit.

    Those of a data set that was imported again in another size are brought to the run's.
    """
    shape = trained.images.stored_shape
    affordable = int(_MOST_OPERATIONS // max(1, trained.run.flops or 1))
    count = min(MOST_IMAGES, max(FEWEST_IMAGES, affordable))
    name = trained.config.data.name
    try:
        info = library.info(home, name)
        adaptation = Adaptation(info.shape, shape)
        places = np.linspace(0, info.test_images - 1, min(count, info.test_images))
        chosen = places.round().astype(int).tolist()
        picked: store.Images | None = store.pick(store.dataset_path(home, name), "test", chosen)
    except (ConfigError, DataError):
        picked = None
    if picked is not None and len(picked):
        images = adaptation(torch.from_numpy(picked))
        return _Sample(images, name, tuple(adaptation.in_words()))
    drawn = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=drawn)
    return _Sample(images, "", (_NO_TEST_IMAGES,))
