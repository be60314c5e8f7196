"""Numbers on axes: round, few, inside the limits, and never two alike."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.export.axes import Axis, limits, linear_axis, log_axis


@pytest.mark.parametrize(
    ("low", "high", "whole", "labels"),
    [
        (1.0, 12.0, True, ["1", "5", "10"]),
        (1.0, 3.0, True, ["1", "2", "3"]),
        (0.0, 2.0, False, ["0.0", "0.5", "1.0", "1.5", "2.0"]),
        (99_980.0, 99_999.0, True, ["99980", "99985", "99990", "99995"]),
        (3.2, 3.8, True, ["3.2", "3.4", "3.6", "3.8"]),
        (0.0, 1e-5, False, ["0", "5e-6", "1e-5"]),
        (1e-6, 1e-5, False, ["5e-6", "1e-5"]),
        (0.0, 3e20, False, ["0", "1e20", "2e20", "3e20"]),
        (0.0632814, 4e31, False, ["0", "1e31", "2e31", "3e31", "4e31"]),
        (1.0, 1.0 + 1e-9, False, ["1", "1.000000001"]),
        (0.0, 5e-324, False, ["0", "4.9e-324"]),
    ],
    ids=str,
)
def test_the_numbers_of_a_linear_axis(
    low: float, high: float, whole: bool, labels: list[str]
) -> None:
    assert linear_axis(low, high, 4, whole=whole).labels == labels


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (-2.0, 0.0, 9, ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]),
        (-2.0, 0.0, 4, ["0.01", "0.1", "1"]),
        (-5.0, -3.0, 4, ["1e-5", "0.0001", "0.001"]),
        (-12.0, 0.0, 4, ["1e-12", "1e-8", "0.0001", "1"]),
        (5.0, 7.0, 4, ["100000", "1e6", "1e7"]),
        # Less than a decade, without two of 1, 2 and 5: as on a linear axis.
        (math.log10(2.1), math.log10(4.9), 4, ["3.0", "4.0"]),
        (-323.5, -300.0, 3, ["1e-323", "1e-315", "1e-307"]),
    ],
    ids=str,
)
def test_the_numbers_of_a_logarithmic_axis(
    low: float, high: float, most: int, labels: list[str]
) -> None:
    axis = log_axis(low, high, most)
    assert axis.labels == labels
    for tick, label in zip(axis.ticks, labels, strict=True):
        assert tick == pytest.approx(math.log10(float(label)), rel=1e-3)


def test_a_single_value_gets_room_on_both_sides() -> None:
    assert limits(3.0, 3.0) == (1.5, 4.5)
    assert limits(0.0, 0.0) == (-0.5, 0.5)
    assert limits(-2.0, -2.0) == (-3.0, -1.0)
    assert limits(1.0, 2.0) == (1.0, 2.0)


def assert_sound(axis: Axis) -> None:
    assert len(axis.ticks) == len(axis.labels) >= 1
    margin = 1e-9 * (axis.high - axis.low)
    for tick in axis.ticks:
        assert math.isfinite(tick)
        assert axis.low - margin <= tick <= axis.high + margin
    assert list(axis.ticks) == sorted(axis.ticks)
    assert len(set(axis.labels)) == len(axis.labels)


spans = st.tuples(st.floats(-1e99, 1e99), st.floats(-1e99, 1e99)).filter(
    lambda one: one[0] < one[1]
)


@settings(max_examples=500)
@given(span=spans, most=st.integers(0, 20), whole=st.booleans())
def test_every_linear_axis_is_sound(span: tuple[float, float], most: int, whole: bool) -> None:
    axis = linear_axis(*span, most, whole=whole)
    assert_sound(axis)
    assert len(axis.ticks) <= 2 * max(most, 2) + 2


@settings(max_examples=500)
@given(low=st.floats(-300, 99), width=st.floats(1e-3, 100), most=st.integers(0, 20))
def test_every_logarithmic_axis_is_sound(low: float, width: float, most: int) -> None:
    axis = log_axis(low, low + width, most)
    assert_sound(axis)
    assert len(axis.ticks) <= 2 * max(most, 2) + 2
