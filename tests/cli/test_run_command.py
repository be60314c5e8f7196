"""`cnnlab run`: real digits, a real history, and a process of its own where that matters."""

from __future__ import annotations

import array
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from waiting import SECONDS, still_runs, wait_until

from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.training.checkpoints import load_checkpoint

CNNLAB = str(Path(sys.executable).with_name("cnnlab"))
FAST = ["--device", "cpu", "--seed", "3", "--set", "model.channels=[4, 8]"]
SHORT = [*FAST, "--epochs", "1"]

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


def test_quickstart_reaches_its_accuracy_and_shows_its_result(
    cnnlab: Cnnlab, inside: Cnnlab
) -> None:
    done = cnnlab("run", "quickstart", "--seed", "1", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    accuracy = re.search(r"test accuracy (0\.\d{4}), macro precision (0\.\d{4})", done.stdout)
    assert accuracy
    assert float(accuracy[1]) > 0.96
    header = done.stdout.splitlines()[0].split()
    assert header == ["class", "precision", "recall", "F1", "support"]
    checkpoint = re.search(r"best checkpoint: (.+)", done.stdout)
    assert checkpoint
    assert load_checkpoint(Path(checkpoint[1]))["model"]
    again = re.search(r"see it again: cnnlab (runs show \w+)", done.stdout)
    assert again
    shown = inside(*again[1].split())
    assert shown.returncode == 0
    assert accuracy[1] in shown.stdout
    assert "epoch 12/12" in done.stderr
    assert "images/s" in done.stderr


def test_a_run_lands_in_the_history_with_all_it_was(inside: Cnnlab) -> None:
    done = inside(
        "run", "quickstart", *SHORT, "--name", "first", "--tag", "a", "--tag", "b",
        "--note", "a word", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert (run["name"], run["status"], run["preset"]) == ("first", "finished", "quickstart")
    assert run["tags"] == ["a", "b"]
    assert [note["text"] for note in run["notes"]] == ["a word"]
    assert run["config"]["training"]["seed"] == 3
    assert run["config"]["model"]["channels"] == [4, 8]
    assert len(run["epochs"]) == 1
    assert len(run["evaluations"]) == 6
    assert {one["kind"] for one in run["checkpoints"]} == {"best", "last"}
    assert run["versions"]["torch"]


def test_blank_words_are_as_if_none_were_given(inside: Cnnlab) -> None:
    done = inside(
        "run", "quickstart", *SHORT, "--name", " ", "--tag", "", "--tag", " a ", "--note", " ",
        "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert (run["name"], run["tags"], run["notes"]) == ("quickstart-1", ["a"], [])


def test_a_run_repeated_from_the_history_has_the_same_bits(inside: Cnnlab) -> None:
    first = json.loads(inside("run", "quickstart", *SHORT, "--json").stdout)
    again = json.loads(inside("run", "--from", "latest", "--json").stdout)
    assert again["id"] != first["id"]
    assert again["config"] == first["config"]
    timed = ("seconds", "images_per_second", "evaluated_at")
    for part in ("epochs", "evaluations"):
        figures = [
            [{k: v for k, v in row.items() if k not in timed} for row in run[part]]
            for run in (first, again)
        ]
        assert figures[0] == figures[1]


def test_a_seed_is_drawn_and_kept_if_none_is_given(inside: Cnnlab) -> None:
    small = FAST[FAST.index("--set") :]
    run = json.loads(inside("run", "quickstart", *small, "--epochs", "1", "--json").stdout)
    assert isinstance(run["config"]["training"]["seed"], int)


def test_a_preset_file_of_ones_own_trains(inside: Cnnlab, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'extends = "quickstart"\n[training]\nepochs = 1\n'
        '[model]\nname = "simple-cnn"\nchannels = 4\n'
    )
    run = json.loads(inside("run", str(file), "--json").stdout)
    assert (run["preset"], run["model"], run["name"]) == ("mine", "simple-cnn", "mine-1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["quickstar"], ["Unknown preset 'quickstar'", "Did you mean 'quickstart'?"]),
        (["quickstart", "--set", "optimizer.lrr=1"], ["optimizer.lrr", "Did you mean 'lr'?"]),
        (["quickstart", "--set", "model.name=lenett"], ["'lenett'", "Did you mean 'lenet' or"]),
        (["quickstart", "--set", "data.name=minst"], ["data set 'minst'", "'mnist'"]),
        (["quickstart", "--set", "optimizer.lr=fast"], ["optimizer.lr", "'fast'"]),
        (["quickstart", "--device", "gpu"], ["training.device", "'gpu'", "mean 'cuda'?"]),
        (["quickstart", "--set", "data.validation=1.0"], ["data.validation", "decimal point"]),
        (["quickstart", "--set", "augmentation=random_crop"], ["Did you mean 'random-crop'"]),
        (["quickstart", "--set", "model=small-vgg"], ["Pooling 5", "data.resize"]),
        (["quickstart", "--epochs", "0"], ["training.epochs"]),
        (["quickstart", "--set", "model.kernel_size=15"], ["Convolution 2", "15x15"]),
        (["nowhere.toml"], ["no preset file nowhere.toml"]),
        ([], ["Name a preset"]),
        (["--from", "latest"], ["There are no runs yet"]),
        (["quickstart", "--name", "latest"], ["cannot be called 'latest'"]),
        (["quickstart", "--epochs", "1", "--set", "training.epochs=2"], ["more than once"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_a_sentence_and_starts_nothing(
    inside: Cnnlab, home: Home, arguments: list[str], words: list[str]
) -> None:
    done = inside("run", *arguments)
    assert done.returncode == 2
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    with Reader(home) as reader:
        assert reader.runs() == []


def test_an_absent_data_set_says_how_to_get_it(inside: Cnnlab) -> None:
    done = inside("run", "mnist/lenet")
    assert done.returncode == 1
    assert "cnnlab data download mnist" in done.stderr
    assert "cnnlab data import mnist PATH" in done.stderr


def test_a_home_that_cannot_be_made_is_a_sentence(
    inside: Cnnlab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CNNLAB_HOME", str(tmp_path / "file" / "home"))
    done = inside("run", "quickstart")
    assert done.returncode == 1
    assert "cannot be created" in done.stderr
    assert "Set CNNLAB_HOME" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_a_sentence_and_earlier_runs_stay(
    inside: Cnnlab, tiny_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNNLAB_HOME", str(tiny_disk))
    done = inside("run", "quickstart", *SHORT)
    assert done.returncode == 1
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    listed = inside("runs", "list")
    assert listed.returncode == 0, listed.stderr


def test_a_loss_that_is_not_finite_is_told_at_the_end_too(inside: Cnnlab) -> None:
    diverging = ["--set", "optimizer.name=sgd", "--set", "optimizer.lr=1e9"]
    done = inside("run", "quickstart", *SHORT, *diverging)
    assert done.returncode == 0, done.stderr
    assert "warning: The loss is not finite in epoch 1; try a lower optimizer.lr." in done.stdout


def test_a_traceback_is_there_for_those_who_ask(inside: Cnnlab) -> None:
    done = inside("--debug", "run", "quickstar")
    assert "Traceback" in done.stderr


# Ctrl-C

INTERRUPTED = (130, -signal.SIGINT)
"""How a process ends by Ctrl-C; the latter where Python has put away its own answer already."""


def start_long_run() -> subprocess.Popen[str]:
    """A run of minutes, longer where nobody reads on: it says more than a pipe holds."""
    return subprocess.Popen(
        [CNNLAB, "run", "quickstart", *FAST, "--epochs", "2000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_steps(home: Home, process: subprocess.Popen[str]) -> None:
    """Waits until the history holds an epoch of the newest run."""

    def has_epoch() -> bool:
        with Reader(home) as reader:
            runs = reader.runs()
            return bool(runs and reader.epochs([runs[0].id])[runs[0].id])

    wait_until(has_epoch, "an epoch", see=lambda: still_runs(process))


def test_one_interrupt_stops_after_the_step_with_usable_checkpoints(home: Home) -> None:
    process = start_long_run()
    wait_for_steps(home, process)
    process.send_signal(signal.SIGINT)
    _, narration = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert "Stopping after this step" in narration
    assert "Traceback" not in narration
    with Reader(home) as reader:
        run = reader.runs()[0]
        assert run.status == "stopped"
        assert reader.final_evaluations([run.id])[run.id] == []
        checkpoints = reader.checkpoints([run.id])[run.id]
        steps = reader.steps(run.id)
    assert {one.kind for one in checkpoints} == {"best", "last", "previous"}
    last = next(one for one in checkpoints if one.kind == "last")
    assert last.step == steps[-1].step
    for one in checkpoints:
        assert load_checkpoint(Path(one.path), one.sha256)["progress"]["step"] == one.step


def test_two_interrupts_end_at_once(home: Home) -> None:
    process = start_long_run()
    wait_for_steps(home, process)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    # The second may come after the run has stopped by the first; both leave the same record.
    process.communicate(timeout=SECONDS)
    assert process.returncode in INTERRUPTED
    with Reader(home) as reader:
        assert reader.runs()[0].status == "stopped"


def test_many_interrupts_end_at_once_though_nobody_reads_what_is_said(home: Home) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1)  # as small as the system has them
    size = fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)
    os.write(writing, bytes(size - 800))
    process = subprocess.Popen(
        [CNNLAB, "run", "quickstart", *FAST, "--set", "training.batch_size=500", "--epochs=100000"],
        stdout=subprocess.DEVNULL, stderr=writing, text=True,
    )  # fmt: skip
    os.close(writing)

    def is_full() -> bool:
        held = array.array("i", [0])
        fcntl.ioctl(reading, termios.FIONREAD, held)
        return held[0] > size - 200  # bytes, of two lines

    try:
        wait_for_steps(home, process)
        wait_until(is_full, "a full pipe", see=lambda: still_runs(process))
        time.sleep(2)  # for the two lines; a run that is not stuck yet ends in order
        wait_until(
            lambda: process.poll() is not None,
            "the end",
            see=lambda: process.send_signal(signal.SIGINT),
        )
    finally:
        process.kill()
        os.close(reading)
    assert process.returncode in INTERRUPTED
    with Reader(home) as reader:
        assert reader.runs()[0].status == "stopped"


def test_a_terminal_shows_progress_that_redraws(terminal: Callable[..., str]) -> None:
    """Bars, figures, speed and time left."""
    text = terminal("run", "quickstart", *FAST, "--epochs", "2")
    for words in ("epoch", "step", "images/s", "left", "training", "validation", "best"):
        assert words in text


def test_a_dry_run_tells_what_it_would_take_and_keeps_nothing(inside: Cnnlab, home: Home) -> None:
    done = inside("run", "quickstart", "--epochs", "3", "--device", "cpu", "--dry-run")
    assert done.returncode == 0
    for words in ("431,080 parameters", "an epoch of 70 steps", "for 3 epochs", "a checkpoint"):
        assert words in done.stdout
    assert not home.history.exists()
    found = json.loads(inside("run", "quickstart", *FAST, "--dry-run", "--json").stdout)
    assert found["seconds"] == pytest.approx(12 * found["seconds_per_epoch"])
    assert found["steps_per_epoch"] == 70
    wrong = inside("run", "mnist/lenet", "--dry-run")
    assert (wrong.returncode, "cnnlab data download mnist" in wrong.stderr) == (1, True)
