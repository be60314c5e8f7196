"""A trained model, put together from a checkpoint: ready to classify, evaluate or be exported.

No data set is needed: a checkpoint says what its classes are and how images become its input. The
first ones that cnnlab wrote do not; then the data set on this machine, or what is known of it,
tells.

No random number is drawn, so a process that trains may load models beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor, nn

from cnnlab.config.run import RunConfig, TrainingConfig
from cnnlab.config.validation import validate
from cnnlab.data import library
from cnnlab.data.batches import Normalize
from cnnlab.data.catalog import KNOWN
from cnnlab.data.image_format import ImageFormat, image_format
from cnnlab.data.resizing import Resize
from cnnlab.errors import CheckpointError
from cnnlab.events import CheckpointKind
from cnnlab.history.queries import Reader
from cnnlab.history.records import CheckpointRecord, RunRecord
from cnnlab.history.resumption import checkpoint_file
from cnnlab.home import Home
from cnnlab.models.build import outline_model
from cnnlab.training.checkpoints import load_checkpoint
from cnnlab.training.device import Hardware, choose_hardware


@dataclass(frozen=True, eq=False)
class SavedState:
    """A checkpoint that was read: whose it is, which, and what is in it."""

    run: RunRecord
    checkpoint: CheckpointRecord
    state: dict[str, Any]


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A model in evaluation mode on its device, with all that turns an image into an answer.

    Attributes:
        run: the run that trained it.
        checkpoint: whose weights it has.
        config: that of the run.
        images: classes, shapes and normalisation.
        model: maps what `inputs` gives to logits.
        hardware: where and how it computes.
        loss: state of the loss function; None in a checkpoint that does not hold it.
    """

    run: RunRecord
    checkpoint: CheckpointRecord
    config: RunConfig
    images: ImageFormat
    model: nn.Module
    hardware: Hardware
    loss: Mapping[str, Tensor] | None

    @property
    def kind(self) -> CheckpointKind:
        """Whether its weights are those of the best or of the last checkpoint."""
        return "best" if self.checkpoint.kind == "best" else "last"

    @cached_property
    def _normalize(self) -> Normalize:
        hardware = self.hardware
        return Normalize(self.images.mean, self.images.std, hardware.device, hardware.memory_format)

    @cached_property
    def _resize(self) -> Resize | None:
        if not self.images.is_resized:
            return None
        return Resize(self.images.shape[1:], self.config.data.interpolation)

    def seen(self, images: Tensor) -> Tensor:
        """Images uint8 (N, C, H, W) of the stored size, resized as the model sees them; uint8."""
        return images if self._resize is None else self._resize(images)

    def inputs(self, images: Tensor) -> Tensor:
        """The model's input, float32, for images uint8 (N, C, H, W) of the stored size."""
        return self._normalize(self.seen(images))

    def logits(self, images: Tensor) -> Tensor:
        """The model's output, float32 (N, classes), as the run computed it.

        Args:
            images: uint8 (N, C, H, W) of the stored size, on the model's device.
        """
        inputs = self.inputs(images)
        with self.hardware.autocast():
            output: Tensor = self.model(inputs)
        return output.float()


def load_trained(
    home: Home, run_id: str, checkpoint: CheckpointKind = "best", *, device: str | None = "auto"
) -> TrainedModel:
    """Puts the model of a run together, with the weights of a checkpoint.

    Args:
        device: where it shall compute, as `training.device` has it; None for the run's own choice.

    Raises:
        ConfigError: there is no such run, or this machine lacks the device.
        CheckpointError: the run has no such checkpoint; the file is absent or damaged; or it is
            too old to say its classes, and nothing else tells.
    """
    saved = read_saved(home, run_id, checkpoint)
    config = validate(RunConfig, saved.run.config)
    training = config.training
    if device is not None:
        training = validate(TrainingConfig, {**training.model_dump(), "device": device})
    hardware = choose_hardware(training)
    images = _images(home, saved, config)
    model = outline_model(config.model, images.shape, len(images.classes))
    try:
        # The outline takes over the tensors themselves: no weights are drawn to be thrown away.
        model.load_state_dict(saved.state["model"], assign=True)
    except (RuntimeError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"The {checkpoint} checkpoint of the run {saved.run.name} ({run_id}) does not fit its "
            f"model {config.model.name} with {len(images.classes)} classes.",
            "The run's data set may have been replaced by one with other classes.",
        ) from error
    model.eval().requires_grad_(False)
    model.to(hardware.device).to(memory_format=hardware.memory_format)
    return TrainedModel(
        saved.run, saved.checkpoint, config, images, model, hardware, saved.state.get("loss")
    )


def read_saved(home: Home, run_id: str, kind: CheckpointKind) -> SavedState:
    """Reads a checkpoint of a run, which may be under way.

    Raises:
        ConfigError: there is no such run.
        CheckpointError: it has no such checkpoint, or the file is absent or damaged.
    """
    tried: CheckpointRecord | None = None
    while True:
        with Reader(home) as reader:
            run = reader.run(run_id)
            kept = reader.checkpoint(run, kind)
        try:
            state = load_checkpoint(checkpoint_file(home, run_id, kept), kept.sha256)
        except CheckpointError:
            # A run under way replaces its checkpoints: there may be another one by now.
            if kept == tried:
                raise
            tried = kept
        else:
            return SavedState(run, kept, state)


def _images(home: Home, saved: SavedState, config: RunConfig) -> ImageFormat:
    """What the checkpoint says of its images; of an older one, what its data set says."""
    state = saved.state.get("images")
    if state is not None:
        try:
            return ImageFormat.from_state(state)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"What the {saved.checkpoint.kind} checkpoint of the run {saved.run.name} "
                f"({saved.run.id}) says of its images cannot be read.",
                "It was not written by cnnlab.",
            ) from error
    name = config.data.name
    if name in library.present(home):
        return image_format(library.info(home, name), config.data)
    if name in KNOWN:
        return image_format(KNOWN[name], config.data)
    raise CheckpointError(
        f"The checkpoints of the run {saved.run.name} ({saved.run.id}) are of an older cnnlab: "
        f"they do not say their classes, and the data set {name} is not on this machine.",
        f"Bring its images: `cnnlab data import {name} PATH`.",
    )
