"""What a run is made of, as a reader of the history gets it."""

from __future__ import annotations

import math
from dataclasses import astuple
from pathlib import Path

from history import samples

from cnnlab.history.queries import Reader
from cnnlab.home import Home


def test_checkpoints_lie_in_the_home_as_it_is_now(home: Home, tmp_path: Path) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", samples.checkpoint("best", 1))
    moved = Home(home.root.rename(tmp_path / "moved"))
    with Reader(moved) as reader:
        (held,) = reader.checkpoints(["aaaa0001"])["aaaa0001"]
    assert Path(held.path).parent == moved.checkpoints("aaaa0001")


def test_validations_and_final_evaluations_are_told_apart(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", *samples.life())
    with Reader(home) as reader:
        on_the_way = reader.validations(["aaaa0001"])["aaaa0001"]
        final = reader.final_evaluations(["aaaa0001"])["aaaa0001"]
    assert [(each.split, each.checkpoint, each.epoch) for each in on_the_way] == [
        ("validation", None, 1),
        ("validation", None, 2),
    ]
    assert all(each.checkpoint for each in final)
    assert len(final) == 3


def test_validations_come_without_classes_where_none_are_wanted(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", *samples.life())
    with Reader(home) as reader:
        validations = reader.validations(["aaaa0001"], classes=False)["aaaa0001"]
    assert [each.classes for each in validations] == [(), ()]


def test_several_runs_are_read_at_once_and_kept_apart(home: Home) -> None:
    for run_id in ("aaaa0001", "bbbb0002", "cccc0003"):
        samples.add_run(home, run_id)
    samples.record(home, "aaaa0001", *samples.life())
    samples.record(home, "bbbb0002", samples.epoch(1), samples.checkpoint("last", 1))
    asked = ["bbbb0002", "aaaa0001", "cccc0003"]
    with Reader(home) as reader:
        epochs = reader.epochs(asked)
        checkpoints = reader.checkpoints(asked)
        final = reader.final_evaluations(asked)
        without = reader.epochs(["bbbb0002"])
    assert [len(epochs[run_id]) for run_id in asked] == [1, 2, 0]
    assert [len(checkpoints[run_id]) for run_id in asked] == [1, 2, 0]
    assert [len(final[run_id]) for run_id in asked] == [0, 3, 0]
    assert "aaaa0001" not in without


def test_thousands_of_runs_can_be_asked_for(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", samples.epoch(1))
    asked = [f"{number:08x}" for number in range(50_000)]
    with Reader(home) as reader:
        assert list(reader.epochs([*asked, "aaaa0001"])) == ["aaaa0001"]


def test_the_columns_of_steps_are_those_of_the_steps(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.add_run(home, "bbbb0002")
    samples.record(home, "aaaa0001", samples.steps(1, (0.5, math.nan, math.inf), epoch=3))
    samples.record(home, "bbbb0002", samples.steps(1, (9.0,)))
    with Reader(home) as reader:
        columns = reader.step_columns("aaaa0001")
        records = reader.steps("aaaa0001")
        later = reader.step_columns("aaaa0001", after=2)
        none = reader.step_columns("aaaa0001", after=3)
    assert columns.losses == [0.5, None, math.inf]
    assert list(zip(*astuple(columns), strict=True)) == [astuple(one) for one in records]
    assert astuple(later) == ([3], [3], [math.inf], [0.5], [0.01])
    assert astuple(none) == ([], [], [], [], [])


def test_a_home_without_a_history_has_nothing_to_tell(home: Home) -> None:
    with Reader(home) as reader:
        assert reader.runs() == []
        assert reader.run_ids() == []
        assert reader.runs_among(["aaaa0001"]) == []
        assert reader.tags() == reader.values("name") == []
        assert astuple(reader.step_columns("aaaa0001")) == ([], [], [], [], [])
        assert reader.steps("aaaa0001") == []
        assert reader.log("aaaa0001") == []
        assert reader.epochs(["aaaa0001"])["aaaa0001"] == []
        assert reader.final_evaluations(["aaaa0001"])["aaaa0001"] == []
        assert reader.confusion(1, 2) == [[0, 0], [0, 0]]
