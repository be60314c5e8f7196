"""Reading a few images out of a stored data set."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.data import library, store
from cnnlab.errors import DataError
from cnnlab.events import Split
from cnnlab.home import Home


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_picked_images_are_those_of_the_whole_set(home: Home, split: Split) -> None:
    dataset = library.require(home, "mnist-5k")
    images = dataset.test_images if split == "test" else dataset.train_images
    picked = store.pick(store.dataset_path(home, "mnist-5k"), split, [7, 0, 7, len(images) - 1])
    assert picked.dtype == np.uint8
    assert np.array_equal(picked, images[[7, 0, 7, -1]])


def test_no_index_picks_no_image(home: Home) -> None:
    library.require(home, "mnist-5k")
    picked = store.pick(store.dataset_path(home, "mnist-5k"), "test", [])
    assert picked.shape == (0, 1, 28, 28)


def test_an_image_that_is_not_there_is_refused(home: Home) -> None:
    dataset = library.require(home, "mnist-5k")
    with pytest.raises(DataError, match="damaged"):
        store.pick(store.dataset_path(home, "mnist-5k"), "test", [len(dataset.test_images)])
