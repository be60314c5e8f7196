"""Numbers of things as messages tell them."""

from __future__ import annotations

import pytest

from cnnlab.amounts import enumerated, how_many


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (12345, "12,345 runs")]
)
def test_only_one_is_no_plural(count: int, words: str) -> None:
    assert how_many(count, "run") == words


@pytest.mark.parametrize(
    ("parts", "words"), [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (list("abc"), "a, b or c")]
)
def test_the_last_of_several_has_a_conjunction(parts: list[str], words: str) -> None:
    assert enumerated(parts, "or") == words
