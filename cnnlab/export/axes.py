"""Axes of plots in characters: limits, and round numbers on them, linear or logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_LEAST_DECIMAL, _MOST_DECIMAL = 1e-4, 1e7
"""Axes of a smaller span or of larger values get numbers with exponents where those are short."""
_LEAST_RELATIVE_SPAN = 1e-3
"""Of those, limits that are closer together get no other numbers, and as many digits as tell them
apart."""
_LEAST_SPAN = 1e-290
"""Below, the steps between round numbers cannot be computed any more."""


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`, with a label at each of the ticks.

    On a logarithmic axis limits and ticks are decimal logarithms of the values.
    """

    low: float
    high: float
    ticks: Sequence[float]
    labels: Sequence[str]


def limits(low: float, high: float) -> tuple[float, float]:
    """Limits that lie apart: a single value gets a margin on both sides."""
    if low < high:
        return low, high
    margin = abs(low) / 2 or 0.5
    return low - margin, high + margin


def linear_axis(low: float, high: float, most: int, *, whole: bool = False) -> Axis:
    """An axis with about `most` round numbers, whole ones if the values are whole."""
    most, largest = max(most, 2), max(abs(low), abs(high))
    span = high - low
    if largest < _MOST_DECIMAL and span > _LEAST_DECIMAL:
        numbers, digits = _round_numbers(low, high, most, whole=whole)
        return Axis(
            low, high, _inside(numbers, low, high), [f"{one:.{digits}f}" for one in numbers]
        )
    if span < max(_LEAST_RELATIVE_SPAN * largest, _LEAST_SPAN):
        return Axis(low, high, [low, high], _told_apart(low, high))
    numbers, _ = _round_numbers(low, high, most, whole=False)
    return Axis(low, high, _inside(numbers, low, high), [_short(f"{one:g}") for one in numbers])


def log_axis(low: float, high: float, most: int) -> Axis:
    """A logarithmic axis: powers of ten, and twice and five times those where there is room.

    Args:
        low, high: decimal logarithms of the limits.
    """
    most = max(most, 2)
    powers = range(math.floor(low), math.ceil(high) + 1)
    numbers = [(factor, power) for power in powers for factor in (1, 2, 5)]
    seen = [one for one in numbers if low <= math.log10(one[0]) + one[1] <= high]
    if len(seen) > most:
        seen = [one for one in seen if one[0] == 1]
        seen = seen[:: math.ceil(len(seen) / most)]
    if len(seen) >= 2:
        ticks = [math.log10(factor) + power for factor, power in seen]
        return Axis(low, high, ticks, [_number(*one) for one in seen])
    plain = linear_axis(10.0**low, 10.0**high, most)
    # Powers of the limits may be rounded to 0, or a little beyond the limits.
    named = [
        (tick, label) for tick, label in zip(plain.ticks, plain.labels, strict=True) if tick > 0
    ]
    ticks = _inside([math.log10(tick) for tick, _ in named], low, high)
    return Axis(low, high, ticks, [label for _, label in named])


def _inside(numbers: Sequence[float], low: float, high: float) -> list[float]:
    """Where numbers stand: those that are limits but for rounding, at the limits."""
    return [min(max(number, low), high) for number in numbers]


def _round_numbers(low: float, high: float, most: int, *, whole: bool) -> tuple[list[float], int]:
    """About `most` round numbers between two limits, and the decimals they need.

    The first and the last may lie beyond the limits by a trifle of their distance.
    """
    rough = (high - low) / most
    digits = -math.floor(math.log10(rough))
    unit = 10.0**-digits
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    if whole:
        step, digits = max(round(step), 1), 0
    # A limit that is round itself keeps its number though the division is not exact.
    numbers = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    ticks = [number * step for number in numbers]
    # Epochs and steps begin with 1, which is worth a number.
    if whole and low == math.floor(low) and (not ticks or ticks[0] - low > step / 2):
        ticks.insert(0, low)
    if len(ticks) < (1 if whole else 2):
        return _round_numbers(low, high, most if whole else 2 * most, whole=False)
    return ticks, max(digits, 0)


def _told_apart(low: float, high: float) -> list[str]:
    """Two numbers with the fewest digits that tell them apart."""
    for digits in range(2, 18):
        labels = [_short(f"{value:.{digits}g}") for value in (low, high)]
        if labels[0] != labels[1]:
            break
    return labels


def _number(factor: int, power: int) -> str:
    """A factor of a power of ten as text, whatever the power: 0.02, 500, 1e-300."""
    return f"{factor * 10.0**power:g}" if -4 <= power < 6 else f"{factor}e{power}"


def _short(text: str) -> str:
    """1e-05 as 1e-5, 2e+20 as 2e20."""
    digits, mark, power = text.partition("e")
    return f"{digits}e{int(power)}" if mark else digits
