"""What a run will take, measured on a few of its real batches before it begins.

A fixed count says little on an unknown machine: threads, memory layout, augmentation and the size
of a batch decide. So some steps are taken, after a few that warm the machine up, and thrown away.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psutil
import torch
from torch import Tensor

from cnnlab.config.run import RunConfig
from cnnlab.data.store import Dataset
from cnnlab.errors import TrainingError
from cnnlab.training.assembly import Assembly, assemble
from cnnlab.training.evaluation import evaluation_batch
from cnnlab.training.progress import steps_in_epoch

_WARM_UP = 3
"""Steps that are taken before the clock starts; the first ones set up kernels and buffers."""
_MOST = 200
"""Most steps that are measured."""


@dataclass(frozen=True)
class Preflight:
    """What a run will take.

    Attributes:
        parameters, trainable: number of weights, and of those that train.
        flops: for one image, forward, with a multiply-add counted as two.
        seconds_per_epoch: training steps and one validation.
        memory_bytes: most memory in use on the device; on a CPU, what the process grew by.
        checkpoint_bytes: size of one checkpoint; a run keeps up to four, and one more while it
            writes; two when it is finished.
    """

    device: str
    device_name: str
    precision: str
    parameters: int
    trainable: int
    flops: int
    train_images: int
    validation_images: int
    steps_per_epoch: int
    images_per_second: float
    seconds_per_epoch: float
    memory_bytes: int
    checkpoint_bytes: int


def preflight(config: RunConfig, dataset: Dataset, *, seconds: float = 2.0) -> Preflight:
    """Builds a run and takes a few steps of it; nothing is written.

    Args:
        config: complete, with its seed drawn.
        dataset: the images that `config.data` names.
        seconds: time for the steps, and as much again at most for a few batches of validation.

    Raises:
        ConfigError, DataError: see `assemble`.
        TrainingError: a step does not fit into the device's memory.
    """
    before = psutil.Process().memory_info().rss
    try:
        parts = assemble(config, dataset)
        size, data = config.training.batch_size, parts.data
        steps = steps_in_epoch(len(data.train_indices), size)
        step_seconds = _timed(parts, _steps(parts, size), seconds)
        batch = evaluation_batch(data.shape, size)
        forward_seconds = _timed(parts, _forwards(parts, batch), seconds)
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            "A training step does not fit into the device's memory.",
            "Try a smaller training.batch_size.",
        ) from error
    checkpoint = _bytes_in(parts.state_dict())
    memory = psutil.Process().memory_info().rss - before
    if parts.hardware.device.type == "cuda":
        memory = torch.cuda.max_memory_allocated(parts.hardware.device)
    validation = forward_seconds * len(data.validation_indices) / batch
    return Preflight(
        device=str(parts.hardware.device),
        device_name=parts.hardware.name,
        precision=parts.hardware.precision_name,
        parameters=parts.summary.parameters,
        trainable=parts.summary.trainable,
        flops=parts.summary.flops,
        train_images=len(data.train_indices),
        validation_images=len(data.validation_indices),
        steps_per_epoch=steps,
        images_per_second=size / step_seconds,
        seconds_per_epoch=step_seconds * steps + validation,
        memory_bytes=max(memory, 0),
        checkpoint_bytes=checkpoint,
    )


def _steps(parts: Assembly, size: int) -> Iterator[None]:
    """Takes one training step after another."""
    for images, labels in parts.data.training.batches(
        _cycled(parts.data.train_indices, size), size
    ):
        parts.step(images, labels)
        yield


def _forwards(parts: Assembly, size: int) -> Iterator[None]:
    """Sends one batch of validation images after another through the network."""
    source, indices = parts.data.split("validation")
    parts.model.eval()
    for images, _ in source.batches(_cycled(indices, size), size):
        with torch.inference_mode():
            parts.logits(images)
        yield


def _cycled(indices: Tensor, size: int) -> Tensor:
    """Indices for all steps that may be measured, over and over where there are fewer images."""
    return indices[torch.arange((_WARM_UP + _MOST) * size) % len(indices)]


def _timed(parts: Assembly, steps: Iterable[None], seconds: float) -> float:
    """Seconds that one of the steps takes, without the first ones."""
    begun, count = 0.0, 0
    for number, _ in enumerate(steps, start=1 - _WARM_UP):
        if number == 0:
            _finish(parts)
            begun = time.perf_counter()
        elif number > 0:
            count = number
            if time.perf_counter() - begun > seconds:
                break
    _finish(parts)
    return (time.perf_counter() - begun) / count


def _finish(parts: Assembly) -> None:
    """Waits for what the device still computes."""
    if parts.hardware.device.type == "cuda":
        torch.cuda.synchronize(parts.hardware.device)


def _bytes_in(state: Any) -> int:
    """Bytes of all tensors in nested tables."""
    if isinstance(state, Tensor):
        return state.nbytes
    if isinstance(state, dict):
        return sum(map(_bytes_in, state.values()))
    if isinstance(state, list | tuple):
        return sum(map(_bytes_in, state))
    return 0
