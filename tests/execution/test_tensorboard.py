"""Runs under way as TensorBoard event files, read back and held against the history."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import psutil
import pytest
from execution.conftest import recorded, request, store_digits, wait_for
from history import samples

from cnnlab.analysis.curves import RunSeries, read_series
from cnnlab.analysis.quantities import BYS, QUANTITIES
from cnnlab.data import library
from cnnlab.data.store import Dataset
from cnnlab.errors import ConfigError, StorageError
from cnnlab.events import EpochFinished, Event, StepsFinished
from cnnlab.execution.building import resume
from cnnlab.execution.detached import start_detached
from cnnlab.execution.runner import RunThread, prepare_run
from cnnlab.execution.tensorboard import VARIABLE, tensorboard_listener, write_into
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.interchange.readers import ImportOptions, import_runs


@pytest.fixture
def board(home: Home, few_digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder into which all runs of this test are written; the home has digits to train on."""
    monkeypatch.setenv(VARIABLE, "")
    store_digits(home, few_digits)
    folder = tmp_path / "board"
    write_into(folder)
    return folder


def prepared(home: Home, **tables: object) -> RunThread:
    wanted = request("a/b run", **tables)
    return prepare_run(home, wanted, library.require(home, wanted.config.data.name))


def warnings_of(home: Home, run_id: str) -> list[str]:
    with Reader(home) as reader:
        return [line.message for line in reader.log(run_id) if line.level == "warning"]


def course(home: Home, run_id: str) -> RunSeries:
    with Reader(home) as reader:
        return read_series(reader, run_id)


def assert_imports_as(home: Home, folder: Path, run_id: str) -> None:
    """Imports a folder of event files and holds it against the run that it was written of."""
    (arrival,) = import_runs(home, [folder], ImportOptions())
    before, after = course(home, run_id), course(home, arrival.written.id)
    for quantity in QUANTITIES:
        for by in BYS:
            pairs = zip(before.curves(quantity, by), after.curves(quantity, by), strict=True)
            for one, other in pairs:
                assert one.label == other.label
                for values, others in zip(one.points(), other.points(), strict=True):
                    assert others == pytest.approx(values, rel=1e-6, nan_ok=True)
    assert [one.epoch for one in after.epochs] == [one.epoch for one in before.epochs]
    for field in ("train_loss", "train_accuracy", "validation_loss", "lr", "images_per_second"):
        found = [getattr(one, field) for one in after.epochs]
        assert found == pytest.approx([getattr(one, field) for one in before.epochs], rel=1e-6)
    assert after.run.test_accuracy == pytest.approx(before.run.test_accuracy)
    assert (after.run.best_epoch, after.run.best_step) == (
        before.run.best_epoch,
        before.run.best_step,
    )


def test_a_run_is_written_while_it_trains_as_the_history_has_it(home: Home, board: Path) -> None:
    thread = prepared(home, training={"epochs": 3, "evaluate_every": 4})
    sizes: list[int] = []

    def look(event: Event) -> None:
        if isinstance(event, EpochFinished):
            sizes.append(sum(file.stat().st_size for file in board.rglob("*tfevents*")))

    thread.listen(look)
    thread.run()
    (folder,) = board.iterdir()
    assert folder.name == f"a-b-run-{thread.run_id}"
    # It can be watched: each epoch adds to what is there before the next one ends.
    assert sizes == sorted(set(sizes))
    assert sizes[0] > 0
    assert warnings_of(home, thread.run_id) == []
    assert_imports_as(home, board, thread.run_id)


def test_a_run_that_goes_on_goes_on_in_its_folder(home: Home, board: Path) -> None:
    first = prepared(home, training={"epochs": 3})

    def stop(event: Event) -> None:
        if isinstance(event, EpochFinished):
            first.request_stop()

    first.listen(stop)
    first.run()
    assert recorded(home, first.run_id).status == "stopped"
    second = resume(home, first.run_id)
    second.run()
    (folder,) = board.iterdir()
    assert len(list(folder.iterdir())) == 2
    assert_imports_as(home, board, first.run_id)


def test_a_run_trains_on_without_files_that_cannot_be_written(home: Home, board: Path) -> None:
    thread = prepared(home)
    told: list[Event] = []
    thread.listen(told.append)
    board.rmdir()
    board.write_text("in the way")
    thread.run()
    assert recorded(home, thread.run_id).status == "finished"
    (line,) = warnings_of(home, thread.run_id)
    assert line.startswith("The run went on without its TensorBoard files, which failed: An event")
    assert told[-1] == thread.ending


def test_a_file_that_cannot_be_written_on_is_closed(home: Home, board: Path) -> None:
    listener = tensorboard_listener(home, prepared(home).run_id, 0)
    listener(samples.STARTED)
    (file,) = board.rglob("*tfevents*")
    assert file in open_files()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            listener(StepsFinished(1, 1, (1.0,), (0.5,), (0.1,), 100.0))
        assert file not in open_files()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def open_files() -> set[Path]:
    return {Path(one.path) for one in psutil.Process().open_files()}


def test_files_are_written_on_when_the_display_fails(home: Home, board: Path) -> None:
    thread = prepared(home)

    def fail(_event: Event) -> None:
        raise RuntimeError("no display")

    thread.listen(fail)
    thread.run()
    (line,) = warnings_of(home, thread.run_id)
    assert "without its display" in line
    assert_imports_as(home, board, thread.run_id)


def test_a_run_in_the_background_is_written_too(home: Home, board: Path) -> None:
    started = start_detached(home, request("behind"))
    wait_for(home, started.run_id, "finished", "failed")
    assert_imports_as(home, board, started.run_id)


def test_nothing_is_written_unless_it_is_asked_for(
    home: Home, few_digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    store_digits(home, few_digits)
    prepared(home).run()
    assert not list(tmp_path.rglob("*tfevents*"))


def test_a_folder_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ConfigError, match="is a file, not a folder"):
        write_into(file)
    with pytest.raises(StorageError, match="cannot be written: Not a directory"):
        write_into(file / "below")
    with pytest.raises(StorageError, match="cannot be written: File name too long"):
        write_into(tmp_path / ("x" * 300))
    with pytest.raises(ConfigError, match="There is no home folder for ~nosuchuser"):
        write_into(Path("~nosuchuser/x"))
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ConfigError, match="needs packages") as raised:
        write_into(tmp_path / "new")
    assert "cnnlab[tensorboard]" in raised.value.hint
    assert not (tmp_path / "new").exists()
