"""From a run to a file with its whole model, which takes images and was compared with the run's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from cnnlab.home import Home
from cnnlab.inference.checking import Forward, check
from cnnlab.inference.deployed import Deployed, Description
from cnnlab.inference.trained import TrainedModel
from cnnlab.progress import Progress

Save = Callable[[Deployed, Tensor, Description, Path], Forward]
"""Writes a model to a path; gives it back as it is read from there. It gets example images too."""


def convert(
    home: Home, trained: TrainedModel, save: Save, path: Path, progress: Progress
) -> list[str]:
    """Writes a model that takes images in [0, 1], and compares it with the original.

    Args:
        trained: on the CPU.

    Returns:
        What a user should know, a line each.

    Raises:
        CnnlabError: the file does not answer as the original does, or the format cannot hold it.
        OSError: it cannot be written.
    """
    progress("converting the model", 0, None)
    deployed = Deployed(trained).eval()
    shape = trained.images.stored_shape
    about = Description.of(trained, shape, ready=True)
    # Two images: exporters take a batch of one for a fixed size.
    forward = save(deployed, torch.zeros(2, *shape), about, path)
    told = check(home, trained, deployed, forward, progress).in_words()
    if trained.run.precision == "bfloat16":
        told.append(
            "The run computed in bfloat16; this model computes in float32, so an image between "
            "two classes may be taken for the other one."
        )
    sizes = ", ".join(map(str, shape))
    told.append(
        f"Input: float32 images (N, {sizes}) with values from 0 to 1; the normalisation is inside. "
        "Output: logits; their softmax gives confidences."
    )
    return told
