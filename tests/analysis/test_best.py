"""Where figures of runs compare, so that one can be the best: times, validation, training."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from analysis.finished_runs import compared, finished, imported, seeds, told
from history.samples import STARTED, add_run, change, epoch, record

from cnnlab.analysis.best import Apart
from cnnlab.analysis.comparison import FIGURES
from cnnlab.events import Ending, RunFailed, RunFinished, RunInterrupted, RunStopped
from cnnlab.export.comparison_picks import in_order
from cnnlab.home import Home

BY_NAME = {figure.name: figure for figure in FIGURES}
TIME, PACE, TEST = (BY_NAME[name] for name in ("training time", "images/s", "test accuracy"))
VALIDATED = BY_NAME["best validation accuracy"]


def took(home: Home, run_id: str, seconds: float) -> None:
    change(home, "update runs set duration_s = ? where id = ?", [seconds, run_id])


def reached(home: Home, run_id: str, accuracy: float) -> None:
    """Sets the validation accuracy of a run's epochs."""
    command = "update epochs set validation_accuracy = ? where run_id = ?"
    change(home, command, [accuracy, run_id])


@pytest.mark.parametrize(
    ("ending", "why"),
    [
        (RunStopped("stopped by hand"), "unfinished"),
        (RunFailed("the loss is infinite"), "unfinished"),
        (RunInterrupted("the process is gone"), "unfinished"),
        (RunFinished("no improvement for 3 epochs"), None),
    ],
)
def test_a_time_is_the_best_only_where_all_runs_trained_to_their_end(
    home: Home, ending: Ending, why: Apart | None
) -> None:
    whole = finished(home, "whole", 0.9, "training.epochs=3")
    short = finished(home, "short", 0.8, "training.epochs=5", ending=ending)
    took(home, whole, 9.0)
    took(home, short, 3.0)
    change(home, "update epochs set images_per_second = 500 where run_id = 'short'")
    comparison = compared(home, [whole, short])
    assert comparison.why_apart(TIME) == why
    assert comparison.best(TIME) == (set() if why else {1})
    assert comparison.best(PACE) == {1}
    assert comparison.best(TEST) == {0}


def test_a_run_of_several_that_did_not_finish_leaves_no_best_time_among_the_others(
    home: Home,
) -> None:
    ids = [finished(home, f"run-{at}", 0.9, f"training.epochs={at + 1}") for at in range(3)]
    for at, run_id in enumerate(ids):
        took(home, run_id, 1.0 + at)
    assert compared(home, ids).best(TIME) == {0}
    change(home, "update runs set status = 'interrupted' where id = 'run-2'")
    assert not compared(home, ids).best(TIME)
    change(home, "update runs set duration_s = null where id = 'run-2'")
    assert compared(home, ids).best(TIME) == {0}


@pytest.mark.parametrize(
    ("slow", "fast", "why"),
    [
        ([1, 2, 3], [1, 2, 3], None),
        ([1, 2, 3], [3, 1, 2], None),
        ([1, 2, 3], [1, 2], "other cuts"),
        ([1, 2, 3], [4, 5, 6], "other cuts"),
        ([1], [2], "other cuts"),
        ([2], [2], None),
    ],
)
def test_validation_and_training_figures_compare_between_groups_of_the_same_seeds(
    home: Home, slow: Sequence[int], fast: Sequence[int], why: Apart | None
) -> None:
    ids = []
    for name, rate, numbers, accuracy in (("slow", 0.01, slow, 0.6), ("fast", 0.1, fast, 0.7)):
        for seed in numbers:
            given = (f"optimizer.lr={rate}", f"training.seed={seed}")
            ids.append(finished(home, f"{name}-{seed}", accuracy, *given))
            reached(home, ids[-1], accuracy)
    comparison = compared(home, ids)
    assert comparison.why_apart(VALIDATED) == why
    assert comparison.best(VALIDATED) == (set() if why else {1})
    assert comparison.best(TEST) == {1}


@pytest.mark.parametrize(
    ("shares", "counts", "why"),
    [
        ((0.1, 0.2), (46, 92), "other cuts"),
        ((0.2, 92), (92, 92), None),
        ((0.1, 0.2), (None, None), "other cuts"),
        ((0.2, 0.2), (None, None), None),
    ],
)
def test_another_number_of_validation_images_is_another_cut(
    home: Home,
    shares: Sequence[float],
    counts: Sequence[int | None],
    why: Apart | None,
) -> None:
    ids = []
    for name, share, count in zip("ab", shares, counts, strict=True):
        given = (f"data.validation={share}", "training.seed=1")
        ids.append(finished(home, name, 0.9, *given))
        command = "update runs set train_images = ?, validation_images = ? where id = ?"
        change(home, command, [None if count is None else 460 - count, count, name])
        reached(home, name, 0.6 if name == "a" else 0.7)
    comparison = compared(home, ids, fold=False)
    assert comparison.why_apart(VALIDATED) == why
    assert comparison.best(VALIDATED) == (set() if why else {1})


def test_only_the_runs_that_have_a_figure_tell_what_it_is_of(home: Home) -> None:
    """Of the third seed of the one group no epoch is known, so that two stand against two."""
    slow = seeds(home, "slow", [0.6, 0.6, 0.6], "optimizer.lr=0.01")
    fast = seeds(home, "fast", [0.7, 0.7], "optimizer.lr=0.1")
    for run_id in slow:
        reached(home, run_id, 0.5)
    assert compared(home, [*slow, *fast]).why_apart(VALIDATED) == "other cuts"
    change(home, "delete from epochs where run_id = 'slow-2'")
    comparison = compared(home, [*slow, *fast])
    assert comparison.groups[0].figures[VALIDATED.name].n == 2
    assert comparison.best(VALIDATED) == {1}


def test_of_other_data_and_of_data_that_nobody_told_validation_does_not_compare(
    home: Home,
) -> None:
    own, other = finished(home, "own", 0.9), finished(home, "other", 0.9, "data.name=cifar10")
    assert compared(home, [own, other]).why_apart(VALIDATED) == "other images"
    unknown = imported(home, "unknown", "unknown", 0.8)
    assert compared(home, [own, unknown]).why_apart(VALIDATED) == "images not known"


@pytest.mark.parametrize(
    ("dataset", "origin", "same", "why"),
    [("cifar10", None, False, "other images"), ("unknown", "csv", None, "images not known")],
)
def test_a_run_of_other_data_that_was_not_tested_leaves_the_best_test_among_the_others(
    home: Home, dataset: str, origin: str | None, same: bool | None, why: Apart
) -> None:
    ids = [finished(home, f"run-{at}", 0.8 + at / 10, f"optimizer.lr=0.{at + 1}") for at in (0, 1)]
    add_run(home, "untested", name="untested", config={}, dataset=dataset)
    record(home, "untested", STARTED, epoch(1))
    change(home, "update runs set origin = ? where id = 'untested'", [origin])
    comparison = compared(home, ["untested", *ids])
    assert comparison.same_images is same
    assert comparison.why_apart(TEST) is None
    assert comparison.best(TEST) == {2}
    assert in_order(comparison) == [2, 1, 0]
    assert comparison.why_apart(VALIDATED) == why
    assert told(comparison, 1)[:2] == [
        "untested: no test accuracy to compare",
        "lr=0.2: +10.00 points, within the noise of the test images (± 10.33)",
    ]


def test_of_imported_curves_the_seed_is_not_known_and_so_their_validation_images_are_not(
    home: Home,
) -> None:
    own = finished(home, "own", 0.9, "training.seed=1")
    old = imported(home, "old", "mnist-5k", 0.8)
    reached(home, own, 0.9)
    comparison = compared(home, [own, old])
    assert comparison.best(TEST) == {0}
    assert comparison.why_apart(VALIDATED) == "cut not known"
    assert not comparison.best(VALIDATED)
    another = finished(home, "another", 0.9, "optimizer.lr=0.5", "training.seed=7")
    assert compared(home, [own, old, another]).why_apart(VALIDATED) == "other cuts"


def test_a_figure_that_one_group_alone_has_is_not_apart_from_others(home: Home) -> None:
    own = finished(home, "own", 0.9)
    add_run(home, "begun", name="begun")
    record(home, "begun", STARTED)
    record(home, own, epoch(2), RunFinished("done"))
    comparison = compared(home, [own, "begun"])
    assert comparison.why_apart(VALIDATED) is None
    assert not comparison.best(VALIDATED)


def test_figures_of_both_parts_of_the_training_images_depend_on_how_these_were_cut() -> None:
    assert [figure.name for figure in FIGURES if figure.of == "cut"] == [
        "validation accuracy",
        "training accuracy",
        "best validation accuracy",
        "lowest validation loss",
    ]
