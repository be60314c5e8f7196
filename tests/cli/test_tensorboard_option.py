"""`--tensorboard DIR` on the command line, and curves that come back from there."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cli import moments
from waiting import SECONDS

from cnnlab.analysis.curves import read_series
from cnnlab.analysis.quantities import QUANTITIES
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.interchange.readers import ImportOptions, import_runs

SMALL = [
    "run", "quickstart", "--device", "cpu", "--seed", "1", "--set", "training.batch_size=500",
    "--set", "model.channels=[4, 8]", "--epochs", "4", "--name", "mine",
]  # fmt: skip
Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


def test_a_run_that_was_killed_and_resumed_has_one_course(
    home: Home, inside: Cnnlab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = tmp_path / "board"
    process = moments.start(
        "kill", 2, *SMALL, "--tensorboard", str(board),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.wait(SECONDS) == -signal.SIGKILL
    monkeypatch.setenv("CNNLAB_TENSORBOARD", "")  # the option sets it: it is to end with the test
    done = inside("runs", "resume", "mine", "--tensorboard", str(board))
    assert done.returncode == 0, done.stderr
    (folder,) = board.iterdir()
    assert len(list(folder.iterdir())) == 2
    (arrival,) = import_runs(home, [board], ImportOptions())
    with Reader(home) as reader:
        mine, read = (
            read_series(reader, run_id) for run_id in (reader.resolve("mine"), arrival.written.id)
        )
    for quantity in QUANTITIES:
        both = zip(mine.curves(quantity, "epoch"), read.curves(quantity, "epoch"), strict=True)
        for one, other in both:
            for values, others in zip(one.points(), other.points(), strict=True):
                assert others == pytest.approx(values, rel=1e-6)


@pytest.mark.parametrize("command", [SMALL, ["study", "run", "chen/width"]])
def test_a_folder_that_is_a_file_is_refused_before_anything_starts(
    home: Home,
    inside: Cnnlab,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    done = inside(*command, "--tensorboard", "file")
    assert done.returncode == 2
    assert done.stderr.startswith("cnnlab: ")
    assert "is a file, not a folder" in " ".join(done.stderr.split())
    assert not home.history.exists()


def test_the_environment_names_the_folder_too(
    inside: Cnnlab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CNNLAB_TENSORBOARD", str(tmp_path / "file"))
    done = inside(*SMALL)
    assert done.returncode == 2
    assert "is a file" in " ".join(done.stderr.split())


def test_imported_curves_are_shown_and_compared(inside: Cnnlab, tmp_path: Path) -> None:
    for name, losses in (("old", (0.5, 0.25)), ("older", (0.75, 0.5))):
        rows = "".join(f"{epoch},{loss}\n" for epoch, loss in enumerate(losses))
        (tmp_path / f"{name}.csv").write_text(f"epoch,val_loss\n{rows}")
    files = [str(tmp_path / "old.csv"), str(tmp_path / "older.csv")]
    done = inside("runs", "import", *files)
    assert done.returncode == 0, done.stderr
    shown = inside("runs", "show", "old", "--curves")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "validation" in shown.stdout.partition("loss")[2]
    assert "training" not in shown.stdout.partition("loss")[2]
    assert "an epoch" not in shown.stdout
    compared = inside("runs", "compare", "old", "older")
    assert (compared.returncode, compared.stderr) == (0, "")
    assert "0.2500" in compared.stdout
