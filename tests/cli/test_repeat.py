"""`cnnlab run --repeat` and `cnnlab runs resume --group`, as a user starts them."""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli import moments
from waiting import SECONDS, wait_until

from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

PROGRAM = str(Path(sys.executable).with_name("cnnlab"))
SMALL = [
    "run", "quickstart", "--device", "cpu", "--seed", "3", "--set", "training.batch_size=500",
    "--set", "model.channels=[4, 8]",
]  # fmt: skip
Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


def runs_of(home: Home) -> list[RunRecord]:
    with Reader(home) as reader:
        return reader.runs(ascending=True)


@pytest.fixture(scope="module")
def repeated_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str, str]:
    """A home with a group of three, and what was written while they were trained."""
    home = Home(tmp_path_factory.mktemp("repeated") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_HOME", str(home.root))
        done = subprocess.run(
            [PROGRAM, *SMALL, "--epochs", "1", "--repeat", "3", "--name", "base"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return home, done.stdout, done.stderr


def test_repeats_are_one_group_of_seeds(repeated_home: tuple[Home, str, str]) -> None:
    runs = runs_of(repeated_home[0])
    assert [run.name for run in runs] == ["base-1", "base-2", "base-3"]
    assert [run.config["training"]["seed"] for run in runs] == [3, 4, 5]
    assert [run.status for run in runs] == ["finished"] * 3
    assert len({run.group_id for run in runs}) == 1


def test_repeats_end_with_mean_deviation_and_best(
    inside: Cnnlab, repeated_home: tuple[Home, str, str], home: Home
) -> None:
    trained, shown, errors = repeated_home
    accuracies = [run.test_accuracy or 0.0 for run in runs_of(trained)]
    mean, deviation = statistics.fmean(accuracies), statistics.stdev(accuracies)
    told = rf"test accuracy +{mean:.4f} ± {deviation:.4f}"
    assert re.search(told, shown), shown
    assert f"{max(accuracies):.4f}" in shown
    assert "3 seeds" in shown
    again = re.search(r"cnnlab (runs compare --filter group:\w+)", errors)
    assert again
    shutil.copytree(trained.root, home.root)
    compared = inside(*again[1].split())
    assert compared.returncode == 0, compared.stderr
    assert re.search(told, compared.stdout), compared.stdout


def test_a_group_that_was_stopped_goes_on_where_it_was(inside: Cnnlab, home: Home) -> None:
    process = moments.start(
        "interrupt", 1, *SMALL, "--epochs", "5", "--repeat", "2",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    again = re.search(r"2 of 2 runs are left: `cnnlab (runs resume --group \w+)`", errors)
    assert again, errors
    assert [run.status for run in runs_of(home)] == ["stopped", "queued"]
    assert [run.epochs_done for run in runs_of(home)] == [1, 0]
    done = inside(*again[1].split(), "--json")
    assert done.returncode == 0, done.stderr
    runs = runs_of(home)
    assert [run.status for run in runs] == ["finished"] * 2
    assert [run.epochs_done for run in runs] == [5] * 2
    for run in runs:
        assert run.duration_s
        with Reader(home) as reader:
            assert run.duration_s >= sum(one.seconds for one in reader.epochs([run.id])[run.id])
    told = json.loads(done.stdout)
    assert [run["id"] for run in told["runs"]] == [run.id for run in runs]
    assert {run.group_id for run in runs} == {told["group"]}
    over = inside(*again[1].split())
    assert over.returncode == 2
    assert "is finished" in over.stderr


def test_repeats_that_cannot_be_trained_leave_nothing(
    cnnlab: Cnnlab, inside: Cnnlab, home: Home
) -> None:
    for command, arguments in ((inside, []), (cnnlab, ["--detach"])):
        done = command(*SMALL, "--repeat", "3", "--set", "model.kernel_size=15", *arguments)
        assert done.returncode == 2, done.stderr
        assert done.stdout == ""
        assert not runs_of(home)


def test_a_detached_group_is_trained_to_its_end(cnnlab: Cnnlab, home: Home) -> None:
    started = cnnlab(*SMALL, "--epochs", "1", "--repeat", "2", "--detach")
    assert started.returncode == 0, started.stderr
    assert "trains in the background" in started.stderr
    assert "The others follow it" in started.stderr
    wait_until(lambda: [run.status for run in runs_of(home)] == ["finished"] * 2)
    assert len({run.group_id for run in runs_of(home)}) == 1


def test_to_resume_takes_a_run_or_a_group(inside: Cnnlab) -> None:
    for arguments in ([], ["latest", "--group", "abc"]):
        done = inside("runs", "resume", *arguments)
        assert done.returncode == 2
        assert "and not both" in done.stderr
    done = inside("runs", "resume", "--group", "abc")
    assert done.returncode == 2
    assert "no group 'abc'" in done.stderr
