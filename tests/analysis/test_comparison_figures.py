"""The figures of compared runs: which are of the same images, and which is best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from analysis.finished_runs import compared, finished, imported, seeds, told
from history.samples import STARTED, add_run, change, epoch, evaluated, evaluation, record

from cnnlab.analysis.comparison import CLASS_FIGURES, FIGURES
from cnnlab.events import ClassMetrics, RunStopped
from cnnlab.export.comparison_words import figure_words
from cnnlab.home import Home

OTHER_IMAGES = [ClassMetrics("left", 0.5, 0.5, 0.5, 10), ClassMetrics("right", 0.5, 0.5, 0.5, 10)]


def test_the_best_validation_may_lie_within_an_epoch(home: Home) -> None:
    ids = [finished(home, "a", 0.9), finished(home, "b", 0.9, "optimizer.lr=0.5"), "stopped"]
    add_run(home, "stopped", name="stopped", config={})
    record(home, "stopped", STARTED, RunStopped("stopped by hand"))
    for run_id, step, accuracy, loss in (
        ("a", 2, 0.96, 0.3),
        ("a", 3, 0.9, 0.2),
        ("stopped", 2, 0.7, 0.8),
    ):
        validation = evaluation(accuracy=accuracy, loss=loss)
        record(home, run_id, evaluated("validation", None, step, validation))
    comparison = compared(home, ids)
    for name, expected in (
        ("best validation accuracy", [0.96, 0.7, 0.7]),
        ("lowest validation loss", [0.2, 0.6, 0.8]),
    ):
        told = [group.figures[name].mean for group in comparison.groups]
        assert told == expected, name


@pytest.mark.parametrize(
    ("column", "value", "compare_times"),
    [
        ("name", "other", True),
        ("device_name", "another processor", False),
        ("device", None, False),
        ("dataset", "another", False),
    ],
)
def test_times_compare_on_one_data_set_and_one_device_alone(
    home: Home, column: str, value: str | None, compare_times: bool
) -> None:
    ids = [finished(home, "a", 0.9), finished(home, "b", 0.8, "optimizer.lr=0.5")]
    for at, name in enumerate(ids):
        change(home, f"update runs set duration_s = {at + 1} where id = ?", [name])
        change(home, f"update epochs set images_per_second = {9 - at} where run_id = ?", [name])
    change(home, f"update runs set {column} = ? where id = 'b'", [value])
    comparison = compared(home, ids)
    best = {figure.name: comparison.best(figure) for figure in comparison.figures}
    expected = {0} if compare_times else set()
    assert (best["training time"], best["images/s"]) == (expected, expected)


def test_an_infinite_loss_has_a_mean_without_a_deviation(home: Home) -> None:
    ids = seeds(home, "a", [0.9, 0.8])
    change(home, "update evaluations set loss = 9e999 where run_id = 'a-1'")
    change(home, "update epochs set images_per_second = 9e999 where run_id = 'a-1'")
    (group,) = compared(home, ids).groups
    loss = group.figures["test loss"]
    assert (loss.mean, loss.std, loss.n) == (math.inf, None, 2)
    assert figure_words(FIGURES[5], loss) == "inf"
    assert group.figures["images/s"].n == 1


def test_runs_on_other_images_do_not_compare_and_none_of_them_is_best(home: Home) -> None:
    ids = [
        finished(home, "a", 0.9),
        finished(home, "b", 0.8, "data.name=mine", classes=OTHER_IMAGES),
    ]
    comparison = compared(home, ids)
    assert comparison.verdicts[0, 1].kind == "other images"
    assert not comparison.best(FIGURES[0])
    assert all("do not compare" in line for line in told(comparison))
    assert comparison.class_differences("f1", 0) == [("cat", [0.0, None]), ("dog", [0.0, None])]


def test_runs_on_other_classes_or_another_number_of_images_of_one_name_never_fold(
    home: Home,
) -> None:
    more = [*OTHER_IMAGES, ClassMetrics("above", 0.5, 0.5, 0.5, 10)]
    ids = seeds(home, "run", [0.9, 0.92])
    ids += [
        finished(home, "renamed", 0.7, "training.seed=2", classes=OTHER_IMAGES),
        finished(home, "more", 0.8, "training.seed=3", classes=more),
        finished(home, "fewer", 0.6, "training.seed=4"),
    ]
    change(home, "update runs set test_images = 900 where id = 'fewer'")
    comparison = compared(home, ids)
    assert [len(group.runs) for group in comparison.groups] == [2, 1, 1, 1]
    assert [comparison.verdicts[0, at].kind for at in (1, 2, 3)] == ["other images"] * 3
    assert comparison.same_images is False
    assert comparison.class_differences("f1", 0)[0] == ("cat", [0.0, None, None, None])


@pytest.mark.parametrize(
    ("datasets", "same"),
    [
        (("mnist", "mnist"), True),
        (("mnist", "cifar10"), False),
        (("mnist", "unknown"), None),
        (("unknown", "unknown"), None),
    ],
)
def test_imported_curves_compare_as_far_as_their_data_sets_are_known(
    home: Home, datasets: Sequence[str], same: bool | None
) -> None:
    ids = [
        imported(home, f"old-{at}", dataset, 0.8 + at / 10) for at, dataset in enumerate(datasets)
    ]
    comparison = compared(home, ids)
    accuracy = comparison.figures[0]
    assert comparison.same_images is same
    assert comparison.best(accuracy) == ({1} if same else set())
    kinds = {True: "one seed", False: "other images", None: "images not known"}
    assert comparison.verdicts[0, 1].kind == kinds[same]
    assert len(told(comparison)) == 2


def test_the_rule_that_marks_the_best_is_that_of_the_verdict(home: Home) -> None:
    """An own run beside a CSV file with a test accuracy, of the same data set and of another."""
    own = finished(home, "own", 0.9)
    same, other = (imported(home, name, name, 0.8) for name in ("mnist-5k", "cifar10"))
    comparison = compared(home, [own, same])
    assert (comparison.same_images, comparison.verdicts[0, 1].kind) == (True, "one seed")
    assert comparison.best(FIGURES[0]) == {0}
    comparison = compared(home, [own, other])
    assert (comparison.same_images, comparison.verdicts[0, 1].kind) == (False, "other images")
    assert not comparison.best(FIGURES[0])


def test_a_run_that_was_stopped_before_its_test_is_of_its_data_set_all_the_same(
    home: Home,
) -> None:
    ids = [finished(home, "own", 0.9)]
    for name, dataset in (("here", "mnist-5k"), ("there", "cifar10")):
        add_run(home, name, name=name, dataset=dataset)
        record(home, name, STARTED, epoch(1), RunStopped("stopped by hand"))
    assert compared(home, [*ids, "here"]).same_images is True
    comparison = compared(home, [*ids, "there"])
    assert comparison.same_images is False
    by_name = {figure.name: figure for figure in comparison.figures}
    assert not comparison.best(by_name["best validation accuracy"])


def test_the_pace_of_a_run_is_that_of_all_its_training_images(home: Home) -> None:
    """100 images in 1 s, then 100 in 3 s; the seconds of an epoch count its validation too."""
    add_run(home, "run")
    epochs = [replace(epoch(1), seconds=2.0, images_per_second=100.0)]
    epochs.append(replace(epoch(2), seconds=4.0, images_per_second=100 / 3))
    record(home, "run", *epochs, replace(epoch(3), images_per_second=0.0))
    (group,) = compared(home, ["run"]).groups
    assert group.figures["images/s"].mean == pytest.approx(50)


def test_the_best_of_a_figure_is_the_largest_accuracy_and_the_smallest_loss(home: Home) -> None:
    ids = [
        finished(home, name, accuracy, f"optimizer.lr={lr}")
        for name, accuracy, lr in (("a", 0.9, 0.1), ("b", 0.95, 0.2), ("c", 0.95, 0.3))
    ]
    comparison = compared(home, ids)
    by_name = {figure.name: comparison.best(figure) for figure in comparison.figures}
    assert by_name["test accuracy"] == {1, 2}
    assert by_name["test loss"] == {1, 2}
    assert by_name["parameters"] == set()
    assert "top-5 accuracy" not in by_name


def test_another_checkpoint_has_other_figures(home: Home) -> None:
    name = finished(home, "a", 0.9, last=0.7)
    (group,) = compared(home, [name], checkpoint="last").groups
    assert group.figures["test accuracy"].mean == 0.7


@pytest.mark.parametrize("figure", CLASS_FIGURES)
def test_classes_differ_in_percentage_points_from_the_chosen_baseline(
    home: Home, figure: Any
) -> None:
    ids = [finished(home, "a", 0.9), finished(home, "b", 0.8, "optimizer.lr=0.5")]
    rows = compared(home, ids).class_differences(figure, 1)
    assert [name for name, _ in rows] == ["cat", "dog"]
    assert rows[0][1] == pytest.approx([10.0, 0.0])
