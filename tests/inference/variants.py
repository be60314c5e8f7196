"""Data sets that are like another one, but for some of their arrays or their classes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from cnnlab.data import store
from cnnlab.data.store import Dataset, DatasetInfo
from cnnlab.home import Home


def write(home: Home, name: str, like: Dataset, **changes: Any) -> Dataset:
    """Stores a variant of a data set under a name; counts are those of its labels."""
    arrays = {key: value for key, value in changes.items() if key.endswith(("images", "labels"))}
    dataset = dataclasses.replace(like, **arrays)
    classes = changes.get("classes", like.info.classes)
    train, test = (
        tuple(np.bincount(labels, minlength=len(classes)).tolist())
        for labels in (dataset.train_labels, dataset.test_labels)
    )
    info: DatasetInfo = dataclasses.replace(
        like.info, name=name, classes=classes, train_counts=train, test_counts=test,
        shape=dataset.test_images.shape[1:], mean=(0.9,) * dataset.test_images.shape[1],
        std=(0.9,) * dataset.test_images.shape[1],
    )  # fmt: skip
    dataset = dataclasses.replace(dataset, info=info)
    store.write(home, dataset)
    return dataset
