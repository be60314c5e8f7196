"""Which groups of a comparison are drawn or told of where there is no room for all, and why these.

The best are taken where figures compare; groups of different images have no order of merit, and
are taken as they were given.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cnnlab.analysis.comparison import Comparison

MOST_CURVES = 8
"""Groups whose curves can be told apart in one plot."""


def in_order(comparison: Comparison) -> list[int]:
    """The places of all groups, as they are taken."""
    ranked = comparison.main is not None and comparison.compares(comparison.main)
    return comparison.ranked() if ranked else list(range(len(comparison.groups)))


def numbers(comparison: Comparison) -> dict[int, int]:
    """The number of each group's colour, by its place, whatever a plot has of the others.

    The groups that are taken first have the first numbers, in the order in which they were given.
    """
    order = in_order(comparison)
    places = [*sorted(order[:MOST_CURVES]), *order[MOST_CURVES:]]
    return {place: number for number, place in enumerate(places)}


def picked(
    comparison: Comparison, among: Collection[int], most: int = MOST_CURVES
) -> tuple[list[int], str]:
    """Those of some groups that there is room for.

    Returns:
        Their places in the order of the groups, and how they were chosen, in words: empty where
        there is room for all.
    """
    drawable = set(among)
    order = [place for place in in_order(comparison) if place in drawable]
    taken = order[:most]
    return sorted(taken), _how(comparison, taken) if len(order) > most else ""


def _how(comparison: Comparison, taken: Sequence[int]) -> str:
    main = comparison.main
    if main is None or not comparison.compares(main):
        return "the first ones"
    known = sum(main.name in comparison.groups[place].figures for place in taken)
    if known == len(taken):
        return f"the best by {main.name}"
    return f"those with a {main.name} and the first of the others" if known else "the first ones"


def drawn_words(
    comparison: Comparison, among: Collection[int], others: str, most: int = MOST_CURVES
) -> str:
    """Which of the groups are drawn; empty where all are.

    Args:
        among: those that can be drawn.
        others: why further ones cannot, in words that follow `the others`.
    """
    groups = len(comparison.groups)
    taken, how = picked(comparison, among, most)
    if len(taken) == groups:
        return ""
    if not how:
        how = f"the others {others}"
    elif len(among) < groups:
        how += f"; some of the others {others}"
    return f"{len(taken)} of {groups} groups are drawn: {how}."
