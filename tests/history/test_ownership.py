"""Whose a run is: the process that trains it, as long as it lives, and nobody's after that."""

from __future__ import annotations

import math
import os
import signal
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from history import samples
from history.processes import Worker, go_together
from waiting import NO_PROCESS

from cnnlab.errors import HistoryError
from cnnlab.events import Logged, RunFinished, RunInterrupted
from cnnlab.history import ownership
from cnnlab.history.interruption import mark_interrupted
from cnnlab.history.later_evaluations import record_later_evaluation
from cnnlab.history.ownership import (
    HEARTBEAT_SECONDS,
    SILENCE_SECONDS,
    beat,
    boot_id,
    holding,
    is_alive,
    is_gone,
    is_held,
    is_waiting,
)
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.history.recorder import Recorder
from cnnlab.history.records import RunRecord
from cnnlab.history.resumption import claim, require_resumable
from cnnlab.history.watch import Watch
from cnnlab.home import Home

RUN = "aaaa0001"
LONG_AGO = "2026-01-01T00:00:00.000+00:00"


def run_of(home: Home, run_id: str = RUN) -> RunRecord:
    with Reader(home) as reader:
        return reader.run(run_id)


def ago(seconds: float) -> str:
    """A time in the past, as the history writes it."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def put(home: Home, **values: object) -> None:
    """Changes the row as another process would."""
    columns = ", ".join(f"{name} = ?" for name in values)
    samples.change(home, f"update runs set {columns}", list(values.values()))


@pytest.fixture
def running(home: Home) -> Home:
    """A home with a run that this process has under way."""
    samples.add_run(home, RUN)
    samples.record(home, RUN, samples.STARTED)
    return home


def killed(home: Home, run_id: str = RUN) -> int:
    """A run whose process was killed; returns that process's number."""
    worker = Worker("train", home, run_id)
    worker.go()
    assert worker.line() == "training"
    worker.kill()
    return worker.pid


def left_behind(home: Home, run_id: str = RUN) -> None:
    """A run as a killed process leaves it, without the time that such a process takes."""
    samples.add_run(home, run_id)
    samples.record(home, run_id, samples.STARTED)
    samples.change(home, "update runs set pid = ? where id = ?", (NO_PROCESS, run_id))


# What the row says


def test_a_run_names_its_process_its_host_and_its_boot(running: Home) -> None:
    run = run_of(running)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert (run.host, run.boot, run.pid) == (socket.gethostname(), boot, os.getpid())
    assert run.heartbeat_at is not None
    assert run.started_at == run.heartbeat_at, "its start is its first sign of life"
    assert is_alive(run)
    assert not is_gone(run)


def test_a_process_of_an_earlier_boot_is_gone_though_its_number_is_there(running: Home) -> None:
    put(running, boot="00000000-0000-0000-0000-000000000000")
    run = run_of(running)
    assert psutil.pid_exists(run.pid)
    assert (is_alive(run), is_gone(run)) == (False, True)
    put(running, status="queued")
    assert (is_waiting(run_of(running)), is_gone(run_of(running))) == (False, True)


def test_a_run_of_before_boots_were_kept_is_told_by_its_process(running: Home) -> None:
    put(running, boot=None)
    assert is_alive(run_of(running))


@pytest.mark.parametrize("status", ["running", "paused"])
def test_of_another_host_the_heartbeat_tells(
    running: Home, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    silence = 1_000_000.0  # so much that no test is half as slow
    monkeypatch.setattr(ownership, "SILENCE_SECONDS", silence)
    put(running, host="elsewhere", pid=NO_PROCESS, status=status, boot="another")
    put(running, heartbeat_at=ago(silence / 2))
    assert (is_alive(run_of(running)), is_gone(run_of(running))) == (True, False)
    put(running, heartbeat_at=ago(silence + 1))
    assert (is_alive(run_of(running)), is_gone(run_of(running))) == (False, True)
    put(running, heartbeat_at=None)
    assert (is_alive(run_of(running)), is_gone(run_of(running))) == (False, False)
    assert HEARTBEAT_SECONDS < SILENCE_SECONDS / 4, "one lost heartbeat says nothing"


def test_what_another_host_has_queued_is_not_gone(running: Home) -> None:
    put(running, host="elsewhere", status="queued", heartbeat_at=LONG_AGO)
    assert (is_waiting(run_of(running)), is_gone(run_of(running))) == (False, False)


def test_a_heartbeat_is_left_on_ones_own_runs_alone(running: Home) -> None:
    put(running, heartbeat_at=LONG_AGO)
    beat(running, RUN)
    assert str(run_of(running).heartbeat_at) > LONG_AGO
    put(running, heartbeat_at=LONG_AGO, pid=os.getpid() + 1)
    beat(running, RUN)
    assert run_of(running).heartbeat_at == LONG_AGO


# A process that was taken for dead


@pytest.mark.parametrize(
    "other", [{"pid": NO_PROCESS}, {"host": "elsewhere"}, {"host": "elsewhere", "pid": NO_PROCESS}]
)
def test_who_comes_back_after_another_took_over_writes_nothing(
    running: Home, other: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnlab.history.recorder.FLUSH_SECONDS", math.inf)  # the step waits
    frozen = Recorder(running, RUN)
    frozen.record(samples.steps(1, (0.5,)))
    put(running, **other)
    run, before = run_of(running), samples.counts(running)
    taken = f"was taken over by process {run.pid} on {run.host}"
    for write in (lambda: frozen.record(samples.epoch(1)), frozen.flush):
        with pytest.raises(HistoryError, match=taken):
            write()
    assert samples.counts(running) == before
    with pytest.raises(HistoryError, match="taken over"):
        samples.record(running, RUN, RunFinished("all 2 epochs done"))
    assert run_of(running).status == "running"


def test_who_comes_back_before_another_took_over_goes_on(running: Home) -> None:
    """Another host saw no heartbeat for two minutes, as when the network was away."""
    with Recorder(running, RUN) as recorder:
        put(running, status="interrupted", message="no sign of life", ended_at=LONG_AGO)
        recorder.record(samples.epoch(1))
        run = run_of(running)
        assert (run.status, run.message, run.ended_at) == ("running", None, None)
        recorder.record(RunInterrupted("by SIGTERM after step 4"))
        recorder.record(Logged("warning", "a line that comes after the end"))
    assert run_of(running).status == "interrupted"


def test_a_claim_is_made_once(home: Home) -> None:
    pid = killed(home)
    put(home, boot="earlier", heartbeat_at=LONG_AGO)
    run = run_of(home)
    assert run.pid == pid
    claim(home, run)
    mine = run_of(home)
    assert (mine.status, mine.pid, mine.boot) == ("queued", os.getpid(), boot_id())
    assert mine.heartbeat_at is None
    with pytest.raises(HistoryError, match=rf"taken over by process {os.getpid()} meanwhile"):
        claim(home, run)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": "finished"}, "is finished meanwhile"),
        ({"trashed_at": LONG_AGO}, "was deleted meanwhile"),
        ({"host": "elsewhere"}, "taken over by process .* on elsewhere meanwhile"),
    ],
)
def test_a_run_that_changed_is_not_claimed(
    home: Home, values: dict[str, object], words: str
) -> None:
    killed(home)
    run = run_of(home)
    put(home, **values)
    with pytest.raises(HistoryError, match=words):
        claim(home, run)
    assert run_of(home).pid == run.pid


# The lock


def test_a_lock_is_held_by_one_process_and_free_at_its_death(home: Home) -> None:
    worker = Worker("hold", home, RUN)
    worker.go()
    child = int(worker.line())
    try:
        assert is_held(home, RUN)
        by = f"by process {worker.pid} on {socket.gethostname()}."
        with pytest.raises(HistoryError, match=by), holding(home, RUN):
            pytest.fail("two hold it")
        assert is_held(home, RUN)
        worker.process.send_signal(signal.SIGKILL)
        worker.process.wait()
        # What it had forked, such as a worker that loads images, lives on without the lock.
        assert psutil.pid_exists(child)
        assert not is_held(home, RUN)
        with holding(home, RUN):
            assert is_held(home, RUN)
        assert not is_held(home, RUN)
    finally:
        os.kill(child, signal.SIGKILL)
        worker.kill()


def test_a_run_that_nobody_locked_is_not_held(home: Home) -> None:
    assert not is_held(home, RUN)
    assert not home.run_folder(RUN).exists()
    with holding(home, RUN):
        assert (home.run_folder(RUN) / "lock").stat().st_mode & 0o777 == 0o600


def test_a_held_run_is_neither_marked_nor_resumed_whatever_its_row_says(home: Home) -> None:
    """Such as one of a container, whose processes have numbers of their own."""
    worker = Worker("hold", home, RUN)
    worker.go()
    child = int(worker.line())
    try:
        put(home, pid=NO_PROCESS)
        assert is_gone(run_of(home))
        assert mark_interrupted(home) == []
        assert run_of(home).status == "running"
        with pytest.raises(HistoryError, match=f"still being trained by process {worker.pid} on"):
            require_resumable(home, run_of(home))
    finally:
        os.kill(child, signal.SIGKILL)
        worker.kill()


# Marking what was interrupted


def test_a_killed_run_is_interrupted_at_its_last_sign_of_life(home: Home) -> None:
    pid = killed(home)
    put(home, heartbeat_at="2026-01-01T00:10:00.000+00:00", started_at=LONG_AGO)
    for number in (1, 2):
        samples.change(
            home,
            "insert into epochs values (?, ?, ?, 0.5, 0.5, 0.5, 0.5, 0.1, 90.0, 1.0)",
            (RUN, number, number * 4),
        )
    (marked,) = mark_interrupted(home)
    assert marked == run_of(home)
    assert (marked.status, marked.ended_at, marked.duration_s) == (
        "interrupted", "2026-01-01T00:10:00.000+00:00", 180.0,
    )  # fmt: skip
    assert marked.message == (
        f"process {pid} ended without a word (killed, out of memory, or power loss)"
    )
    with Reader(home) as reader:
        (line,) = reader.log(RUN)
    assert (line.level, line.message) == ("warning", f"Interrupted: {marked.message}.")
    assert mark_interrupted(home) == []


def test_what_was_recorded_after_the_last_heartbeat_is_a_sign_of_life(home: Home) -> None:
    left_behind(home)
    put(home, heartbeat_at=LONG_AGO, started_at=LONG_AGO)
    logged = "2026-01-01T00:00:07.000+00:00"
    samples.change(home, "insert into log values (null, ?, 'info', 'hello', ?)", (RUN, logged))
    (marked,) = mark_interrupted(home)
    assert (marked.ended_at, marked.duration_s) == (logged, None)


def test_an_evaluation_by_somebody_else_is_no_sign_of_life(home: Home) -> None:
    left_behind(home)
    put(home, heartbeat_at=LONG_AGO, started_at=LONG_AGO)
    record_later_evaluation(home, RUN, "mnist", samples.evaluated("test", "best", 4))
    (marked,) = mark_interrupted(home)
    assert marked.ended_at == LONG_AGO


def test_a_paused_run_and_one_of_a_silent_host_are_marked_too(home: Home) -> None:
    left_behind(home)
    put(home, status="paused", boot="earlier")
    (marked,) = mark_interrupted(home)
    assert str(marked.message).endswith("ended when the machine was started anew")
    put(home, status="running", host="elsewhere", heartbeat_at=ago(SILENCE_SECONDS + 1))
    (marked,) = mark_interrupted(home)
    assert marked.message == f"no sign of life from process {marked.pid} on elsewhere any more"


@pytest.mark.parametrize("status", ["queued", "finished", "stopped", "failed", "interrupted"])
def test_nothing_else_is_marked_and_nothing_is_written(home: Home, status: str) -> None:
    left_behind(home)
    samples.add_run(home, "bbbb0002")
    samples.record(home, "bbbb0002", samples.STARTED)  # this process has it
    samples.change(home, "update runs set status = ? where id = ?", (status, RUN))
    watch = Watch(home)
    assert watch.changed()
    assert mark_interrupted(home) == []
    assert not watch.changed()
    watch.close()
    assert run_of(home).status == status


def test_a_home_without_a_history_stays_one(home: Home) -> None:
    assert mark_interrupted(home) == []
    assert not home.root.exists()


def test_in_a_home_that_one_may_only_read_runs_stay_and_are_listed(
    home: Home, seal: Callable[[Path], None]
) -> None:
    killed(home)
    samples.plain(home, "pragma wal_checkpoint(truncate)")
    for end in ("-wal", "-shm"):
        home.history.with_name(home.history.name + end).unlink(missing_ok=True)
    seal(home.root)
    assert mark_interrupted(home) == []
    with Reader(home) as reader:
        assert [run.id for run in reader.runs(RunFilter(status="running"))] == [RUN]


def test_of_several_that_look_at_once_one_marks_a_run(home: Home) -> None:
    ids = [f"aaaa{number:04}" for number in range(4)]
    for run_id in ids:
        left_behind(home, run_id)
    lookers = [Worker("mark", home) for _ in range(4)]
    go_together(lookers)
    told = [line for looker in lookers for line in looker.lines_to_end()]
    assert sorted(told) == ids
    assert samples.counts(home)["log"] == len(ids)
