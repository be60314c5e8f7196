"""Curves out of real histories, and the smoothing against TensorBoard's own recursion."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from cost import cpu_seconds
from history.samples import change
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.analysis.curves import (
    Curve,
    Reading,
    RunSeries,
    nearest,
    read_series,
    smoothed,
)
from cnnlab.events import (
    ClassMetrics,
    EpochFinished,
    Evaluation,
    EvaluationFinished,
    Event,
    RunFinished,
    RunStarted,
    Split,
    StepsFinished,
)
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder, create_run
from cnnlab.home import Home

NAN = math.nan
STARTED = RunStarted(
    "cpu", "a CPU", "float32", "contiguous", "device", 100, 20, 3, 4, 400, 60, 90
)  # four steps an epoch
RUN = "10000001"


def add_run(home: Home, *events: Event) -> None:
    create_run(
        home, RUN, config={}, dataset="mnist-5k", model="lenet", monitor="validation_loss", epochs=3
    )
    with Recorder(home, RUN) as recorder:
        for event in events:
            recorder.record(event)


def steps(first: int, losses: Sequence[float], lr: float = 0.1) -> StepsFinished:
    accuracies = tuple(loss / 10 for loss in losses)
    epoch = (first + 3) // 4
    return StepsFinished(epoch, first, tuple(losses), accuracies, (lr,) * len(losses), 100.0)


def checked(step: int, loss: float, split: Split = "validation") -> EvaluationFinished:
    metrics = tuple(ClassMetrics(name, 0.5, 0.5, 0.5, 30) for name in ("cat", "dog"))
    result = Evaluation(loss, loss / 10, None, 0.5, 0.5, 0.5, metrics, ((15, 15), (15, 15)))
    return EvaluationFinished(split, None, (step + 3) // 4, step, result)


def epoch(number: int, seconds: float) -> EpochFinished:
    loss = float(number)
    return EpochFinished(
        number, number * 4, loss, loss / 10, 2 * loss, loss / 5, 0.1 / number, seconds, 99.0
    )


TWO_EPOCHS_AND_A_HALF = (
    STARTED,
    steps(1, (9.0, 8.0, 7.0, 6.0)),
    checked(4, 6.5),
    epoch(1, 2.0),
    steps(5, (5.0, 4.0)),
    checked(6, 4.5),
    checked(6, 77.0, split="train"),
    steps(7, (3.0, 2.0)),
    checked(8, 2.5),
    epoch(2, 6.0),
    steps(9, (1.0, 0.5), lr=0.01),
)


def read(
    home: Home, quantity: str = "loss", by: str = "step"
) -> dict[str, list[tuple[float, float]]]:
    """The points of each curve, by its name."""
    with Reader(home) as reader:
        curves = read_series(reader, RUN).curves(quantity, by)  # type: ignore[arg-type]
    return {
        one.label: list(zip(*(axis.tolist() for axis in one.points()), strict=True))
        for one in curves
    }


@pytest.mark.parametrize(
    ("by", "training", "validation"),
    [
        ("step", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [4, 6, 8]),
        ("epoch", [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5], [1, 1.5, 2]),
        # Two seconds, then six, then at the pace of the six.
        ("time", [0.5, 1, 1.5, 2, 3.5, 5, 6.5, 8, 9.5, 11], [2, 5, 8]),
    ],
)
def test_steps_keep_their_place_within_epochs(
    home: Home, by: str, training: list[float], validation: list[float]
) -> None:
    add_run(home, *TWO_EPOCHS_AND_A_HALF)
    curves = read(home, "loss", by)
    assert list(curves) == ["training", "validation"]
    losses = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.5]
    assert curves["training"] == list(zip(training, losses, strict=True))
    assert curves["validation"] == list(zip(validation, [6.5, 4.5, 2.5], strict=True))


def test_accuracy_and_learning_rate_are_read_alike(home: Home) -> None:
    add_run(home, *TWO_EPOCHS_AND_A_HALF)
    accuracy = read(home, "accuracy")
    assert accuracy["training"][:2] == [(1, 0.9), (2, 0.8)]
    assert accuracy["validation"] == [(4, 0.65), (6, 0.45), (8, 0.25)]
    rates = read(home, "lr")
    assert list(rates) == ["training"]
    assert [rate for _, rate in rates["training"]] == [0.1] * 8 + [0.01] * 2


@pytest.mark.parametrize(("by", "places"), [("step", [4, 8]), ("epoch", [1, 2]), ("time", [3, 4])])
def test_where_no_steps_are_kept_the_means_of_epochs_are_read(
    home: Home, by: str, places: list[float]
) -> None:
    add_run(home, STARTED, epoch(1, 3.0), epoch(2, 1.0))
    assert read(home, "loss", by) == {
        "training": list(zip(places, [1.0, 2.0], strict=True)),
        "validation": list(zip(places, [2.0, 4.0], strict=True)),
    }
    first, second = places
    stairs = [(0, 0.1), (first, 0.1), (first, 0.05), (second, 0.05)]
    assert read(home, "lr", by) == {"training": stairs}


def test_means_can_be_asked_for_though_there_are_steps(home: Home) -> None:
    add_run(home, *TWO_EPOCHS_AND_A_HALF)
    with Reader(home) as reader:
        curves = read_series(reader, RUN, steps=False).curves("loss", "epoch")
    # Validations have no means: those within an epoch are among them.
    assert [list(one.x) for one in curves] == [[1, 2], [1, 1.5, 2]]
    assert [list(one.y) for one in curves] == [[1, 2], [6.5, 4.5, 2.5]]


def test_a_loss_that_was_no_number_is_a_gap(home: Home) -> None:
    add_run(home, STARTED, steps(1, (2.0, NAN, 1.0)))
    with Reader(home) as reader:
        (curve,) = read_series(reader, RUN).curves("loss", "step")
    assert np.array_equal(curve.y, [2.0, NAN, 1.0], equal_nan=True)


def test_a_run_that_never_began_has_no_curves(home: Home) -> None:
    add_run(home)
    for by in ("step", "epoch", "time"):
        for quantity in ("loss", "accuracy", "lr"):
            assert read(home, quantity, by) == {}


def test_in_a_first_epoch_the_wall_time_is_spread_over_the_steps(home: Home) -> None:
    add_run(home, STARTED, steps(1, (3.0, 2.0)))
    began = datetime.now(UTC) - timedelta(hours=1)
    change(home, "update runs set started_at = ?", [began.isoformat()])
    running = [x for x, _ in read(home, "loss", "time")["training"]]
    assert 3600 <= running[1] <= (datetime.now(UTC) - began).total_seconds()
    assert running[0] == pytest.approx(running[1] / 2)


def test_an_ended_run_keeps_its_times(home: Home) -> None:
    add_run(home, STARTED, steps(1, (3.0, 2.0)), RunFinished("stopped"))
    once = read(home, "loss", "time")
    time.sleep(0.02)
    assert read(home, "loss", "time") == once
    with Reader(home) as reader:
        assert once["training"][-1][0] == reader.run(RUN).duration_s


def test_without_the_size_of_an_epoch_its_end_tells(home: Home) -> None:
    add_run(home, steps(1, (9.0, 8.0, 7.0, 6.0)), epoch(1, 2.0), steps(5, (5.0, 4.0)))
    assert [x for x, _ in read(home, "loss", "epoch")["training"]] == [
        0.25, 0.5, 0.75, 1, 1.25, 1.5,
    ]  # fmt: skip


def test_one_reading_serves_all_curves(home: Home) -> None:
    add_run(home, *TWO_EPOCHS_AND_A_HALF)
    with Reader(home) as reader:
        series = read_series(reader, RUN)
    assert isinstance(series, RunSeries)
    # The history is closed by now.
    assert len(series.curves("loss", "step")) == len(series.curves("accuracy", "time")) == 2


# Smoothing


def tensorboard(values: Sequence[float | None], weight: float) -> list[float]:
    """The loop of TensorBoard's `resmoothDataset`, value by value."""
    last, count, result = 0.0, 0, []
    for value in values:
        if value is None or not math.isfinite(value):
            result.append(NAN)
            continue
        last = last * weight + (1 - weight) * value
        count += 1
        result.append(last / (1 - weight**count))
    return result


def test_a_series_by_hand() -> None:
    # 0.5 x 1 / 0.5; (0.25 x 1 + 0.5 x 4) / 0.75; (0.125 x 1 + 0.25 x 4 + 0.5 x 2) / 0.875
    assert smoothed([1.0, 4.0, 2.0], 0.5) == pytest.approx([1.0, 3.0, 2.125 / 0.875])


@settings(max_examples=200)
@given(
    values=st.lists(
        st.none() | st.floats(-1e6, 1e6) | st.sampled_from([NAN, math.inf, -math.inf]), max_size=80
    ),
    weight=st.floats(0, 0.999),
)
def test_the_average_is_tensorboards(values: list[float | None], weight: float) -> None:
    expected = tensorboard(values, weight)
    result = smoothed(values, weight)
    assert len(result) == len(values)
    # Where nearly all weight lies on the past, 1 - weight^n itself has few digits.
    assert result == pytest.approx(expected, rel=1e-6, abs=1e-4, nan_ok=True)


def test_a_gap_does_not_poison_what_follows() -> None:
    broken = smoothed([1.0, NAN, None, math.inf, 4.0, 2.0], 0.5)
    assert np.isnan(broken[1:4]).all()
    assert broken[[0, 4, 5]].tolist() == smoothed([1.0, 4.0, 2.0], 0.5).tolist()


def test_the_ends_of_the_weight() -> None:
    assert smoothed([3.0, NAN, 1.0], 0).tolist()[::2] == [3.0, 1.0]
    assert smoothed([3.0, 1.0, 2.0], 1) == pytest.approx([3.0, 2.0, 2.0])
    for weight in (-0.1, 1.1, NAN):
        with pytest.raises(ValueError, match="smoothing weight"):
            smoothed([1.0], weight)


@pytest.mark.parametrize("weight", [0.1, 0.6, 0.9, 0.999, 0.9999999, 1.0])
def test_a_constant_curve_stays_exactly_constant(weight: float) -> None:
    assert set(smoothed([0.1] * 1000, weight).tolist()) == {0.1}


def test_smoothing_leaves_its_values_alone() -> None:
    given = np.array([1.0, NAN, 3.0])
    smoothed(given, 0.9)
    assert given.tolist()[::2] == [1.0, 3.0]
    assert smoothed([], 0.5).tolist() == []
    assert np.isnan(smoothed([NAN, None], 0.5)).all()


@pytest.mark.parametrize("weight", [0.6, 0.99, 0.9999])
def test_100000_points_are_smoothed_faster_than_by_a_loop(weight: float) -> None:
    values = np.random.default_rng(0).random(100_000)
    listed = values.tolist()
    loop = cpu_seconds(lambda: tensorboard(listed, weight))
    assert cpu_seconds(lambda: smoothed(values, weight)) < loop / 2
    result = smoothed(values, weight)
    assert result == pytest.approx(tensorboard(values.tolist(), weight), rel=1e-9)


# Reading values


def test_the_values_nearest_to_a_place() -> None:
    training = Curve("training", [1.0, 2.0, 3.0, 4.0], [9.0, NAN, 7.0, 6.0])
    validation = Curve("validation", np.array([2.0, 4.0]), np.array([5.0, 4.0]))
    empty = Curve("other", [1.0], [None])
    assert nearest([training, validation, empty], 2.2) == [
        Reading("training", 3.0, 7.0), Reading("validation", 2.0, 5.0), None,
    ]  # fmt: skip
    assert nearest([training, validation], -50.0) == [
        Reading("training", 1.0, 9.0), Reading("validation", 2.0, 5.0),
    ]  # fmt: skip
    # Of two equally near ones the earlier.
    assert nearest([training, validation], 3.0)[1] == Reading("validation", 2.0, 5.0)


def test_a_curve_with_a_value_too_many_is_refused() -> None:
    with pytest.raises(ValueError, match="2 places for 1 values"):
        Curve("training", [1.0, 2.0], [1.0]).points()
