"""Images in frames of characters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.export.pictures import fitted, shades

SIDES = st.integers(1, 40)


@given(st.sampled_from([1, 3]), SIDES, SIDES, SIDES, SIDES)
def test_a_picture_never_leaves_its_frame(
    channels: int, height: int, width: int, columns: int, rows: int
) -> None:
    pixels = np.full((channels, height, width), 200, np.uint8)
    image = fitted(pixels, columns, 2 * rows)
    assert image.width <= columns
    assert image.height <= 2 * rows
    lines = shades(pixels, columns, rows).plain.split("\n")
    assert len(lines) <= rows
    assert all(len(line) <= columns for line in lines)


def test_small_pictures_grow_by_whole_factors() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(1, 3, 4) * 20
    grown = np.asarray(fitted(pixels, 13, 9).convert("L"))
    assert np.array_equal(grown, np.kron(pixels[0], np.ones((3, 3), np.uint8)))


@pytest.mark.parametrize(
    ("level", "sign"), [(0, " "), (60, "░"), (128, "▒"), (200, "▓"), (255, "█")]
)
def test_brighter_pixels_have_denser_signs(level: int, sign: str) -> None:
    assert shades(np.full((3, 2, 2), level, np.uint8), 2, 1).plain == sign * 2
