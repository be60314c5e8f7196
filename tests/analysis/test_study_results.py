"""Published against measured: which runs count for a row, and what they come to."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from own_studies import own_study

from cnnlab.analysis.evaluated_runs import Which, measured
from cnnlab.analysis.study_results import RowResult, StudyResults, best_of, study_results
from cnnlab.config import studies
from cnnlab.config.run import Monitor, RunConfig
from cnnlab.config.studies import Study
from cnnlab.data.catalog import CIFAR10_CLASSES, DIGITS
from cnnlab.events import (
    CheckpointKind,
    CheckpointSaved,
    ClassMetrics,
    Ending,
    Evaluation,
    EvaluationFinished,
    RunFailed,
    RunFinished,
)
from cnnlab.export.study_json import results_as_json
from cnnlab.export.study_words import remarks, sign_notes
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder, create_run, new_run_id
from cnnlab.home import Home

TEXT = """
title = "Rates"
[data]
name = "mnist-5k"
[model]
name = "lenet"
[training]
epochs = 4
[[rows]]
name = "slow"
published = { accuracy = 0.9, class_precision = [0.5, 0.7] }
optimizer.lr = 0.001
[[rows]]
name = "fast"
optimizer.lr = 0.1
"""
FINISHED = RunFinished("all epochs trained")


@pytest.fixture
def study(home: Home) -> Study:
    return own_study(home, TEXT, "mine/rates")


def add_run(
    home: Home,
    study: Study,
    row: str,
    accuracy: float,
    *settings: str,
    ending: Ending = FINISHED,
    config: dict[str, Any] | None = None,
    last: float = 0.25,
    validated: float | None = None,
    monitor: Monitor = "validation_accuracy",
    classes: Sequence[str] = "ab",
) -> str:
    """A run of a row as training leaves it behind; returns its id."""
    (chosen,) = study.chosen([row])
    wanted = chosen.preset.with_settings(settings)
    run_id = new_run_id()
    create_run(
        home, run_id, config=config or wanted.model_dump(mode="json"), dataset="mnist-5k",
        model="lenet", monitor=monitor, epochs=4, preset=chosen.preset.name,
    )  # fmt: skip
    values: tuple[tuple[CheckpointKind, float], ...] = (("best", accuracy), ("last", last))
    with Recorder(home, run_id) as recorder:
        for checkpoint, value in values:
            recorder.record(
                EvaluationFinished("test", checkpoint, 4, 8, evaluation(value, classes))
            )
        if validated is not None:
            recorder.record(CheckpointSaved("best", 4, 8, Path("best.pt"), 1, "0", validated))
        recorder.record(ending)
    return run_id


def evaluation(accuracy: float, names: Sequence[str]) -> Evaluation:
    classes = tuple(ClassMetrics(name, accuracy - 0.1, 0.5, 0.5, 10) for name in names)
    return Evaluation(0.1, accuracy, None, accuracy, 0.5, 0.5, classes, ((5, 5), (5, 5)))


def measure(
    home: Home, study: Study, checkpoint: CheckpointKind = "best", which: Which = "newest"
) -> StudyResults:
    with Reader(home) as reader:
        return study_results(reader, study, checkpoint, which)


def slow(home: Home, study: Study) -> RowResult:
    return measure(home, study).rows[0]


def test_without_runs_every_row_is_still_to_be_run(home: Home, study: Study) -> None:
    results = measure(home, study)
    assert [row.status for row in results.rows] == ["not run", "not run"]
    assert results.varies == ("optimizer.lr",)
    assert not home.history.exists()


def test_a_run_of_the_rows_config_is_measured(home: Home, study: Study) -> None:
    run_id = add_run(home, study, "slow", 0.8, "training.seed=1", "training.device=cpu")
    row = slow(home, study)
    assert (row.status, [run.id for run in row.runs]) == ("measured", [run_id])
    figure = row.figures["accuracy"]
    assert (figure.mean, figure.std, figure.n) == (0.8, None, 1)
    assert [one.mean for one in row.classes["class_precision"]] == pytest.approx([0.7, 0.7])
    assert "top5_accuracy" not in row.figures
    assert measure(home, study).rows[1].status == "not run"


def test_several_seeds_give_mean_and_deviation(home: Home, study: Study) -> None:
    values = [0.8, 0.9, 0.85]
    for seed, value in enumerate(values):
        add_run(home, study, "slow", value, f"training.seed={seed}")
    figure = slow(home, study).figures["accuracy"]
    assert figure.n == 3
    assert figure.mean == pytest.approx(statistics.fmean(values))
    assert figure.std == pytest.approx(statistics.stdev(values))
    assert (figure.minimum, figure.maximum) == (0.8, 0.9)


def test_of_one_seed_the_newest_run_counts(home: Home, study: Study) -> None:
    add_run(home, study, "slow", 0.1, "training.seed=1")
    newest = add_run(home, study, "slow", 0.8, "training.seed=1")
    row = slow(home, study)
    assert [run.id for run in row.runs] == [newest]
    assert row.figures["accuracy"].mean == 0.8


@pytest.mark.parametrize(
    ("monitor", "values"), [("validation_accuracy", (0.7, 0.9)), ("validation_loss", (0.9, 0.7))]
)
def test_of_one_seed_the_run_with_the_best_validation_can_count(
    home: Home, study: Study, monitor: Monitor, values: tuple[float, float]
) -> None:
    """The choice does not look at the test images: the run chosen is the worse one on those."""
    worse, better = values
    add_run(home, study, "slow", 0.8, "training.seed=1")
    add_run(home, study, "slow", 0.5, "training.seed=1", validated=better, monitor=monitor)
    add_run(home, study, "slow", 0.6, "training.seed=1", validated=worse, monitor=monitor)
    other = add_run(home, study, "slow", 0.4, "training.seed=2", validated=worse, monitor=monitor)
    newest, best = (measure(home, study, which=which).rows[0] for which in ("newest", "best"))
    assert newest.figures["accuracy"].mean == pytest.approx(0.5)
    assert best.figures["accuracy"].mean == pytest.approx(0.45)
    assert best.runs[0].id == other


def test_runs_that_did_not_finish_do_not_count(home: Home, study: Study) -> None:
    add_run(home, study, "slow", 0.8, "training.seed=1", ending=RunFailed("no memory"))
    row = slow(home, study)
    assert (row.status, row.failure) == ("not run", "no memory")


def test_a_run_with_other_epochs_is_told_apart(home: Home, study: Study) -> None:
    add_run(home, study, "slow", 0.5, "training.seed=1", "training.epochs=1")
    row = slow(home, study)
    assert row.status == "not comparable"
    assert row.changed == {"training.epochs": (4, 1)}
    assert row.figures["accuracy"].mean == 0.5
    add_run(home, study, "slow", 0.8, "training.seed=1")
    add_run(home, study, "slow", 0.6, "training.seed=2", "data.name=mnist")
    row = slow(home, study)
    assert (row.status, row.figures["accuracy"].mean) == ("measured", 0.8)
    assert [run.config["data"]["name"] for run in row.hidden] == ["mnist", "mnist-5k"]


def test_of_runs_that_do_not_compare_the_nearest_stand_in_and_all_others_are_named(
    home: Home, study: Study
) -> None:
    """Not the newest: those differ in two fields."""
    near = [
        add_run(home, study, "slow", 0.5, f"training.seed={seed}", "data.name=mnist")
        for seed in (1, 2, 3)
    ]
    far = [
        add_run(
            home, study, "slow", 0.9, f"training.seed={seed}", "data.name=mnist", "optimizer.lr=1"
        )
        for seed in (1, 2)
    ]
    results = measure(home, study)
    row = results.rows[0]
    assert (row.status, row.changed) == ("not comparable", {"data.name": ("mnist-5k", "mnist")})
    assert [run.id for run in row.runs] == near[::-1]
    assert row.figures["accuracy"].mean == 0.5
    others = ", ".join(far[::-1])
    assert f"slow: runs with other settings, not in the table: {others}." in remarks(results)
    assert results_as_json(results)["rows"][0]["other_settings"] == far[::-1]


@pytest.mark.parametrize(
    ("data", "classes", "shown"),
    [
        ("cifar10", CIFAR10_CLASSES, 0),
        ("mnist", DIGITS, 10),
        ("mine", DIGITS, 10),
        ("mine", "ab", 0),
    ],
)
def test_of_another_data_set_figures_of_the_same_classes_stand_in_alone(
    home: Home, study: Study, data: str, classes: Sequence[str], shown: int
) -> None:
    add_run(home, study, "slow", 0.5, f"data.name={data}", classes=classes)
    row = slow(home, study)
    assert (row.status, row.figures["accuracy"].mean) == ("not comparable", 0.5)
    assert len(row.classes.get("class_precision", ())) == shown


def test_of_configs_that_differ_in_as_many_fields_the_newest_stands_in(
    home: Home, study: Study
) -> None:
    older = add_run(home, study, "slow", 0.5, "training.epochs=1")
    newer = add_run(home, study, "slow", 0.6, "training.epochs=2")
    row = slow(home, study)
    assert [run.id for run in row.runs] == [newer]
    assert [run.id for run in row.hidden] == [older]
    assert row.changed == {"training.epochs": (4, 2)}


@pytest.mark.parametrize("names", ["abc", "xy"])
def test_runs_on_other_images_of_the_data_sets_name_do_not_mix(
    home: Home, study: Study, names: str
) -> None:
    old = add_run(home, study, "slow", 0.5, "training.seed=1", classes=names)
    newer = [add_run(home, study, "slow", 0.8, f"training.seed={seed}") for seed in (2, 3)]
    results = measure(home, study)
    row = results.rows[0]
    assert {run.id for run in row.runs} == {*newer}
    assert [run.id for run in row.other_images] == [old]
    assert [one.n for one in row.classes["class_precision"]] == [2, 2]
    assert f"slow: runs tested on other images, not in the table: {old}." in remarks(results)
    assert results_as_json(results)["rows"][0]["other_images"] == [old]


def test_figures_can_be_those_of_the_last_checkpoint(home: Home, study: Study) -> None:
    add_run(home, study, "slow", 0.8, "training.seed=1", last=0.7)
    assert measure(home, study, "last").rows[0].figures["accuracy"].mean == 0.7


def test_a_run_of_an_older_config_is_completed_or_left_out(home: Home, study: Study) -> None:
    config = study.rows[0].preset.config.model_dump(mode="json")
    del config["data"]["residence"]
    config["training"]["seed"] = 1
    add_run(home, study, "slow", 0.8, config=config)
    assert slow(home, study).status == "measured"
    add_run(home, study, "fast", 0.8, config={"model": {"name": "of the past"}})
    assert measure(home, study).rows[1].status == "not run"


def test_the_json_is_the_contract(home: Home, study: Study) -> None:
    run_id = add_run(home, study, "slow", 0.8, "training.seed=1", "training.epochs=1")
    shown = json.loads(json.dumps(results_as_json(measure(home, study)), allow_nan=False))
    assert list(shown) == [
        "name", "report", "title", "source", "description", "assumed", "remark", "figures",
        "checkpoint", "which", "varies", "trained", "not_comparable", "rows",
    ]  # fmt: skip
    assert (shown["figures"], shown["trained"], shown["not_comparable"]) == ("rounded", 0, 1)
    first, second = shown["rows"]
    assert list(first) == [
        "name", "title", "preset", "status", "settings", "published", "measured", "changed",
        "runs", "other_settings", "other_images", "diverged", "failure", "assumed", "remark",
    ]  # fmt: skip
    assert first["preset"] == "mine/rates/slow"
    assert first["status"] == "not comparable"
    assert first["settings"] == {"optimizer.lr": 0.001}
    assert first["published"] == {"accuracy": 0.9, "class_precision": [0.5, 0.7]}
    assert first["measured"]["accuracy"] == {
        "mean": 0.8, "std": None, "n": 1, "minimum": 0.8, "maximum": 0.8, "best": 0.8,
        "outside": None,
    }  # fmt: skip
    assert len(first["measured"]["class_precision"]) == 2
    assert first["changed"] == {"training.epochs": [4, 1]}
    assert first["runs"] == [run_id]
    assert (second["status"], second["measured"], second["runs"]) == ("not run", {}, [])


@pytest.mark.parametrize(
    ("accuracies", "outside"),
    [
        ((0.8, 0.85), True),
        ((0.91, 0.95), True),
        ((0.85, 0.9), False),
        ((0.9016, 0.9031), False),
        ((0.9056, 0.9061), True),
        # A half is rounded down by some, and up by others.
        ((0.905, 0.93), False),
        ((0.9051, 0.93), True),
        ((0.88, 0.895), False),
        ((0.88, 0.8949), True),
        ((0.8,), None),
    ],
)
def test_a_published_figure_outside_the_range_of_several_runs_is_told(
    home: Home, study: Study, accuracies: tuple[float, ...], outside: bool | None
) -> None:
    for seed, accuracy in enumerate(accuracies):
        add_run(home, study, "slow", accuracy, f"training.seed={seed}")
    figure = results_as_json(measure(home, study))["rows"][0]["measured"]["accuracy"]
    assert (figure["n"], figure["best"]) == (len(accuracies), max(accuracies))
    assert (figure["minimum"], figure["outside"]) == (min(accuracies), outside)


@pytest.mark.parametrize(
    ("accuracies", "rounded", "cut"),
    [
        ((0.9065, 0.9065), True, False),
        ((0.9099, 0.91), True, False),
        ((0.9, 0.9), False, False),
        ((0.91, 0.92), True, True),
        ((0.8899, 0.8999), False, True),
        ((0.8999, 0.9001), False, False),
    ],
)
def test_where_the_source_cuts_its_figures_the_range_is_cut(
    home: Home, study: Study, accuracies: tuple[float, ...], rounded: bool, cut: bool
) -> None:
    for seed, accuracy in enumerate(accuracies):
        add_run(home, study, "slow", accuracy, f"training.seed={seed}")
    assert slow(home, study).outside("accuracy") is rounded
    study.path.write_text(f'figures = "cut"\n{TEXT}', encoding="utf-8")
    results = measure(home, studies.load(home, "mine/rates"))
    assert results.rows[0].outside("accuracy") is cut
    said = [line for line in sign_notes(results) if line.startswith("‡")]
    lies = "The published figure lies outside the range of the measured runs, cut as it is."
    # Of the classes at least.
    assert said == [f"‡ {lies}"]
    assert "Published figures are cut, not rounded." in remarks(results)
    assert results_as_json(results)["figures"] == "cut"


def test_of_classes_each_lies_outside_or_not(home: Home, study: Study) -> None:
    for seed, accuracy in enumerate((0.75, 0.85)):
        add_run(home, study, "slow", accuracy, f"training.seed={seed}")
    classes = results_as_json(measure(home, study))["rows"][0]["measured"]["class_precision"]
    # Published are 0.5 and 0.7; measured of both classes 0.65 to 0.75.
    assert [one["outside"] for one in classes] == [True, False]
    assert [one["best"] for one in classes] == pytest.approx([0.75, 0.75])


def test_runs_that_do_not_compare_and_times_lie_outside_of_nothing(
    home: Home, study: Study
) -> None:
    for seed, accuracy in enumerate((0.1, 0.2)):
        add_run(home, study, "slow", accuracy, f"training.seed={seed}", "training.epochs=1")
    row = slow(home, study)
    assert row.figures["accuracy"].n == 2
    assert row.outside("accuracy") is None
    assert row.outside("seconds") is None


def test_the_best_time_is_the_least() -> None:
    times = measured([30.0, 20.0, 40.0])
    assert (best_of("seconds", times), best_of("accuracy", times)) == (20.0, 40.0)


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ([math.inf, 1.0], math.inf),
        ([math.inf], math.inf),
        ([-math.inf, 1.0], -math.inf),
        ([math.inf, -math.inf], math.nan),
        ([1e308, 1e308], math.inf),
        ([1e200, -1e200], 0.0),
    ],
)
def test_figures_without_end_have_no_deviation(values: list[float], mean: float) -> None:
    found = measured(values)
    assert found.mean == pytest.approx(mean, nan_ok=True)
    assert (found.std, found.n) == (None, len(values))
    assert (found.minimum, found.maximum) == (min(values), max(values))


def test_configs_of_rows_load_again(study: Study) -> None:
    for row in study.rows:
        again = RunConfig.model_validate(row.preset.config.model_dump(mode="json"))
        assert again == row.preset.config
