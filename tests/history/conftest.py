"""Homes with runs, and places where a history cannot be written."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from history import samples

from cnnlab.home import Home


@pytest.fixture
def seal() -> Iterator[Callable[[Path], None]]:
    """Makes a file or a folder read-only, even for root, until the test is over."""
    sealed: list[Path] = []

    def make_read_only(path: Path) -> None:
        bound = subprocess.run(["mount", "--bind", str(path), str(path)], capture_output=True)
        if bound.returncode:
            pytest.skip("needs to mount a path read-only: run the tests as root on Linux")
        sealed.append(path)
        subprocess.run(["mount", "-o", "remount,bind,ro", str(path)], check=True)

    yield make_read_only
    for path in reversed(sealed):
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture(scope="module")
def one_run(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a history with one whole run."""
    home = Home(tmp_path_factory.mktemp("one_run"))
    samples.add_run(home, "aaaa0001", tags=["old"], note="a note")
    samples.record(home, "aaaa0001", *samples.life())
    samples.command(home, "aaaa0001")
    return home.history.read_bytes()


@pytest.fixture
def used_home(home: Home, one_run: bytes) -> Home:
    """A home with one whole run."""
    home.root.mkdir()
    home.history.write_bytes(one_run)
    return home


@pytest.fixture
def several(home: Home) -> Home:
    """Four runs whose order differs with each thing that they can be sorted by."""
    rows = [
        ("c0000001", "delta", "finished", "mnist/lenet", "mnist", "resnet", 400, 7.5, 0.7),
        ("a0000002", "alpha", "stopped", None, "fashion", "vgg", None, None, 0.9),
        ("d0000003", "bravo", "failed", "cifar/vgg", "svhn", "alexnet", 900, 1.5, None),
        ("b0000004", "Übung_1%", "finished", "beans", "cifar", "lenet", 100, 3.5, 0.8),
    ]
    for minute, row in enumerate(rows):
        run_id, name, status, preset, dataset, model, parameters, duration, best = row
        samples.add_run(home, run_id, name=name, preset=preset, dataset=dataset, model=model)
        samples.change(
            home,
            "update runs set status = ?, parameters = ?, duration_s = ?, best_value = ?,"
            " created_at = ? where id = ?",
            (status, parameters, duration, best, f"2026-01-01T00:0{minute}:00+00:00", run_id),
        )
    for run_id, done, accuracy, precision, loss in (
        ("c0000001", 1, 0.5, 0.3, 0.9),
        ("b0000004", 3, 0.4, 0.8, 0.7),
        ("a0000002", 2, 0.6, 0.7, 0.1),
    ):
        figures = samples.evaluation(accuracy=accuracy, loss=loss)
        result = replace(figures, precision_macro=precision)
        epochs = [samples.epoch(number) for number in range(1, done + 1)]
        samples.record(home, run_id, *epochs, samples.evaluated("test", "best", 8, result))
    return home
