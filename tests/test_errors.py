"""What errors say to help on."""

from __future__ import annotations

import pytest

from cnnlab.errors import nearest

KNOWN = ["optimizer.lr", "model.lrelu", "mnist/lenet", "mnist/lenet-5", "training.epochs", "cuda"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("lr", "optimizer.lr"),
        ("LeNet", "mnist/lenet"),
        ("optimiser.lr", "optimizer.lr"),
        ("epoch", "training.epochs"),
        ("gpu", "cuda"),
    ],
)
def test_the_nearest_name_is_one_that_ends_alike_or_is_spelt_alike(name: str, found: str) -> None:
    assert nearest(name, KNOWN)[0] == found


def test_nothing_is_nearest_where_nothing_is_alike() -> None:
    assert nearest("zzz", KNOWN) == []
