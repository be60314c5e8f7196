"""Everything a run is made of, built from its config; and its state, for checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

import cnnlab
from cnnlab.config.run import RunConfig
from cnnlab.data.augmentation import Augmentation, build_augmentations
from cnnlab.data.prepared import PreparedData, prepare_data
from cnnlab.data.store import Dataset
from cnnlab.errors import CheckpointError
from cnnlab.models.build import build_model
from cnnlab.models.inspection import ModelSummary, inspect_model
from cnnlab.models.weights import LoadedWeights, load_weights
from cnnlab.training.device import Hardware, choose_hardware, choose_residence
from cnnlab.training.fine_tuning import Tuned, fine_tune
from cnnlab.training.fitting import require_trainable_on_one
from cnnlab.training.losses import build_loss
from cnnlab.training.optimizers import build_optimizer
from cnnlab.training.progress import steps_in_epoch
from cnnlab.training.schedules import Schedule, build_schedule


@dataclass
class Assembly:
    """The parts of a run, on the device.

    `network` is the model, compiled if the config says so; it shares the model's weights.
    `tuned` says which of its parts train; `weights` where they came from, if they are not fresh.
    """

    config: RunConfig
    hardware: Hardware
    data: PreparedData
    model: nn.Module
    network: Callable[[Tensor], Tensor]
    summary: ModelSummary
    tuned: Tuned
    weights: LoadedWeights | None
    optimizer: Optimizer
    schedule: Schedule
    loss_function: nn.Module
    augmentations: list[Augmentation]
    order_generator: torch.Generator
    augmentation_generator: torch.Generator

    def logits(self, images: Tensor) -> Tensor:
        """The network's output (N, classes) for uint8 images (N, C, H, W)."""
        with self.hardware.autocast():
            return self.network(self.data.normalize(images))

    def step(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Updates the weights once.

        Args:
            images: uint8 (N, C, H, W), on the device.
            labels: int64 (N,).

        Returns:
            Mean loss, and number of correct answers; both stay on the device.
        """
        self.tuned.begin_training()
        for augmentation in self.augmentations:
            images = augmentation(images, self.augmentation_generator)
        logits = self.logits(images).float()
        loss = self.loss_function(logits, labels)
        loss.backward()
        self.schedule.begin_step()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.detach(), (logits.detach().argmax(1) == labels).sum()

    def state_dict(self) -> dict[str, Any]:
        """Weights, optimizer, schedule and random states: plain values and tensors."""
        device = self.hardware.device
        return {
            "cnnlab": cnnlab.__version__,
            "torch": str(torch.__version__),
            "config": self.config.model_dump_json(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            # What the model can be used with where the data set is not.
            "images": self.data.images.as_state(),
            "loss": self.loss_function.state_dict(),
            "random": {
                "cpu": torch.get_rng_state(),
                "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
                "order": self.order_generator.get_state(),
                "augmentation": self.augmentation_generator.get_state(),
            },
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes over a state.

        Raises:
            CheckpointError: the state belongs to a run with another config.
        """
        if RunConfig.model_validate_json(state["config"]) != self.config:
            raise CheckpointError(
                "The checkpoint belongs to a run with another config.",
                "Go on with the config that is stored with it.",
            )
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        random = state["random"]
        torch.set_rng_state(random["cpu"])
        if random["cuda"] is not None and self.hardware.device.type == "cuda":
            torch.cuda.set_rng_state(random["cuda"], self.hardware.device)
        self.order_generator.set_state(random["order"])
        self.augmentation_generator.set_state(random["augmentation"])


def assemble(config: RunConfig, dataset: Dataset, *, pretrained: bool = True) -> Assembly:
    """Builds all parts of a run; the config's seed fixes the weights that are fresh.

    Args:
        pretrained: whether to load the pretrained weights that the config names; a run that goes
            on from a checkpoint has its weights there and needs no other file.

    Raises:
        DataError: the pretrained weights cannot be downloaded or read.
        ConfigError: the model or the loss does not fit the images, or the machine lacks the
            device.
    """
    seed = config.training.seed
    if seed is None:
        raise ValueError("the seed of a run is drawn before it is built")
    hardware = choose_hardware(config.training)
    device = hardware.device
    needed = dataset.train_images.nbytes + dataset.test_images.nbytes
    residence = choose_residence(config, needed, device)
    data = prepare_data(dataset, config.data, seed, residence, device, hardware.memory_format)
    train_labels = data.training.labels.cpu()[data.train_indices]
    torch.manual_seed(seed)
    model = build_model(config.model, data.shape, len(data.classes))
    weights = load_weights(model, config.model) if pretrained else None
    model.to(device).to(memory_format=hardware.memory_format)
    tuned = fine_tune(model, config.fine_tuning)
    if config.training.batch_size == 1:
        require_trainable_on_one(config.model, data.shape, len(data.classes))
    summary = inspect_model(model, data.shape)
    optimizer = build_optimizer(config.optimizer, tuned.groups)
    return Assembly(
        config=config,
        hardware=hardware,
        data=data,
        model=model,
        network=torch.compile(model) if config.training.compile else model,
        summary=summary,
        tuned=tuned,
        weights=weights,
        optimizer=optimizer,
        schedule=build_schedule(
            config.schedule,
            optimizer,
            config.training.epochs,
            steps_in_epoch(len(data.train_indices), config.training.batch_size),
        ),
        loss_function=build_loss(config.loss, train_labels, data.classes).to(device),
        augmentations=build_augmentations(config.augmentation),
        order_generator=torch.Generator().manual_seed(seed),
        augmentation_generator=torch.Generator(device).manual_seed(seed),
    )
