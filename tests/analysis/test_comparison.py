"""Runs beside each other: what folds, what is best, and what is only noise."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

import pytest
from history.samples import STARTED, add_run, change, checkpoint, epoch, record

from cnnlab.analysis.comparison import CLASS_FIGURES, FIGURES, Comparison, compare
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
from cnnlab.export.comparison_words import figure_words, labels, points, summary_words, value_words
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
    assert labels(comparison) == ["run-0", "changed"]


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


def test_where_no_seed_changes_anything_equal_is_within_and_unequal_beyond(home: Home) -> None:
    ids = seeds(home, "a", [0.9, 0.9])
    ids += seeds(home, "b", [0.9, 0.9], "optimizer.lr=0.5")
    ids += seeds(home, "c", [0.8, 0.8], "optimizer.lr=0.6")
    verdicts = compared(home, ids).verdicts
    assert (verdicts[0, 1].kind, verdicts[0, 2].kind) == ("within", "beyond")


def test_with_one_seed_the_least_noise_is_that_of_the_test_images(home: Home) -> None:
    ids = [finished(home, "a", 0.9), finished(home, "b", 0.8, "optimizer.lr=0.5")]
    comparison = compared(home, ids)
    verdict = comparison.verdicts[0, 1]
    assert verdict.kind == "one seed"
    assert verdict.error == pytest.approx(math.sqrt((0.9 * 0.1 + 0.8 * 0.2) / 90))
    assert told(comparison)[0].endswith("90 test images alone leave ± 5.27")
    assert points(100 * verdict.difference) == "-10.0"


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
    assert value_words([]) == value_words(None) == "none"
    assert value_words([{"name": "rotation", "degrees": 5}, {"name": "x\x1b"}]) == (
        "rotation degrees=5+x␛"
    )
    assert value_words(0.00010000) == "0.0001"
