"""Why figures of groups of runs do not compare, so that none of them can be called the best.

Test images are those of the data set. The validation images are cut from its training images by
the seed of the run and by their number, and the training images are what is left: both are other
ones for another seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cnnlab.history.origins import UNKNOWN
from cnnlab.history.records import RunRecord

Of = Literal["test", "cut", "model", "pace", "time"]
"""What a figure depends on: the test images; the images that validation and training are cut from;
the model alone; the pace of the machine; that and how long the training went on."""

Apart = Literal[
    "other images",
    "images not known",
    "other cuts",
    "cut not known",
    "other machines",
    "unfinished",
]
"""Why figures do not compare: they are of other data, or of other validation and training images of
the same data, or nobody told; they are of several devices; a run did not train to its end."""

Runs = Sequence[Sequence[RunRecord]]
"""The runs of each group that have a figure."""


def why_apart(of: Of, runs: Runs, same_images: bool | None) -> Apart | None:
    """Why a figure of groups does not compare; None where it does.

    Args:
        of: what the figure depends on.
        runs: those that have it, of each group that has any.
        same_images: whether the groups are of the same data; None where it is not known.
    """
    if of == "test":
        return _other_data(same_images)
    if of == "cut":
        return _other_data(same_images) or _other_cuts(runs)
    if of == "pace":
        return _other_machines(runs)
    if of == "time":
        return _other_machines(runs) or _broken_off(runs)
    return None


def _other_data(same_images: bool | None) -> Apart | None:
    if same_images:
        return None
    return "images not known" if same_images is None else "other images"


def _other_cuts(runs: Runs) -> Apart | None:
    """Groups compare where the same cuts are in each: those of seeds 1 to 3 with one another."""
    known = [members for members in runs if all(run.seed is not None for run in members)]
    if len({frozenset(map(_cut, members)) for members in known}) > 1:
        return "other cuts"
    return "cut not known" if len(runs) > 1 and len(known) < len(runs) else None


def _cut(run: RunRecord) -> tuple[int | None, int | None, int | float | None]:
    """What tells validation images of one data set apart.

    A share of the images and their number are the same wish where they come to the same number,
    which is known of each run that began.
    """
    wanted = run.config.get("data", {}).get("validation")
    count = run.validation_images
    return run.seed, run.train_images, wanted if count is None else count


def _other_machines(runs: Runs) -> Apart | None:
    each = [run for members in runs for run in members]
    places = {(run.dataset, run.device, run.device_name) for run in each}
    known = all(run.device and run.dataset != UNKNOWN for run in each)
    return None if known and len(places) == 1 else "other machines"


def _broken_off(runs: Runs) -> Apart | None:
    """The time of a run that was broken off is short, and says nothing of its training."""
    ended = all(run.status == "finished" for members in runs for run in members)
    return None if ended else "unfinished"
