"""Images per second: the script everyone writes, cnnlab's engine, and the bound.

Three ways to train the same network with the same batches, interleaved in one process:

* script: torchvision-style data set, per-image transforms, DataLoader, `.item()` at each step
* cnnlab: the engine as `cnnlab run` uses it, events drained
* bound: one batch that is already there, again and again; no data work at all

Run it with ``python tests/benchmarks/engine.py``; it prints the median over the rounds and the
ratios. Whole data sets are used where they are in the home, else the shipped digits.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision import transforms

from cnnlab.config.run import RunConfig
from cnnlab.data import library
from cnnlab.data.store import Dataset
from cnnlab.errors import DataError
from cnnlab.events import EpochFinished
from cnnlab.home import Home
from cnnlab.training.assembly import Assembly, assemble
from cnnlab.training.trainer import Trainer

CASES: dict[str, dict[str, Any]] = {
    "LeNet, grey, plain": {
        "data": {"name": "mnist"},
        "model": {"name": "lenet"},
    },
    "LeNet, grey, crop": {
        "data": {"name": "mnist"},
        "model": {"name": "lenet"},
        "augmentation": [{"name": "random-crop", "padding": 2}],
    },
    "simple CNN, colour, crop and flip": {
        "data": {"name": "cifar10"},
        "model": {"name": "simple-cnn"},
        "augmentation": [{"name": "random-crop"}, {"name": "horizontal-flip"}],
    },
}


class ScriptImages(torch.utils.data.Dataset[tuple[Tensor, int]]):
    """What torchvision's MNIST and CIFAR-10 classes do for each image."""

    def __init__(self, dataset: Dataset, config: RunConfig) -> None:
        info = dataset.info
        self.images = np.ascontiguousarray(dataset.train_images.transpose(0, 2, 3, 1).squeeze())
        self.labels = dataset.train_labels
        steps: list[Callable[[Any], Any]] = []
        for augmentation in config.augmentation:
            if augmentation.name == "random-crop":
                steps.append(transforms.RandomCrop(info.shape[1:], augmentation.padding))
            else:
                steps.append(transforms.RandomHorizontalFlip())
        steps += [transforms.ToTensor(), transforms.Normalize(info.mean, info.std)]
        self.transform = transforms.Compose(steps)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.images[index])), int(self.labels[index])


def script_speed(dataset: Dataset, config: RunConfig, workers: int, fresh: Assembly) -> float:
    """An epoch of the plain script: contiguous images, an optimizer as everyone makes it."""
    device = fresh.hardware.device
    model = fresh.model.to(memory_format=torch.contiguous_format)
    optimizer = config.optimizer.load()(model.parameters(), **config.optimizer.parameters())
    criterion = nn.CrossEntropyLoss()
    images = ScriptImages(dataset, config)
    loader = DataLoader(
        images, batch_size=config.training.batch_size, shuffle=True, num_workers=workers
    )
    model.train()
    total_loss, correct, seen = 0.0, 0, 0
    started = time.perf_counter()
    for batch in loader:
        inputs, targets = (part.to(device) for part in batch)
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        total_loss += loss.item()
        correct += (outputs.argmax(1) == targets).sum().item()
        seen += len(targets)
    return seen / (time.perf_counter() - started)


def cnnlab_speed(dataset: Dataset, config: RunConfig) -> float:
    """An epoch of the engine, its validation not counted."""
    with tempfile.TemporaryDirectory() as folder:
        for event in Trainer(config, dataset, Path(folder)).train():
            if isinstance(event, EpochFinished):
                return event.images_per_second
    raise RuntimeError("the run ended before its first epoch did")


def bound_speed(dataset: Dataset, config: RunConfig, steps: int) -> float:
    """The same training step on one batch that lies ready."""
    parts = assemble(config, dataset)
    source, indices = parts.data.split("train")
    size = config.training.batch_size
    images, labels = next(iter(source.batches(indices[:size], size)))
    ready = parts.data.normalize(images)
    parts.model.train()

    def step() -> None:
        with parts.hardware.autocast():
            logits = parts.network(ready)
        parts.loss_function(logits.float(), labels).backward()
        parts.optimizer.step()
        parts.optimizer.zero_grad(set_to_none=True)

    for _ in range(5):
        step()
    wait(parts.hardware.device)
    started = time.perf_counter()
    for _ in range(steps):
        step()
    wait(parts.hardware.device)
    return steps * size / (time.perf_counter() - started)


def wait(device: torch.device) -> None:
    """Waits until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def load(home: Home, name: str, images: int) -> Dataset:
    """The first images of a data set; the shipped digits where it is absent."""
    try:
        dataset = library.require(home, name)
    except DataError as error:
        print(f"{error.message} The shipped digits stand in for it.")
        dataset = library.require(home, "mnist-5k")
    return dataclasses.replace(
        dataset,
        train_images=dataset.train_images[:images],
        train_labels=dataset.train_labels[:images],
        test_images=dataset.test_images[:500],
        test_labels=dataset.test_labels[:500],
    )


def main() -> None:
    """Prints one row a case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=6500, help="training images a round")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--workers", type=int, default=0, help="DataLoader workers of the script")
    options = parser.parse_args()
    home = Home.from_environment()
    print(f"torch {torch.__version__}, device {options.device}, batch {options.batch_size}")
    print(
        f"{'case':36}{'script':>9}{'cnnlab':>9}{'bound':>9}{'cnnlab/script':>15}{'cnnlab/bound':>14}"
    )
    for title, tables in CASES.items():
        settings = {
            "epochs": 1,
            "batch_size": options.batch_size,
            "seed": 0,
            "device": options.device,
        }
        config = RunConfig.model_validate(
            {**tables, "data": {**tables["data"], "validation": 500}, "training": settings}
        )
        dataset = load(home, config.data.name, options.images)
        rounds = []
        for _ in range(options.rounds):
            script = script_speed(dataset, config, options.workers, assemble(config, dataset))
            engine = cnnlab_speed(dataset, config)
            bound = bound_speed(dataset, config, steps=len(dataset.train_images) // 128)
            rounds.append((script, engine, bound))
        script, engine, bound = (statistics.median(column) for column in zip(*rounds, strict=True))
        to_script = statistics.median(e / s for s, e, _ in rounds)
        to_bound = statistics.median(e / b for _, e, b in rounds)
        print(
            f"{title:36}{script:9,.0f}{engine:9,.0f}{bound:9,.0f}{to_script:14.1f}x{to_bound:13.0%}"
        )


if __name__ == "__main__":
    main()
