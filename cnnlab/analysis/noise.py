"""Whether two groups of runs differ by more than noise: that of their seeds, and of the images.

The noise of the seeds shows where a group has several. That of the test images, which are so many
and no more, is known of any two shares.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

SIGNIFICANCE = 0.05
"""A difference is beyond the noise of the seeds where chance alone makes it more seldom."""
_INTERVAL = 1.96
"""Standard errors either side of an estimate that 95 % of a normal distribution lie within."""


@dataclass(frozen=True)
class Verdict:
    """How far one group's test accuracy lies from another's, and whether that means anything.

    Attributes:
        kind: `within` or `beyond` the noise of the seeds, by Welch's t-test; `one seed` where a
            side has no second one, and `no spread` where all seeds of a side came to one figure,
            so that the noise of the seeds is not known; `other images` where the groups were not
            tested on the same, and `images not known` where nobody told on which; `unknown` where
            a figure is missing, or infinite.
        difference: group minus baseline, as a share.
        p: how often chance alone makes a difference this large; of Welch's test. None where it
            says nothing.
        images: test images; 0 where it is not known how many.
        error: standard error of the difference of two shares of so many images, each binomial and
            taken as independent. The noise of the test images alone: that of the seeds comes on
            top. McNemar's test would be sharper, but needs the predictions.

    Source: B. L. Welch, The generalization of "Student's" problem when several different
    population variances are involved, Biometrika 34 (1947).
    """

    kind: Literal[
        "within", "beyond", "one seed", "no spread", "other images", "images not known", "unknown"
    ]
    difference: float = 0.0
    p: float | None = None
    images: int = 0
    error: float = 0.0

    @property
    def margin(self) -> float:
        """Half of the 95 % interval that the test images alone leave around the difference."""
        return _INTERVAL * self.error


def verdict(
    ours: Sequence[float], theirs: Sequence[float], *, images: int, same_images: bool | None
) -> Verdict:
    """What the difference of two groups' test accuracies means.

    Args:
        ours: accuracies of a group, a run each.
        theirs: those of the baseline.
        images: how many the group was tested on; 0 where it is not known.
        same_images: whether the baseline was tested on the same; None where it is not known.
    """
    if not ours or not theirs or not all(map(math.isfinite, (*ours, *theirs))):
        return Verdict("unknown")
    if not same_images:
        return Verdict("images not known" if same_images is None else "other images")
    group, base = np.array(ours), np.array(theirs)
    difference = float(group.mean() - base.mean())
    error = _standard_error((float(group.mean()), float(base.mean())), images)
    if min(len(group), len(base)) == 1:
        return Verdict("one seed", difference, None, images, error)
    p = _welch(group, base)
    if p >= SIGNIFICANCE:
        return Verdict("within", difference, p, images, error)
    if min(np.ptp(group), np.ptp(base)) == 0:
        # Figures that happen to be equal would pass for ones without noise.
        return Verdict("no spread", difference, None, images, error)
    return Verdict("beyond", difference, p, images, error)


def _welch(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The p of Welch's two-sided t-test, also where nothing varies."""
    if np.ptp(ours) == 0 and np.ptp(theirs) == 0:
        return 1.0 if ours[0] == theirs[0] else 0.0
    from scipy.stats import ttest_ind_from_stats

    # Not `ttest_ind`: it warns of figures that are all equal, though the other side's vary.
    sides = [(side.mean(), side.std(ddof=1), len(side)) for side in (ours, theirs)]
    return float(ttest_ind_from_stats(*sides[0], *sides[1], equal_var=False).pvalue)


def _standard_error(shares: Sequence[float], images: int) -> float:
    """Of the difference of shares of as many independent images; 0 for an unknown number."""
    if not images:
        return 0.0
    # An imported history may hold shares that are none.
    return math.sqrt(sum(max(share * (1 - share), 0.0) for share in shares) / images)
