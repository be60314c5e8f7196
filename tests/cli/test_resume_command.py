"""`cnnlab runs resume`: a run whose process was killed is found, told, and trained to its end."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli import moments
from waiting import SECONDS, still_runs, wait_until

from cnnlab.history.queries import Reader
from cnnlab.history.recorder import create_run
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

PROGRAM = str(Path(sys.executable).with_name("cnnlab"))
SMALL = [
    "run", "quickstart", "--device", "cpu", "--seed", "1", "--set", "training.batch_size=500",
    "--set", "model.channels=[4, 8]",
]  # fmt: skip
EPOCHS = 5
"""Of the run that is killed."""
KILLED_IN = 3
"""The epoch at whose end that is; its last checkpoint is of the one before."""

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


def run_of(home: Home, name: str = "killed") -> RunRecord:
    with Reader(home) as reader:
        return reader.run(reader.resolve(name))


def has_epochs(home: Home, count: int, name: str = "killed") -> bool:
    with Reader(home) as reader:
        return any(run.name == name and run.epochs_done >= count for run in reader.runs())


@pytest.fixture(scope="module")
def killed_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a run that was killed (SIGKILL) at the end of an epoch."""
    home = Home(tmp_path_factory.mktemp("killed") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_HOME", str(home.root))
        process = moments.start(
            "kill", KILLED_IN, *SMALL, "--epochs", str(EPOCHS), "--name", "killed",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert process.wait(SECONDS) == -signal.SIGKILL
    assert has_epochs(home, KILLED_IN)
    return home


@pytest.fixture
def killed(home: Home, killed_home: Home) -> Home:
    """A copy of that home as the test's own."""
    shutil.copytree(killed_home.root, home.root)
    return home


@pytest.fixture
def training(home: Home) -> Iterator[subprocess.Popen[str]]:
    """A run of hours in a process of its own, which has finished an epoch."""
    process = subprocess.Popen(
        [PROGRAM, *SMALL, "--epochs", "100000", "--name", "long"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        wait_until(lambda: has_epochs(home, 1, "long"), "an epoch", see=lambda: still_runs(process))
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_killed_run_is_told_once_and_goes_on_as_the_words_say(
    cnnlab: Cnnlab, inside: Cnnlab, killed: Home
) -> None:
    before = run_of(killed)
    assert before.status == "running"
    listed = cnnlab("runs", "list", "--json")
    assert json.loads(listed.stdout)[0]["status"] == "interrupted"
    assert f"killed ({before.id}) was interrupted: process {before.pid} ended" in listed.stderr
    found = re.search(rf"`cnnlab (runs resume {before.id})` goes on from step (\d+)", listed.stderr)
    assert found
    assert "interrupted" in inside("runs", "list").stdout
    shown = inside("runs", "show", "killed")
    assert "interrupted" in shown.stdout
    assert "was interrupted" not in shown.stderr, "it is told once"
    done = inside(*found[1].split(), "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["id"], result["status"]) == (before.id, "finished")
    assert len(result["epochs"]) == EPOCHS
    with Reader(killed) as reader:
        steps = [step.step for step in reader.steps(before.id)]
        log = [line.message for line in reader.log(before.id)]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) == EPOCHS * result["steps_per_epoch"]
    assert f"Resumed from step {found[2]}." in log


def test_of_two_that_resume_one_run_one_gets_it_and_the_other_is_told_who(killed: Home) -> None:
    run = run_of(killed)
    # The one that gets it is still training when the other asks for it, however late that is.
    both = [
        moments.start(
            "hold", KILLED_IN, "runs", "resume", run.id,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        wait_until(lambda: any(process.poll() is not None for process in both), "an end")
        errors = {process.pid: process.communicate(timeout=SECONDS)[1] for process in both}
    finally:
        for process in both:
            process.kill()
    codes = {process.pid: process.returncode for process in both}
    assert sorted(codes.values()) == [0, 1], errors
    (winner,) = [pid for pid, code in codes.items() if not code]
    (loser,) = [pid for pid, code in codes.items() if code]
    # It may have the run in its queue, or train it by now.
    assert re.search(rf"\b(by|queue of) process {winner}\b", errors[loser]), errors[loser]
    assert "Traceback" not in errors[loser]
    after = run_of(killed)
    assert (after.status, after.pid, after.epochs_done) == ("finished", winner, EPOCHS)
    with Reader(killed) as reader:
        steps = [step.step for step in reader.steps(run.id)]
        log = [line.message for line in reader.log(run.id)]
    assert steps == list(range(1, len(steps) + 1))
    assert sum(line.startswith("Resumed") for line in log) == 1
    assert sum(line.startswith("Interrupted") for line in log) == 1


def test_a_run_that_is_trained_is_not_resumed_and_goes_on(
    inside: Cnnlab, home: Home, training: subprocess.Popen[str]
) -> None:
    run = run_of(home, "long")
    done = inside("runs", "resume", "latest")
    assert done.returncode == 1
    assert f"is still being trained by process {training.pid}." in done.stderr
    assert training.poll() is None
    training.kill()
    training.wait()
    stopped = inside("runs", "stop", "long")
    assert f"`cnnlab runs resume {run.id}`" in stopped.stderr


def test_a_run_without_a_checkpoint_is_told_to_be_trained_again(
    inside: Cnnlab, killed: Home
) -> None:
    run = run_of(killed)
    shutil.rmtree(killed.checkpoints(run.id))
    gone = inside("runs", "resume", run.id)
    assert (gone.returncode, "is gone" in gone.stderr) == (1, True)
    assert "cnnlab run --from" in gone.stderr
    assert run_of(killed).status == "interrupted"


def test_damaged_checkpoints_leave_the_run_as_it_was(inside: Cnnlab, killed: Home) -> None:
    for path in killed.checkpoints(run_of(killed).id).iterdir():
        path.write_bytes(path.read_bytes()[:-100])
    done = inside("runs", "resume", "killed")
    assert done.returncode == 1
    assert "damaged" in done.stderr
    assert "Traceback" not in done.stderr
    after = run_of(killed)
    assert (after.status, after.epochs_done) == ("interrupted", KILLED_IN)


def test_a_run_left_in_a_queue_is_trained_and_then_finished(inside: Cnnlab, killed: Home) -> None:
    config = run_of(killed).config
    config["training"]["epochs"] = 1
    code = (
        "import json, sys; from cnnlab.home import Home; "
        "from cnnlab.history.recorder import create_run; "
        "create_run(Home.from_environment(), 'cccc0003', config=json.loads(sys.argv[1]),"
        " dataset='mnist-5k', model='lenet', monitor='validation_accuracy', epochs=1, name='left')"
    )
    subprocess.run([sys.executable, "-c", code, json.dumps(config)], check=True)
    done = inside("runs", "resume", "left")
    assert done.returncode == 0, done.stderr
    assert (run_of(killed, "left").status, run_of(killed, "left").epochs_done) == ("finished", 1)
    again = inside("runs", "resume", "left")
    assert again.returncode == 1
    assert "is finished: there is nothing left to train." in again.stderr


def test_what_is_not_there_is_told(inside: Cnnlab, killed: Home) -> None:
    unknown = inside("runs", "resume", "kiled")
    assert (unknown.returncode, "killed" in unknown.stderr) == (2, True)
    assert inside("runs", "resume").returncode == 2
    create_run(
        killed, "dddd0004", config=run_of(killed).config, dataset="absent", model="lenet",
        monitor="validation_accuracy", epochs=1, name="absent",
    )  # fmt: skip
    waiting = inside("runs", "resume", "absent")
    assert (waiting.returncode, "waits in the queue of process" in waiting.stderr) == (1, True)
