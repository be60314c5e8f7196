"""The images of a split of any data set, as a trained model takes them and with its own labels.

Classes are told by their names, so a data set may have them in another order; images of another
size or kind are brought to the run's. The run's own data set is split as the run split it, and
refused where it has not as many images any more as when the run was trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cnnlab.amounts import listed
from cnnlab.data import library
from cnnlab.data.batches import DeviceImages, HostImages
from cnnlab.data.splits import cut_validation, validation_size
from cnnlab.data.store import Dataset
from cnnlab.errors import ConfigError, DataError
from cnnlab.events import Split
from cnnlab.history.records import RunRecord
from cnnlab.home import Home
from cnnlab.inference.adaptation import Adaptation
from cnnlab.inference.trained import TrainedModel
from cnnlab.progress import Progress, silent
from cnnlab.training.device import choose_residence
from cnnlab.training.evaluation import evaluation_batch

_MOST_NAMED = 5
"""Classes that an error names."""


@dataclass(frozen=True, eq=False)
class SplitImages:
    """The images of a split, for one model.

    Attributes:
        trained: whose labels and kind of images they get.
        dataset: what they are of.
        split: `validation` only of the run's own data set.
        indices: places among the test images for `test`, else among the training images; int64.
        labels: for each label of the data set the run's label of the same class; int64.
        adaptation: brings its images to the run's kind.
    """

    trained: TrainedModel
    dataset: Dataset
    split: Split
    indices: Tensor
    labels: Tensor
    adaptation: Adaptation

    def batches(self, progress: Progress = silent) -> Iterator[tuple[Tensor, Tensor]]:
        """Images uint8 (N, C, H, W) of the run's stored size and its labels, on its device.

        They come in the order of `indices`, in batches as an evaluation of the run takes them.
        """
        dataset, trained, test = self.dataset, self.trained, self.split == "test"
        images = dataset.test_images if test else dataset.train_images
        labels: np.ndarray = dataset.test_labels if test else dataset.train_labels
        device = trained.hardware.device
        on_device = choose_residence(trained.config, images.nbytes, device) == "device"
        place = DeviceImages if on_device else HostImages
        source = place(torch.from_numpy(images), torch.from_numpy(labels), device)
        size = evaluation_batch(trained.images.shape, trained.config.training.batch_size)
        own_labels = self.labels.to(device)
        done = 0
        for batch, theirs in source.batches(self.indices, size):
            yield self.adaptation(batch), own_labels[theirs]
            done += len(batch)
            progress("evaluating", done, len(self.indices))


def split_images(
    home: Home,
    trained: TrainedModel,
    split: Split,
    dataset_name: str = "",
    progress: Progress = silent,
) -> SplitImages:
    """Finds the images of a split.

    Args:
        split: of the run's own data set those of the run; of another one `test` or `train`, which
            is then all of its training images.
        dataset_name: empty for the run's own.

    Raises:
        ConfigError: there is no such data set; its classes or channels are others; or it has no
            such split.
        DataError: it is not on this machine or damaged; or it is the run's own, and has not as many
            images any more as when the run was trained.
    """
    own = trained.config.data.name
    name = dataset_name or own
    if split == "validation" and name != own:
        raise ConfigError(
            "Only the run's own data set has a validation split: it was cut from its training "
            f"images, with the run's seed. The run's own is {own}.",
            "Use --split test or --split train.",
        )
    dataset = library.require(home, name, progress)
    adaptation = Adaptation(dataset.info.shape, trained.images.stored_shape)
    labels = torch.tensor(_labels(name, dataset.info.classes, trained.images.classes))
    indices = own_indices(trained, dataset, split) if name == own else _all_indices(dataset, split)
    return SplitImages(trained, dataset, split, indices, labels, adaptation)


def _labels(name: str, theirs: Sequence[str], ours: Sequence[str]) -> list[int]:
    """For each label of a data set the run's label of the same class.

    Raises:
        ConfigError: the classes are not the same; or they have another order, and two of them one
            name.
    """
    if tuple(theirs) == tuple(ours):
        return list(range(len(ours)))
    if sorted(theirs) != sorted(ours):
        only_run = [one for one in ours if one not in theirs]
        only_data = [one for one in theirs if one not in ours]
        raise ConfigError(
            f"The classes of {name} are not those of the run: "
            + "; ".join(
                f"only {who} has {listed(names, _MOST_NAMED)}"
                for who, names in (("the run", only_run), (name, only_data))
                if names
            )
            + ".",
            f"See `cnnlab data show {name}`.",
        )
    twice = [one for one in set(ours) if ours.count(one) > 1]
    if twice:
        raise ConfigError(
            f"{name} has its classes in another order than the run, and more than one of them is "
            f"called {min(twice)!r}, so they cannot be told apart.",
            f"See `cnnlab data show {name}`.",
        )
    return [ours.index(one) for one in theirs]


def own_indices(trained: TrainedModel, dataset: Dataset, split: Split) -> Tensor:
    """Places of the images of a split of the run's own data set; see `SplitImages.indices`.

    Raises:
        DataError: it has not as many images any more as when the run was trained.
    """
    _require_unchanged(trained.run, dataset, split)
    if split == "test":
        return _all_indices(dataset, split)
    config = trained.config
    if config.training.seed is None:
        raise ValueError("the seed of a run is drawn before it is trained")
    count = len(dataset.train_images)
    size = validation_size(config.data.validation, count)
    train, validation = cut_validation(count, size, config.training.seed)
    return train if split == "train" else validation


def _all_indices(dataset: Dataset, split: Split) -> Tensor:
    count = len(dataset.test_images if split == "test" else dataset.train_images)
    if not count:
        raise DataError(
            f"The data set {dataset.info.name} has no {split} images.", "Choose another split."
        )
    return torch.arange(count)


def _require_unchanged(run: RunRecord, dataset: Dataset, split: Split) -> None:
    """Checks that a data set has as many images as when the run was trained.

    Raises:
        DataError: it has not, as after an import of other images under its name.
    """
    if split == "test":
        what, count, known = "test", len(dataset.test_images), run.test_images
        why, hint = "", "Import the images as they were, or these under another name."
    else:
        what, count = "training", len(dataset.train_images)
        known = (run.train_images or 0) + (run.validation_images or 0)
        why = ", so its split cannot be cut again"
        hint = "Use --split test, or import the images as they were."
    if known and known != count:
        raise DataError(
            f"The data set {dataset.info.name} has {count:,} {what} images; when the run was "
            f"trained it had {known:,}{why}.",
            hint,
        )
