"""A model as it is used outside cnnlab: float images in, logits out, everything else inside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import cnnlab
from cnnlab.data.resizing import Interpolation, Size
from cnnlab.inference.trained import TrainedModel

INPUT, OUTPUT = "images", "logits"


class Deployed(nn.Module):
    """Maps float32 images (N, C, H, W) with values in [0, 1] to logits (N, classes).

    H and W are those of the run's data set; where the run resized its images, so does the model.
    That is one matrix product for each axis, with the weights of torchvision's resize with
    antialiasing, so it needs no operation that a format may lack. The run rounds resized pixels to
    whole steps of 255; here they are not rounded.

    Args:
        trained: on the CPU; its model is used, not copied.
    """

    mean: Tensor
    std: Tensor
    rows: Tensor | None
    columns: Tensor | None

    def __init__(self, trained: TrainedModel) -> None:
        super().__init__()
        images = trained.images
        self.model = trained.model
        self.register_buffer("mean", torch.tensor(images.mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(images.std).view(-1, 1, 1))
        rows = columns = None
        if images.is_resized:
            rows, columns = resizing_matrices(
                images.stored_shape[1:], images.shape[1:], trained.config.data.interpolation
            )
        self.register_buffer("rows", rows)
        self.register_buffer("columns", columns)

    def seen(self, images: Tensor) -> Tensor:
        """The images (N, C, H, W) as the model sees them, in [0, 1]."""
        if self.rows is None or self.columns is None:
            return images
        # Bicubic goes beyond black and white at sharp edges.
        return (self.rows @ images @ self.columns).clamp(0, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, classes)."""
        output: Tensor = self.model((self.seen(images) - self.mean) / self.std)
        return output


def resizing_matrices(
    before: Size, after: Size, interpolation: Interpolation
) -> tuple[Tensor, Tensor]:
    """Matrices A (H', H) and B (W, W') so that A @ image @ B is an image resized with antialiasing.

    Resizing is linear in the pixels and separable, so resizing unit vectors tells its weights.
    """

    def weights(old: int, new: int) -> Tensor:
        ones = torch.eye(old, dtype=torch.float64).view(1, 1, old, old)
        resized = functional.interpolate(
            ones, (new, old), mode=interpolation, align_corners=False, antialias=True
        )
        return resized.view(new, old).float()

    return weights(before[0], after[0]), weights(before[1], after[1]).T.contiguous()


@dataclass(frozen=True)
class Description:
    """What a file with a model says of it: texts, each of them JSON in plain ASCII.

    So class names come back unchanged whatever they hold, from any format.
    """

    values: Mapping[str, str]

    def as_json(self) -> str:
        """All of it as one JSON object, nested."""
        return json.dumps({key: json.loads(text) for key, text in self.values.items()})

    @classmethod
    def of(cls, trained: TrainedModel, shape: tuple[int, int, int], *, ready: bool) -> Description:
        """Describes a model.

        Args:
            shape: channels, height and width of the images that go into it.
            ready: whether it normalises its input itself, so that images in [0, 1] go in.
        """
        run, checkpoint, images = trained.run, trained.checkpoint, trained.images
        values: dict[str, Any] = {
            "cnnlab": cnnlab.__version__,
            "run": {"id": run.id, "name": run.name},
            "checkpoint": {
                "kind": checkpoint.kind, "epoch": checkpoint.epoch, "step": checkpoint.step,
                "sha256": checkpoint.sha256,
            },
            "classes": list(images.classes),
            "input": {
                "dtype": "float32",
                "shape": ["N", *shape],
                "values": "pixels in [0, 1]" if ready else "(pixels in [0, 1] - mean) / std",
            },
            "output": "logits (N, classes); their softmax gives confidences",
            "mean": list(images.mean),
            "std": list(images.std),
            "config": run.config,
        }  # fmt: skip
        return cls({name: json.dumps(value) for name, value in values.items()})
