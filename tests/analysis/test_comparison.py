"""Runs beside each other: what folds into one group, and how groups are named and ranked."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from analysis.finished_runs import compared, finished, seeds, told
from cost import cpu_seconds
from history.samples import add_run, change, epoch, record

from cnnlab.analysis.comparison import FIGURES
from cnnlab.analysis.evaluated_runs import EvaluatedRun, one_of_each_seed
from cnnlab.events import Command, RunFinished, RunStopped
from cnnlab.export.comparison_words import figure_words, labels
from cnnlab.export.run_words import setting
from cnnlab.history.queries import Reader
from cnnlab.home import Home


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


def test_many_seeds_cost_no_more_than_their_number(home: Home) -> None:
    name = finished(home, "run", 0.9)
    with Reader(home) as reader:
        run = reader.run(name)

    runs = [
        EvaluatedRun(replace(run, id=f"run-{seed}", config={"training": {"seed": seed}}), ())
        for seed in range(5_000)
    ]
    assert one_of_each_seed(runs) == runs
    reading = cpu_seconds(lambda: [one.run.seed for one in runs])
    # It takes about three times what reading the seeds does; what is quadratic over a hundred.
    # Fewer runs would be no measure: those lie in the cache of a processor, where many do not.
    assert cpu_seconds(lambda: one_of_each_seed(runs)) < 20 * reading


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


def test_a_run_that_is_gone_is_left_out_of_groups_that_were_chosen_too(home: Home) -> None:
    ids = seeds(home, "run", [0.9, 0.92])
    comparison = compared(home, ids, grouped=[["gone"], ["run-1", "lost"], ["run-0"]])
    assert [[run.id for run in group.runs] for group in comparison.groups] == [["run-1"], ["run-0"]]


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
