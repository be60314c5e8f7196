"""Differences between groups of runs, and which of them are only noise."""

from __future__ import annotations

import math
import warnings

import pytest
from analysis.finished_runs import compared, finished, seeds, told

from cnnlab.analysis.noise import verdict
from cnnlab.export.comparison_words import verdict_words
from cnnlab.home import Home


def test_a_small_difference_between_seeds_is_within_their_noise_and_a_large_one_beyond(
    home: Home,
) -> None:
    ids = seeds(home, "base", [0.90, 0.93, 0.91])
    ids += seeds(home, "near", [0.92, 0.90, 0.93], "optimizer.lr=0.02")
    ids += seeds(home, "far", [0.97, 0.98, 0.975], "optimizer.lr=0.03")
    comparison = compared(home, ids)
    near, far = comparison.verdicts[0, 1], comparison.verdicts[0, 2]
    # By hand: t = 0.00333 / sqrt(0.000233 / 3 + 0.000233 / 3) with 4 degrees of freedom.
    assert near.p == pytest.approx(0.8025, abs=2e-3)
    assert (near.kind, far.kind) == ("within", "beyond")
    assert told(comparison) == [
        "lr=0.02: +0.33 points, within the noise of the seeds (p = 0.80; 3 against 3)",
        "lr=0.03: +6.17 points, beyond the noise of the seeds (p = 0.013; 3 against 3)",
    ]
    assert comparison.verdicts[2, 0].difference == pytest.approx(-far.difference)


def test_where_the_seeds_of_a_side_are_equal_their_noise_is_not_known(home: Home) -> None:
    ids = seeds(home, "a", [0.9, 0.9])
    ids += seeds(home, "b", [0.9, 0.9], "optimizer.lr=0.5")
    ids += seeds(home, "c", [0.91, 0.91], "optimizer.lr=0.6")
    ids += seeds(home, "d", [0.97, 0.98], "optimizer.lr=0.7")
    ids += seeds(home, "e", [0.88, 0.92], "optimizer.lr=0.8")
    comparison = compared(home, ids)
    verdicts = [comparison.verdicts[0, other] for other in range(1, 5)]
    assert [one.kind for one in verdicts] == ["within", "no spread", "no spread", "within"]
    assert [one.p for one in verdicts] == [1.0, None, None, pytest.approx(1.0)]
    assert told(comparison)[1] == (
        "lr=0.6: +1.00 points, within the noise of the test images (± 8.57)"
    )
    assert told(comparison)[-1] == (
        "The noise of the seeds comes on top; it is not known from seeds that all came to one "
        "figure."
    )


def test_equal_seeds_on_one_side_make_no_library_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = verdict([0.97, 0.98], [0.9, 0.9], images=90, same_images=True)
        other = verdict([0.9, 0.9], [0.85, 0.96], images=0, same_images=True)
    assert (one.kind, other.kind) == ("no spread", "within")
    # By hand: t = 0.005 / sqrt(0.00605 / 2) with a single degree of freedom.
    assert other.p == pytest.approx(1 - 2 / math.pi * math.atan(0.005 / math.sqrt(0.00605 / 2)))


def test_shares_that_are_none_and_images_that_are_not_known_are_no_noise() -> None:
    assert verdict([math.inf], [0.9], images=9, same_images=True).kind == "unknown"
    assert verdict([1.5], [0.0], images=9, same_images=True).error == 0
    unknown = verdict([0.9], [0.8], images=0, same_images=True)
    assert verdict_words(unknown, 1, 1) == (
        "+10.00 points. The noise of the seeds is not known from a single run."
    )


def test_with_one_seed_the_least_noise_is_that_of_the_test_images(home: Home) -> None:
    ids = [finished(home, "a", 0.9), finished(home, "b", 0.8, "optimizer.lr=0.5")]
    comparison = compared(home, ids)
    alone = comparison.verdicts[0, 1]
    assert alone.kind == "one seed"
    assert alone.error == pytest.approx(math.sqrt((0.9 * 0.1 + 0.8 * 0.2) / 90))
    # By hand: 1.96 standard errors of 5.27 points.
    assert told(comparison) == [
        "lr=0.5: -10.00 points, within the noise of the test images (± 10.33)",
        "± is the 95 % interval that chance leaves with 90 test images, in points.",
        "The noise of the seeds comes on top; it is not known from a single run.",
    ]
    assert verdict_words(alone, 1, 1) == (
        "-10.00 points, within the noise of the test images (± 10.33). ± is the 95 % interval "
        "that chance leaves with 90 test images, in points. The noise of the seeds comes on top; "
        "it is not known from a single run."
    )


def test_of_many_groups_with_one_seed_what_holds_for_all_is_said_once(home: Home) -> None:
    ids = [
        finished(home, f"run-{at}", 0.95 - at / 10, f"optimizer.lr=0.{at + 1}") for at in range(6)
    ]
    lines = told(compared(home, ids))
    assert lines[:2] == [
        "lr=0.2: -10.00 points, beyond the noise of the test images (± 8.64)",
        "lr=0.3: -20.00 points, beyond the noise of the test images (± 10.02)",
    ]
    assert len(lines) == 5 + 2
    assert sum("seed" in line for line in lines) == 1


def test_against_one_baseline_only_its_verdicts_are_made(home: Home) -> None:
    ids = [finished(home, f"a{at}", at / 10, f"optimizer.lr=0.{at}") for at in (5, 9, 7)]
    comparison = compared(home, ids, baseline="a9")
    assert [*comparison.verdicts] == [(1, 0), (1, 2)]
    assert comparison.verdicts[1, 0].difference == pytest.approx(-0.4)
    assert [*compared(home, ids, baseline="").verdicts] == [(0, 1), (0, 2)]
