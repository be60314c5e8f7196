"""A run under way, read piece by piece: what is known is kept, and what is no longer true goes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from history import samples

from cnnlab.analysis.curves import RunSeries, read_series
from cnnlab.analysis.following import FollowedRun
from cnnlab.errors import ConfigError
from cnnlab.events import Command, Event, Intervened, RunFinished
from cnnlab.history.edits import delete_run
from cnnlab.history.queries import Reader
from cnnlab.home import Home

RUN = "10000001"


def look(home: Home, followed: FollowedRun) -> bool:
    with Reader(home) as reader:
        return followed.refresh(reader)


def assert_as_in_history(home: Home, followed: FollowedRun) -> RunSeries:
    """What was read in pieces is what is read at once."""
    with Reader(home) as reader:
        whole = read_series(reader, RUN)
    series = followed.series
    assert series is not None
    for part in ("run", "epochs", "validations", "interventions"):
        assert vars(series)[part] == vars(whole)[part]
    for column in ("step", "loss", "accuracy", "lr"):
        known, recorded = getattr(series.steps, column), getattr(whole.steps, column)
        assert np.array_equal(known, recorded, equal_nan=True)
    return series


def test_a_run_grows_look_by_look(home: Home) -> None:
    samples.add_run(home, RUN)
    followed = FollowedRun(RUN)
    assert look(home, followed)
    assert followed.series is not None
    assert followed.series.curves("loss", "step") == []
    for event in samples.life():
        samples.record(home, RUN, event)
        look(home, followed)
    series = assert_as_in_history(home, followed)
    assert series.steps.step.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert len(series.validations) == 2


def test_where_nothing_is_new_nothing_is_read_again(home: Home) -> None:
    samples.add_run(home, RUN)
    samples.record(home, RUN, samples.STARTED, samples.steps(1, (0.9, math.nan)))
    followed = FollowedRun(RUN)
    assert look(home, followed)
    assert followed.series is not None
    known = followed.series.steps
    assert not look(home, followed)
    assert followed.series.steps is known


@pytest.mark.parametrize(
    "event",
    [
        samples.steps(5, (0.4,), epoch=2),
        samples.evaluated("validation", None, 5),
        replace(samples.epoch(2), step=8),
        Intervened(Command("scale_lr", 0.5), 1, 4),
        RunFinished("all epochs trained"),
    ],
    ids=["steps", "validation", "epoch", "intervention", "ending"],
)
def test_each_kind_of_news_is_seen(home: Home, event: Event) -> None:
    samples.add_run(home, RUN)
    first = samples.steps(1, (0.9, 0.8, 0.7, 0.6))
    samples.record(home, RUN, samples.STARTED, first, samples.epoch(1))
    followed = FollowedRun(RUN)
    look(home, followed)
    samples.record(home, RUN, event)
    assert look(home, followed)
    assert not look(home, followed)


def test_a_run_that_went_back_to_a_checkpoint_is_read_anew(home: Home) -> None:
    samples.add_run(home, RUN)
    samples.record(home, RUN, *samples.life()[:8])
    followed = FollowedRun(RUN)
    look(home, followed)
    samples.change(home, "delete from steps where step > 2")
    samples.change(home, "delete from evaluations")
    samples.change(home, "delete from epochs")
    assert look(home, followed)
    assert followed.series is not None
    assert followed.series.steps.step.tolist() == [1, 2]
    assert followed.series.validations == followed.series.epochs == []


def test_steps_that_were_trained_anew_take_the_place_of_those_before(home: Home) -> None:
    samples.add_run(home, RUN)
    samples.record(home, RUN, samples.STARTED, samples.steps(1, (0.9, 0.8, 0.7)))
    followed = FollowedRun(RUN)
    look(home, followed)
    # Since the last look the run went back to step 1, and came further than it had been.
    samples.record(home, RUN, samples.steps(2, (0.5, 0.4, 0.3)))
    assert look(home, followed)
    assert followed.series is not None
    assert followed.series.steps.loss.tolist() == [0.9, 0.5, 0.4, 0.3]


def test_a_run_that_was_deleted_is_told(home: Home) -> None:
    samples.add_run(home, RUN)
    samples.record(home, RUN, samples.STARTED, RunFinished("done"))
    followed = FollowedRun(RUN)
    look(home, followed)
    with Reader(home) as reader:
        delete_run(home, reader.run(RUN))
    with pytest.raises(ConfigError, match="run"):
        look(home, followed)
