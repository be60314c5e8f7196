"""Runs beside each other: what folds, what is best, and what is only noise."""

from __future__ import annotations

import math
import statistics
import warnings
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from history.samples import STARTED, add_run, change, checkpoint, epoch, record

from cnnlab.analysis.comparison import CLASS_FIGURES, FIGURES, Comparison, compare
from cnnlab.analysis.noise import verdict
from cnnlab.config.overrides import apply_settings
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.events import (
    CheckpointKind,
    ClassMetrics,
    Command,
    Ending,
    Evaluation,
    EvaluationFinished,
    Intervened,
    RunFinished,
    RunStopped,
)
from cnnlab.export.comparison_words import (
    figure_words,
    labels,
    summary_words,
    verdict_words,
)
from cnnlab.export.run_words import setting
from cnnlab.history.queries import Reader
from cnnlab.home import Home

TABLES: dict[str, Any] = {
    "data": {"name": "mnist-5k"},
    "model": {"name": "lenet"},
    "optimizer": {"name": "sgd"},
}
OTHER_IMAGES = [ClassMetrics("left", 0.5, 0.5, 0.5, 10), ClassMetrics("right", 0.5, 0.5, 0.5, 10)]


def finished(
    home: Home,
    name: str,
    accuracy: float,
    *settings: str,
    last: float = 0.5,
    classes: Sequence[ClassMetrics] = (),
    ending: Ending | None = None,
    by_hand: Command | None = None,
) -> str:
    """A run with a known test accuracy; `classes` have f1 scores around it."""
    config = validate(RunConfig, apply_settings(TABLES, settings))
    plain = config.model_dump(mode="json")
    add_run(home, name, name=name, config=plain, dataset=config.data.name)
    metrics = tuple(classes) or (
        ClassMetrics("cat", accuracy, accuracy, accuracy + 0.01, 50),
        ClassMetrics("dog", accuracy, accuracy, accuracy - 0.01, 40),
    )

    def test(kind: CheckpointKind, value: float) -> EvaluationFinished:
        result = Evaluation(1 - value, value, None, value, value, value, metrics, ((1, 0), (0, 1)))
        return EvaluationFinished("test", kind, 1, 4, result)

    changed = [] if by_hand is None else [Intervened(by_hand, 1, 2)]
    record(
        home,
        name,
        STARTED,
        *changed,
        epoch(1),
        checkpoint("best", 1),
        test("best", accuracy),
        test("last", last),
        ending or RunFinished("all epochs trained"),
    )
    return name


def imported(home: Home, name: str, dataset: str, accuracy: float) -> str:
    """A CSV file with a test accuracy, without a config, classes or a number of images."""
    add_run(home, name, name=name, config={}, dataset=dataset)
    result = Evaluation(0.1, accuracy, None, accuracy, accuracy, accuracy, (), ())
    tested = EvaluationFinished("test", "best", 1, 4, result)
    record(home, name, epoch(1), tested, RunFinished("imported"))
    change(home, "update runs set origin = 'csv' where id = ?", [name])
    return name


def seeds(home: Home, name: str, accuracies: Sequence[float], *settings: str) -> list[str]:
    return [
        finished(home, f"{name}-{seed}", accuracy, *settings, f"training.seed={seed}")
        for seed, accuracy in enumerate(accuracies)
    ]


def compared(home: Home, ids: Sequence[str], **options: Any) -> Comparison:
    with Reader(home) as reader:
        return compare(reader, ids, **options)


def told(comparison: Comparison, baseline: int = 0) -> list[str]:
    return summary_words(comparison, labels(comparison), baseline)


def test_runs_that_differ_only_in_the_seed_are_one_group_with_mean_and_deviation(
    home: Home,
) -> None:
    values = [0.90, 0.92, 0.97]
    ids = seeds(home, "slow", values, "optimizer.lr=0.01")
    ids.append(finished(home, "fast", 0.8, "optimizer.lr=0.1", "training.seed=0"))
    comparison = compared(home, ids)
    slow, fast = comparison.groups
    accuracy = slow.figures["test accuracy"]
    assert [run.id for run in slow.runs] == ids[:3]
    assert accuracy.mean == pytest.approx(0.93)
    assert accuracy.std == pytest.approx(statistics.stdev(values))
    assert fast.figures["test accuracy"].std is None
    assert figure_words(FIGURES[0], accuracy) == "0.9300 ± 0.0361"
    assert slow.machine == {"training.seed": (0, 1, 2)}
    assert comparison.fields == ("optimizer.lr",)


def test_unfolded_each_run_stands_alone_and_its_seed_tells_it_apart(home: Home) -> None:
    comparison = compared(home, seeds(home, "slow", [0.9, 0.92]), fold=False)
    assert labels(comparison) == ["seed=0", "seed=1"]


def test_of_runs_with_one_seed_the_newest_counts(home: Home) -> None:
    ids = seeds(home, "run", [0.9, 0.94])
    again = finished(home, "again", 0.98, "training.seed=1", "training.device=cpu")
    change(home, "update runs set created_at = '2999-01-01' where id = 'again'")
    (group,) = compared(home, [*ids, again]).groups
    assert [run.id for run in group.runs] == ["run-0", "again"]
    assert [run.id for run in group.repeats] == ["run-1"]
    assert group.accuracies == (0.9, 0.98)


def test_what_the_runs_of_one_group_differ_in_is_told_of_all_of_them(home: Home) -> None:
    numbers = count()

    def differ(*settings: Sequence[str]) -> str:
        ids = [finished(home, f"run-{next(numbers)}", 0.9, *each) for each in settings]
        (line,) = told(compared(home, ids))
        return line.removeprefix("These runs differ in ")

    seed, half = ["training.seed=1"], ["training.seed=1", "training.precision=bfloat16"]
    other = ["training.seed=2"]
    assert differ(seed, other) == "nothing but the seed."
    assert differ(seed, seed) == "no field: they are of one config and one seed."
    assert differ(half, seed) == "nothing but training.precision."
    assert differ(half, other) == "nothing but the seed and training.precision."
    fine = [*half, "training.memory_format=contiguous"]
    assert differ(fine, other, ["training.memory_format=channels_last"]) == (
        "nothing but the seed, training.precision and training.memory_format."
    )
    assert "single run" in differ(seed)


def test_the_machine_of_a_run_that_does_not_count_is_shown_too(home: Home) -> None:
    ids = [
        finished(home, "half", 0.9, "training.seed=1", "training.precision=bfloat16"),
        finished(home, "whole", 0.9, "training.seed=1"),
    ]
    change(home, "update runs set created_at = '2999-01-01' where id = 'whole'")
    (group,) = compared(home, ids).groups
    assert [run.id for run in group.repeats] == ["half"]
    assert group.machine == {"training.precision": ("auto", "bfloat16")}


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


@pytest.mark.parametrize(
    "changes",
    [
        {"by_hand": Command("scale_lr", 0.5)},
        {"by_hand": Command("add_epochs", 3)},
        {"ending": RunStopped("stopped by hand")},
    ],
)
def test_a_run_that_a_person_changed_does_not_fold_with_others(
    home: Home, changes: dict[str, Any]
) -> None:
    ids = seeds(home, "run", [0.9, 0.94])
    ids.append(finished(home, "changed", 0.5, "training.seed=7", **changes))
    comparison = compared(home, ids)
    assert [len(group.runs) for group in comparison.groups] == [2, 1]
    assert labels(comparison) == ["run", "changed"]


def test_a_pause_changes_nothing(home: Home) -> None:
    ids = seeds(home, "run", [0.9])
    ids.append(finished(home, "b", 0.8, "training.seed=7", by_hand=Command("pause")))
    assert len(compared(home, ids).groups) == 1


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


def test_an_infinite_loss_has_a_mean_without_a_deviation(home: Home) -> None:
    ids = seeds(home, "a", [0.9, 0.8])
    change(home, "update evaluations set loss = 9e999 where run_id = 'a-1'")
    change(home, "update epochs set images_per_second = 9e999 where run_id = 'a-1'")
    (group,) = compared(home, ids).groups
    loss = group.figures["test loss"]
    assert (loss.mean, loss.std, loss.n) == (math.inf, None, 2)
    assert figure_words(FIGURES[5], loss) == "inf"
    assert group.figures["images/s"].n == 1


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


def test_a_run_that_is_gone_is_left_out_of_groups_that_were_chosen_too(home: Home) -> None:
    ids = seeds(home, "run", [0.9, 0.92])
    comparison = compared(home, ids, grouped=[["gone"], ["run-1", "lost"], ["run-0"]])
    assert [[run.id for run in group.runs] for group in comparison.groups] == [["run-1"], ["run-0"]]


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


def test_labels_name_what_differs_and_leave_out_what_comes_with_a_component(home: Home) -> None:
    ids = [
        finished(home, "a", 0.9, "optimizer.name=adam", "optimizer.lr=0.001"),
        finished(home, "b", 0.8, "optimizer.lr=0.1", "augmentation=base"),
    ]
    comparison = compared(home, ids)
    assert "optimizer.momentum" in comparison.fields
    assert labels(comparison) == ["augmentation=none adam lr=0.001", "augmentation=base sgd lr=0.1"]


def test_a_config_that_no_longer_fits_is_compared_as_it_was_stored(home: Home) -> None:
    for name, rate in (("a", 0.1), ("b", 0.2)):
        add_run(home, name, config={"gone": {"rate": rate}}, name=name)
        record(home, name, RunFinished("done"))
    comparison = compared(home, ["a", "b", "never"])
    assert labels(comparison) == ["rate=0.1", "rate=0.2"]
    assert comparison.verdicts[0, 1].kind == "unknown"


def test_values_are_short_and_never_act_on_a_terminal() -> None:
    assert setting([]) == setting(None) == "none"
    assert setting([{"name": "rotation", "degrees": 5}, {"name": "x\x1b"}]) == (
        "rotation degrees=5+x␛"
    )
    assert setting(0.00010000) == "0.0001"


def test_imported_curves_fold_with_nothing_and_make_no_field_differ(home: Home) -> None:
    ids = seeds(home, "run", [0.9, 0.94])
    for name in ("old", "older"):
        add_run(home, name, name=name, config={})
        record(home, name, epoch(1), RunFinished("imported"))
        ids.append(name)
    comparison = compared(home, ids)
    assert [len(group.runs) for group in comparison.groups] == [2, 1, 1]
    assert comparison.fields == ()
    assert labels(comparison) == ["run", "old", "older"]
    figures = comparison.groups[1].figures
    assert figures["best validation accuracy"].mean == 0.7
    assert figures["lowest validation loss"].mean == 0.6
    assert comparison.verdicts[0, 1].kind == "unknown"


def test_groups_are_ranked_by_their_test_accuracy_the_untested_last(home: Home) -> None:
    add_run(home, "untested")
    ids = [
        "untested",
        *(finished(home, f"a{at}", at / 10, f"optimizer.lr=0.{at}") for at in (5, 9, 7)),
    ]
    comparison = compared(home, ids)
    assert comparison.main == FIGURES[0]
    assert comparison.ranked() == [2, 3, 1, 0]


def test_against_one_baseline_only_its_verdicts_are_made(home: Home) -> None:
    ids = [finished(home, f"a{at}", at / 10, f"optimizer.lr=0.{at}") for at in (5, 9, 7)]
    comparison = compared(home, ids, baseline="a9")
    assert [*comparison.verdicts] == [(1, 0), (1, 2)]
    assert comparison.verdicts[1, 0].difference == pytest.approx(-0.4)
    assert [*compared(home, ids, baseline="").verdicts] == [(0, 1), (0, 2)]
