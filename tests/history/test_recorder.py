"""What a run tells is in the history as it was told: once, whole, and soon."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from history import samples

from cnnlab.errors import HistoryError
from cnnlab.events import Ending, Event, Logged, RunFailed, RunFinished, RunInterrupted, RunStopped
from cnnlab.history.edits import delete_run
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import FLUSH_SECONDS, Recorder
from cnnlab.home import Home

# The life of a run


def test_a_whole_run_reads_as_it_was_told(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", *samples.life())
    with Reader(home) as reader:
        run = reader.run("aaaa0001")
        epochs = reader.epochs(["aaaa0001"])["aaaa0001"]
        steps = reader.steps("aaaa0001")
    assert (run.status, run.message) == ("finished", "all 2 epochs done")
    assert (run.device_name, run.parameters, run.steps_per_epoch) == ("a processor", 61_706, 4)
    assert (run.best_epoch, run.best_step, run.best_value) == (2, 8, 0.8)
    assert (run.epochs_done, run.test_accuracy) == (2, 0.9)
    assert [(each.epoch, each.step, each.train_loss) for each in epochs] == [
        (1, 4, 0.75),
        (2, 8, 0.375),
    ]
    assert [each.step for each in steps] == list(range(1, 9))
    assert [each.epoch for each in steps] == [1] * 4 + [2] * 4
    assert [each.loss for each in steps[4:]] == [0.45, 0.4, 0.35, 0.3]


def test_evaluations_come_with_their_classes_and_confusion(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", *samples.life())
    told = samples.evaluation()
    with Reader(home) as reader:
        final = reader.final_evaluations(["aaaa0001"])["aaaa0001"]
        on_the_way = reader.validations(["aaaa0001"])["aaaa0001"]
        matrix = reader.confusion(final[0].id, len(told.classes))
    assert [(each.checkpoint, each.split) for each in final] == [
        ("best", "train"),
        ("best", "test"),
        ("last", "test"),
    ]
    assert [each.step for each in on_the_way] == [4, 8]
    assert all(each.classes == told.classes for each in [*final, *on_the_way])
    assert matrix == [list(row) for row in told.confusion]


def test_validations_keep_no_confusion_matrix(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", samples.STARTED, samples.evaluated("validation", None, 4))
    assert samples.counts(home)["confusion"] == 0


def test_a_checkpoint_takes_the_place_of_its_kind(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(
        home,
        "aaaa0001",
        samples.STARTED,
        samples.checkpoint("last", 1, value=None),
        samples.checkpoint("best", 1, value=0.6),
        samples.checkpoint("last", 2, value=0.5),
    )
    with Reader(home) as reader:
        best, last, previous = reader.checkpoints(["aaaa0001"])["aaaa0001"]
    assert (best.kind, best.epoch, best.value) == ("best", 1, 0.6)
    assert (last.kind, last.epoch, last.value) == ("last", 2, 0.5)
    assert (previous.kind, previous.epoch, previous.value) == ("previous", 1, None)
    assert previous.path.endswith("last-1.pt")
    assert (last.bytes, last.sha256) == (1002, f"{2:064x}")
    assert last.path.endswith("last-2.pt")


def test_the_checkpoint_before_the_last_one_is_kept_until_the_run_is_finished(home: Home) -> None:
    def kinds() -> list[tuple[str, int]]:
        with Reader(home) as reader:
            held = reader.checkpoints(["aaaa0001"])["aaaa0001"]
        return [(one.kind, one.epoch) for one in held]

    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", *(samples.checkpoint("last", each) for each in (1, 2, 3)))
    assert kinds() == [("last", 3), ("previous", 2)]
    samples.record(home, "aaaa0001", RunStopped("by the user"))
    assert kinds() == [("last", 3), ("previous", 2)]
    samples.record(home, "aaaa0001", RunFinished("all done"))
    assert kinds() == [("last", 3)]


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        (RunFinished("all done"), "finished"),
        (RunStopped("by the user"), "stopped"),
        (RunInterrupted("SIGTERM"), "interrupted"),
        (RunFailed("out of memory"), "failed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_ending_is_a_status_with_its_words(home: Home, ending: Ending, status: str) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", samples.STARTED)
    with Reader(home) as reader:
        assert reader.run("aaaa0001").status == "running"
    samples.record(home, "aaaa0001", ending)
    with Reader(home) as reader:
        run = reader.run("aaaa0001")
    assert run.status == status
    assert run.message == (ending.message if isinstance(ending, RunFailed) else ending.reason)
    assert run.ended_at is not None


def test_a_traceback_goes_into_the_log(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    failed = RunFailed("It broke.", "Traceback:\n  line 1")
    samples.record(home, "aaaa0001", samples.STARTED, Logged("warning", "Hot."), failed)
    with Reader(home) as reader:
        log = [(line.level, line.message) for line in reader.log("aaaa0001")]
    assert log == [("warning", "Hot."), ("error", "Traceback:\n  line 1")]


def test_the_duration_is_the_time_between_start_and_end(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    with Recorder(home, "aaaa0001") as recorder:
        before = time.monotonic()
        recorder.record(samples.STARTED)
        time.sleep(0.2)
        recorder.record(RunFinished("done"))
        longest = time.monotonic() - before
    with Reader(home) as reader:
        duration = reader.run("aaaa0001").duration_s
    assert duration is not None
    assert 0.2 <= duration <= longest + 0.01  # times are kept in milliseconds


def test_a_run_that_failed_before_its_start_has_a_duration(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", RunFailed("no device"))
    with Reader(home) as reader:
        run = reader.run("aaaa0001")
    assert (run.status, run.started_at) == ("failed", None)
    assert run.duration_s is not None
    assert run.duration_s >= 0


# When it is written


def test_steps_are_written_within_a_fraction_of_a_second(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    with Recorder(home, "aaaa0001") as recorder, Reader(home) as reader:
        recorder.record(samples.STARTED)
        recorder.record(samples.steps(1, (0.5,)))
        time.sleep(FLUSH_SECONDS)
        recorder.record(Logged("info", "still here"))
        assert [step.step for step in reader.steps("aaaa0001")] == [1]
        assert [line.message for line in reader.log("aaaa0001")] == ["still here"]


def test_many_short_stretches_share_transactions(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    with Recorder(home, "aaaa0001") as recorder, Reader(home) as reader:
        seen = set()
        began = time.monotonic()
        for number in range(1, 301):
            recorder.record(samples.steps(number, (0.5,)))
            seen.add(len(reader.steps("aaaa0001")))
        took = time.monotonic() - began
    # What a reader sees grows once a transaction: a few times a second, not once a stretch.
    assert len(seen) <= 2 + took / FLUSH_SECONDS
    assert samples.counts(home)["steps"] == 300


def test_what_waits_is_written_on_close(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    with Recorder(home, "aaaa0001") as recorder:
        recorder.record(samples.steps(1, (0.5,) * 40))
        recorder.record(Logged("info", "last words"))
    assert samples.counts(home)["steps"] == 40
    assert samples.counts(home)["log"] == 1


def test_what_waits_is_written_when_an_error_ends_the_run(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    with suppress(ZeroDivisionError), Recorder(home, "aaaa0001") as recorder:
        recorder.record(samples.steps(1, (0.5,)))
        raise ZeroDivisionError
    assert samples.counts(home)["steps"] == 1


def test_an_epoch_is_on_disk_when_record_comes_back(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    with Recorder(home, "aaaa0001") as recorder:
        recorder.record(samples.steps(1, (0.5,) * 4))
        recorder.record(samples.epoch(1))
        assert samples.counts(home)["epochs"] == 1
        assert samples.counts(home)["steps"] == 4


# Recording a second time


def test_steps_and_epochs_that_are_made_again_take_the_place(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    first: list[Event] = [samples.steps(1, (0.9, 0.8, 0.7, 0.6)), samples.epoch(1, loss=0.75)]
    samples.record(home, "aaaa0001", samples.STARTED, *first, samples.steps(5, (0.5,), epoch=2))
    again: list[Event] = [samples.steps(3, (0.3, 0.2)), samples.epoch(1, loss=0.5)]
    samples.record(home, "aaaa0001", samples.STARTED, *again)
    with Reader(home) as reader:
        steps = [(step.step, step.loss) for step in reader.steps("aaaa0001")]
        epochs = [
            (epoch.epoch, epoch.train_loss) for epoch in reader.epochs(["aaaa0001"])["aaaa0001"]
        ]
    assert steps == [(1, 0.9), (2, 0.8), (3, 0.3), (4, 0.2), (5, 0.5)]
    assert epochs == [(1, 0.5)]


def test_evaluations_that_are_made_again_take_the_place(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", *samples.life())
    before = samples.counts(home)
    better = samples.evaluation(("cat", "dog", "elk"), accuracy=0.95)
    samples.record(
        home,
        "aaaa0001",
        samples.evaluated("validation", None, 8, better),
        samples.evaluated("test", "best", 8, better),
    )
    assert samples.counts(home) == before
    with Reader(home) as reader:
        validations = reader.validations(["aaaa0001"])["aaaa0001"]
        finals = reader.final_evaluations(["aaaa0001"])["aaaa0001"]
    assert [each.accuracy for each in validations] == [0.9, 0.95]
    assert [each.accuracy for each in finals] == [0.9, 0.95, 0.9]
    assert finals[1].classes == better.classes


def test_one_run_does_not_touch_another(home: Home) -> None:
    for run_id in ("aaaa0001", "bbbb0002"):
        samples.add_run(home, run_id)
        samples.record(home, run_id, *samples.life())
    with Reader(home) as reader:
        steps = [reader.steps(run_id) for run_id in ("aaaa0001", "bbbb0002")]
    assert len(steps[0]) == 8
    assert steps[0] == steps[1]


def test_a_run_that_was_deleted_meanwhile_is_named(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    # Of a run on another machine nobody can tell here whether it is alive.
    samples.change(home, "update runs set host = 'elsewhere'")
    with Reader(home) as reader:
        run = reader.run("aaaa0001")
    recorder = Recorder(home, "aaaa0001")
    delete_run(home, run)
    with pytest.raises(HistoryError, match="aaaa0001 is no longer in the history"), recorder:
        recorder.record(samples.STARTED)
    assert set(samples.counts(home).values()) == {0}
