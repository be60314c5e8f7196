"""What a checkpoint does on a data set after the run, kept apart from what the run found itself."""

from __future__ import annotations

from history import samples

from cnnlab.history.later_evaluations import record_later_evaluation
from cnnlab.history.queries import Reader
from cnnlab.history.resumption import ResumePoint, rewind
from cnnlab.home import Home

RUN = "aaaa0001"
BOTH = ((0.5, float("nan")), (0.75, 0.25))
"""Accuracies and losses; the first model diverged."""


def test_a_run_that_goes_on_keeps_what_its_checkpoints_did_elsewhere(home: Home) -> None:
    samples.add_run(home, RUN)
    samples.record(home, RUN, *samples.life())
    written = record_later_evaluation(home, RUN, "mnist", samples.evaluated("test", "best", 8))
    with Reader(home) as reader:
        first, last = sorted(reader.checkpoints([RUN])[RUN], key=lambda one: one.kind)
    point = ResumePoint(last, first, None, frozenset(), 1, 2, 0.0)
    rewind(home, RUN, point)
    with Reader(home) as reader:
        assert reader.later_evaluations([RUN])[RUN] == [written]
        assert reader.confusion(written.id, 3) == [[27, 3, 0], [0, 27, 3], [3, 0, 27]]
        assert reader.final_evaluations([RUN])[RUN] == []


def test_what_was_recorded_can_be_told_though_another_has_taken_its_place(home: Home) -> None:
    samples.add_run(home, RUN)
    samples.record(home, RUN, *samples.life())
    results = [samples.evaluation(accuracy=accuracy, loss=loss) for accuracy, loss in BOTH]
    first, second = [
        record_later_evaluation(home, RUN, "mnist", samples.evaluated("test", "best", 8, result))
        for result in results
    ]
    with Reader(home) as reader:
        assert reader.later_evaluations([RUN])[RUN] == [second]
    assert (first.accuracy, first.loss, first.dataset) == (0.5, None, "mnist")
    assert (first.classes, second.loss) == (results[0].classes, 0.25)
