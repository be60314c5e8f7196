"""Numbers as people read them."""

from __future__ import annotations

import pytest

from cnnlab.export.format import format_figure


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.98765, "0.9877"),
        (123456.789, "123456.7890"),
        (-2.5e7, "-2.5e+07"),
        (3.4e38, "3.4e+38"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (None, "–"),
        (-0.00001, "0.0000"),
        (-0.00006, "-0.0001"),
    ],
)
def test_a_figure_stays_short_however_far_a_loss_diverges(value: float | None, text: str) -> None:
    assert format_figure(value) == text
