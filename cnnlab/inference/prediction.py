"""What a trained model says of image files.

A file is decoded as an import with `--size` does it: scaled to cover the size of the run's images
and cut at its centre, grey or in colours as they are. Then it goes the way of the run's own
images. A file that is no image is told, and the others go on.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from cnnlab.data.image_decoding import Decoded, Larger, decode, with_channels
from cnnlab.data.image_folders import in_parallel
from cnnlab.data.memory import check_fits
from cnnlab.errors import CheckpointError, DataError
from cnnlab.inference.trained import TrainedModel
from cnnlab.progress import Progress, silent
from cnnlab.training.evaluation import evaluation_batch

_LARGE_FILE = 2**26
"""Bytes; whether a larger file fits into memory is asked before it is read."""


@dataclass(frozen=True)
class Answer:
    """A class, and the softmax of its logit."""

    label: str
    confidence: float


@dataclass(frozen=True)
class Prediction:
    """What was made of a file: the likeliest classes, best first, or why it could not be read."""

    file: str
    top: tuple[Answer, ...]
    error: str = ""


def predict(
    trained: TrainedModel,
    files: Sequence[Path],
    *,
    top: int = 1,
    invert: bool = False,
    progress: Progress = silent,
) -> Iterator[Prediction]:
    """Classifies image files, in their order.

    Args:
        top: how many classes to name of each; all where there are fewer.
        invert: whether black becomes white before.

    Raises:
        CheckpointError: the model's outputs are not numbers.
    """
    size = evaluation_batch(trained.images.shape, trained.config.training.batch_size)
    read = in_parallel(partial(_read, trained=trained), ((str(path), path) for path in files))
    with warnings.catch_warnings():
        # Set here and not where it decodes: the filters are shared by all threads.
        warnings.simplefilter("ignore")  # what Pillow remarks about damaged files
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        done = 0
        for batch in _chunks(read, size):
            yield from _classified(trained, batch, top, invert)
            done += len(batch)
            progress("classifying", done, len(files))


Read = tuple[str, "np.ndarray | str"]
"""A file with its pixels, uint8 (C, H, W), or with why there are none."""


def _chunks(items: Iterable[Read], size: int) -> Iterator[list[Read]]:
    chunk: list[Read] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _read(path: Path, trained: TrainedModel) -> np.ndarray | str:
    channels, height, width = trained.images.stored_shape
    try:
        if not path.is_file():
            return "it is no file" if path.exists() else "there is no such file"
        size = path.stat().st_size
        if size > _LARGE_FILE:
            check_fits(str(path), size, "")
        content = path.read_bytes()
    except OSError as error:
        return error.strerror or str(error)
    except DataError as error:
        return error.message
    image = decode(content, (height, width))
    if isinstance(image, Decoded):
        return with_channels(image.pixels, channels)
    return "it is too large" if isinstance(image, Larger) else image.reason


def _classified(
    trained: TrainedModel, batch: Sequence[Read], top: int, invert: bool
) -> Iterator[Prediction]:
    pixels = [result for _, result in batch if not isinstance(result, str)]
    answers = iter(_answers(trained, np.stack(pixels), top, invert) if pixels else [])
    for file, result in batch:
        if isinstance(result, str):
            yield Prediction(file, (), result)
        else:
            yield Prediction(file, next(answers))


def _answers(
    trained: TrainedModel, pixels: np.ndarray, top: int, invert: bool
) -> list[tuple[Answer, ...]]:
    """The likeliest classes of each image, best first."""
    classes = trained.images.classes
    images = torch.from_numpy(255 - pixels if invert else pixels).to(trained.hardware.device)
    with torch.inference_mode():
        confidences = trained.logits(images).softmax(1)
        best = confidences.topk(min(top, len(classes)), dim=1)
    if not bool(confidences.isfinite().all()):
        run = trained.run
        raise CheckpointError(
            f"The {trained.checkpoint.kind} checkpoint of the run {run.name} ({run.id}) gives no "
            "numbers: its training diverged.",
            "Use another checkpoint (--checkpoint), or another run.",
        )
    return [
        tuple(Answer(classes[label], sure) for label, sure in zip(labels, values, strict=True))
        for labels, values in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
