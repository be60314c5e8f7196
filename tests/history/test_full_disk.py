"""A disk that fills up is named, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from history import samples

from cnnlab.errors import DiskFullError, StorageError
from cnnlab.events import Logged
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder
from cnnlab.home import Home


@pytest.fixture
def full_disk(tiny_disk: Path) -> Callable[[], Path]:
    """Fills the disk up; returns the file to remove to have space again."""

    def fill() -> Path:
        filler = tiny_disk / "filler"
        with filler.open("wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    pass
        return filler

    return fill


def fill_up(recorder: Recorder) -> None:
    for number in range(1, 1000):
        recorder.record(samples.evaluated("validation", None, number))


def test_a_disk_that_fills_up_is_named_and_nothing_is_lost(
    tiny_disk: Path, full_disk: Callable[[], Path]
) -> None:
    home = Home(tiny_disk / "home")
    samples.add_run(home, "aaaa0001")
    with Recorder(home, "aaaa0001") as recorder:
        recorder.record(samples.STARTED)
        recorder.record(samples.steps(1, (0.5,) * 10))
        recorder.flush()
        filler = full_disk()
        with pytest.raises(StorageError, match="disk is full"):
            fill_up(recorder)
    filler.unlink()
    assert samples.plain(home, "pragma integrity_check") == [("ok",)]
    assert samples.counts(home)["steps"] == 10
    evaluations = samples.counts(home)["evaluations"]
    assert samples.counts(home)["class_metrics"] == evaluations * len(samples.CLASSES)
    samples.record(home, "aaaa0001", samples.epoch(1))
    assert samples.counts(home)["epochs"] == 1


def test_the_recorder_goes_on_when_there_is_space_again(
    tiny_disk: Path, full_disk: Callable[[], Path]
) -> None:
    home = Home(tiny_disk / "home")
    samples.add_run(home, "aaaa0001")
    with Recorder(home, "aaaa0001") as recorder:
        recorder.record(samples.STARTED)
        filler = full_disk()
        recorder.record(samples.steps(1, (0.5,) * 9000))
        with pytest.raises(StorageError, match="disk is full"):
            recorder.flush()
        filler.unlink()
        recorder.record(samples.epoch(1))
    assert samples.counts(home)["steps"] == 9000
    assert samples.counts(home)["epochs"] == 1


def test_lines_of_the_log_wait_on_a_full_disk_and_are_written_once(
    tiny_disk: Path, full_disk: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnlab.history.recorder.FLUSH_SECONDS", 0.0)
    home = Home(tiny_disk / "home")
    samples.add_run(home, "aaaa0001")
    with Recorder(home, "aaaa0001") as recorder:
        recorder.record(samples.STARTED)
        filler = full_disk()
        for number in range(200):
            recorder.record(Logged("info", f"{number} " + "x" * 2000))
        with pytest.raises(DiskFullError):
            recorder.record(samples.epoch(1))
        filler.unlink()
        recorder.record(samples.epoch(1))
    with Reader(home) as reader:
        lines = [int(line.message.split()[0]) for line in reader.log("aaaa0001")]
    assert lines == list(range(200))
    assert samples.counts(home)["epochs"] == 1


def test_a_full_disk_is_named_when_the_history_is_new(
    tiny_disk: Path, full_disk: Callable[[], Path]
) -> None:
    home = Home(tiny_disk / "home")
    filler = full_disk()
    with pytest.raises(StorageError):
        samples.add_run(home, "aaaa0001")
    filler.unlink()
    assert samples.add_run(home, "aaaa0001") == "lenet-1"
